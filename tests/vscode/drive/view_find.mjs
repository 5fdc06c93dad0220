// Finding things in a long transcript: marked words, and the way to what is not loaded.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const found = {};
  const titles = () => page.$$eval("[data-item] .fold-title", (all) => all.map((one) => one.textContent));
  /** Whether an item with these words is in view, or with `id` that item. */
  const inView = (words, id) =>
    page.$$eval(
      "[data-item]",
      (all, [words, id]) => {
        const { top, bottom } = document.querySelector(".scroller").getBoundingClientRect();
        return all.some((item) => {
          const place = item.getBoundingClientRect();
          const isIt = id ? item.dataset.item === id : item.textContent.includes(words);
          return isIt && place.bottom > top && place.top < bottom;
        });
      },
      [words, id],
    );
  const isThere = () => inView("", given.item);
  const newest = () => page.click(".to-end");
  await view.show({ view: "transcript", agent: given.agent, turnId: given.first });
  // A turn far before what is loaded at first, as from the tree.
  await view.until("the first turn is in view", () => inView("The first of all"));
  found.unended = await page.$$eval(".turn-end", (all) => all.length);
  const pages = () => view.requests.filter(({ method }) => method === "athena/transcript/page").length;
  found.pages = pages();

  // What comes meanwhile is at the end, which is elsewhere.
  const rows = () => page.$eval(".rows", (list) => list.dataset.count);
  await view.until("the part is there", async () => (await page.getAttribute(".rows", "aria-busy")) === "false");
  found.before = await rows();
  await view.athena.call("athena/agent/prompt", { agent: given.agent, text: "Elsewhere" });
  await view.until("the view has heard of it", () => view.told.includes("You said: Elsewhere"));
  await view.drawn();
  found.during = await rows();
  await newest();
  await view.until("it is in view", () => inView("You said: Elsewhere"));

  // The words are marked, also in what was folded; from there to where it stands.
  const asked = pages();
  await page.fill("#search", "step 77 says");
  await page.waitForSelector(".banner:has-text('1 item with')");
  await view.until("it is marked", () => page.evaluate(() => (CSS.highlights.get("found")?.size ?? 0) > 0));
  found.hits = await titles();
  await view.drawn();
  found.searching = pages() - asked;
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
  await view.until("an item is in view", isThere);

  // And again, after somebody has looked elsewhere, with a filter that hides it.
  await view.until("it is out of view", async () => {
    await page.$eval(".scroller", (scroller) => (scroller.scrollTop += 4000));
    return !(await isThere());
  });
  await page.selectOption("select[aria-label='Filter by kind']", "talk");
  await view.post({ type: "reveal", itemId: given.item });
  await view.until("the item is in view again", isThere);

  // Who goes back at once is at the end, also when the pages of the other place come after.
  await newest();
  await view.until("the newest is in view", () => inView("You said: Go on"));
  view.hold("athena/transcript/page");
  await view.post({ type: "reveal", turnId: given.first });
  await view.until("its place is asked for", () => view.held.answers.length === 1);
  await newest();
  await view.until("the end is asked for", () => view.held.answers.length === 2);
  view.held.answers.reverse();
  await view.release(2);
  await view.drawn();
  await view.until("the newest is in view again", () => inView("You said: Go on"));
  found.problems = await page.$$eval("[role=alert]", (all) => all.map((one) => one.textContent));
  return found;
});
