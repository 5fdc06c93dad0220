// A transcript as it was at any moment.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const found = {};
  const last = () =>
    page.$$eval("[data-item]", (all) => all.at(-1)?.querySelector(".fold-title")?.textContent ?? "");
  const slider = page.locator(".slider");
  const seek = async (version) => {
    await slider.evaluate((element, value) => {
      element.value = value;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    }, String(version));
  };
  await view.show({ view: "transcript", agent: given.agent, replay: true });
  await page.waitForSelector("text=It is over");
  const end = Number(await slider.inputValue());
  found.most = Number(await slider.getAttribute("max"));
  found.badge = (await page.textContent(".badge")).trim();
  found.prompt = await page.$$eval("#prompt", (all) => all.length);

  // Far before what is loaded: the part around it is loaded, and nothing later is shown.
  await seek(Math.round(end / 4));
  await page.waitForFunction(() => !document.body.textContent.includes("It is over"));
  // Parts come one after the other: what two looks agree on is the end of it.
  await view.until("that part is there", async () => {
    const before = found.quarter;
    found.quarter = Number(/Step (\d+)/.exec(await last())?.[1]);
    return found.quarter === before;
  });

  found.ended = await page.$$eval(".turn-end", (all) => all.length);

  // From anywhere in the view, once what follows is there.
  const isKnown = () => page.isEnabled('[aria-label^="Step (F10)"]');
  await view.until("what follows is known", isKnown);
  await page.focus("#search");
  await page.keyboard.press("F10");
  await view.until("one step on", async () => !(await last()).includes(`Step ${found.quarter}`));
  found.step = Number(/Step (\d+)/.exec(await last())[1]);
  for (const back of [found.quarter, found.quarter - 1]) {
    await page.keyboard.press("Shift+F10");
    await view.until(`back at ${back}`, async () => (await last()).includes(`Step ${back}`));
  }

  await seek(1);
  await view.until("the beginning", async () => (await page.$$("[data-item]")).length <= 1);
  await page.click('[aria-label="Play"]');
  await view.until("it plays by itself", async () => (await last()).includes("Step 2"));
  await page.click('[aria-label="Pause"]');
  await page.waitForSelector('[aria-label="Play"]');
  await page.click('[aria-label^="Turn Forward"]');
  await seek(end);
  await page.waitForSelector("text=It is over");
  await page.selectOption("select[aria-label='Filter by kind']", "errors");
  await view.until("only errors", async () => (await page.$$("[data-item]")).length === 1);
  found.error = await last();
  // A step goes to what the filter shows, not to what it hides.
  await seek(Math.round(end / 2));
  await view.until("none of them yet", async () => (await page.$$("[data-item]")).length === 0);
  await view.until("what follows is known", isKnown);
  await page.keyboard.press("F10");
  await view.until("on to the error", async () => (await last()).includes("make broken"));
  found.writes = view.requests.filter(({ method }) => !/get|page|locate/.test(method)).map((r) => r.method);
  return found;
});
