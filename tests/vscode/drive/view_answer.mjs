// An answer that is written, left for what is above it, and given.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const box = ".request input";
  const scrollTo = (end) =>
    page.$eval(".scroller", (scroller, end) => (scroller.scrollTop = end ? scroller.scrollHeight : 0), end);
  await view.show({ view: "transcript", agent: given.agent });
  await page.fill(box, "A name");
  await view.until("the question is not drawn", async () => {
    await scrollTo(false);
    return !(await page.$(box));
  });
  await view.until("it is drawn again", async () => {
    await scrollTo(true);
    return page.$(box);
  });
  const kept = await page.inputValue(box);
  await page.press(box, "Enter");
  await page.waitForSelector(".request", { state: "detached" });
  return { kept };
});
