// Messages that nest and repeat: all are drawn, and the page goes on moving.
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
  const seen = new Set();
  for (;;) {
    const before = seen.size;
    for (const id of await page.$$eval(".item.message", (all) => all.map((i) => i.dataset.item)))
      seen.add(id);
    await page.$eval(".scroller", (scroller) => (scroller.scrollTop -= 400));
    await view.drawn();
    const top = await page.$eval(".scroller", (scroller) => scroller.scrollTop);
    if (top === 0 && seen.size === before) break;
  }
  const slow = await page.evaluate(() => window.slow);
  return {
    messages: seen.size,
    problems: await page.$$eval("[role=alert]", (all) => all.map((one) => one.textContent)),
    slowest: Math.max(0, ...slow),
  };
});
