// A transcript of very many items: opened, scrolled, loaded to its beginning, and searched.
import { given, play } from "./view.mjs";

/** Scroll by the wheel's way for some frames, and say how long each took. */
function scrolled(page, frames, step) {
  return page.evaluate(
    ([frames, step]) =>
      new Promise((resolve) => {
        const scroller = document.querySelector(".scroller");
        const times = [];
        let empty = 0;
        let last = performance.now();
        const frame = (now) => {
          times.push(now - last);
          last = now;
          const { top, left } = scroller.getBoundingClientRect();
          const at = document.elementFromPoint(left + scroller.clientWidth / 2, top + scroller.clientHeight / 2);
          if (!at?.closest("[data-key]")) empty++;
          scroller.scrollTop += step;
          if (times.length < frames) requestAnimationFrame(frame);
          else resolve({ times: times.slice(1), empty });
        };
        requestAnimationFrame(frame);
      }),
    [frames, step],
  );
}

function figures(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => Number(sorted[Math.floor((sorted.length - 1) * share)].toFixed(1));
  return { p50: at(0.5), p95: at(0.95), worst: at(1) };
}

await play(async (view) => {
  const { page } = view;
  const found = {};
  let began = Date.now();
  await view.show({ view: "transcript", agent: given.agent });
  await page.waitForSelector("[data-item]");
  found.openMs = Date.now() - began;
  const calm = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const times = [];
        const frame = (now) => (times.push(now), times.length < 60 ? requestAnimationFrame(frame) : resolve(times));
        requestAnimationFrame(frame);
      }),
  );
  found.idleFrame = figures(calm.slice(1).map((time, index) => time - calm[index]));

  // All of it is loaded, page by page, as somebody does who holds the Home key.
  began = Date.now();
  let drawn = 0;
  await view.until(
    "the beginning is loaded",
    async () => {
      await page.$eval(".scroller", (scroller) => (scroller.scrollTop = 0));
      drawn = Math.max(drawn, await page.$$eval("[data-item]", (all) => all.length));
      const loaded = Number(await page.$eval(".rows", (rows) => rows.dataset.count));
      return loaded >= given.count;
    },
    given.patience,
  );
  found.loadMs = Date.now() - began;
  found.loaded = Number(await page.$eval(".rows", (rows) => rows.dataset.count));
  found.drawn = drawn;

  await page.$eval(".scroller", (scroller) => (scroller.scrollTop = scroller.scrollHeight / 2));
  await view.drawn();
  const down = await scrolled(page, 120, 60);
  found.scroll = figures(down.times);
  found.emptyFrames = down.empty;
  const fast = await scrolled(page, 60, 4000);
  found.fling = figures(fast.times);

  found.heapMb = await page.evaluate(() => Math.round(performance.memory.usedJSHeapSize / 2 ** 20));

  began = Date.now();
  await page.fill("#search", given.find);
  await page.waitForSelector(".banner:has-text('item')", { timeout: 60_000 });
  found.searchMs = Date.now() - began;
  found.hits = await page.$$eval("[data-item]", (all) => all.length);
  await page.fill("#search", "");

  // The filter is one of the view, over all that is loaded.
  await page.waitForSelector(".banner", { state: "detached" });
  began = Date.now();
  await page.selectOption("select[aria-label='Filter by kind']", "errors");
  await page.waitForFunction(
    (most) => Number(document.querySelector(".rows").dataset.count) < most,
    given.count / 2,
  );
  found.filterMs = Date.now() - began;
  found.errors = Number(await page.$eval(".rows", (rows) => rows.dataset.count));
  return found;
});
