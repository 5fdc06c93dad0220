// Finding things in a long transcript: marked words, and the way to what is not loaded.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const found = {};
  const titles = () => page.$$eval("[data-item] .fold-title", (all) => all.map((one) => one.textContent));
  const inView = (words) =>
    page.$$eval(
      "[data-item]",
      (all, words) => {
        const { top, bottom } = document.querySelector(".scroller").getBoundingClientRect();
        return all.some((item) => {
          const place = item.getBoundingClientRect();
          return item.textContent.includes(words) && place.bottom > top && place.top < bottom;
        });
      },
      words,
    );
  const newest = () => page.click(".to-end");
  await view.show({ view: "transcript", agent: given.agent, turnId: given.first });
  // A turn far before what is loaded at first, as from the tree.
  await view.until("the first turn is in view", () => inView("The first of all"));
  found.unended = await page.$$eval(".turn-end", (all) => all.length);
  await newest();
  await view.until("the newest is in view", () => inView("It is over"));

  // The words are marked, also in what was folded; from there to where it stands.
  await page.fill("#search", "step 77 says");
  await page.waitForSelector(".banner:has-text('1 item with')");
  await view.until("it is marked", () => page.evaluate(() => (CSS.highlights.get("found")?.size ?? 0) > 0));
  found.hits = await titles();
  await page.hover("[data-item]");
  await page.click('button[aria-label="Show in Transcript"]');
  await view.until("it is in view where it stands", () => inView("Step 77"));
  found.around = await view.until("with those around it", async () => {
    const now = await titles();
    return now.some((t) => t === "Step 76") && now.some((t) => t === "Step 78") && now.length;
  });
  found.marks = await page.evaluate(() => CSS.highlights.get("found")?.size ?? 0);

  // What comes while one is there is not lost, and the way back leads to it.
  await page.fill("#prompt", "Go on");
  await page.press("#prompt", "Enter");
  await view.until("the answer is in view", () => inView("You said: Go on"));
  await view.post({ type: "reveal", itemId: given.item });
  await view.until("an item is in view", () => inView("Step 5"));
  found.problems = await page.$$eval("[role=alert]", (all) => all.map((one) => one.textContent));
  return found;
});
