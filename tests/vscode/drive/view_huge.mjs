// One message of many megabytes: the transcript goes on, and so does the page.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  await page.addInitScript(() => {
    window.slow = [];
    const note = (list) => window.slow.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
  });
  await view.show({ view: "transcript", agent: given.agent });
  await page.waitForSelector("text=And the end.");
  const opening = await page.evaluate(() => Math.max(0, ...window.slow.splice(0)));
  await page.click("text=This is only the beginning");
  await page.waitForSelector(".output.whole", { timeout: 60_000 });
  const shown = await page.$eval(".output.whole", (text) => text.textContent.length);
  const rest = await page.textContent(".output.whole + p");
  await page.$eval(".scroller", (scroller) => (scroller.scrollTop = 0));
  await page.waitForSelector("[data-item]");
  return { opening, whole: await page.evaluate(() => Math.max(0, ...window.slow)), shown, rest };
});
