// A replay that goes far by turns, and by a time line that moves on before its place is loaded.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const found = {};
  const last = () => page.$$eval("[data-item]", (all) => all.at(-1)?.textContent ?? "");
  const at = (words) => view.until(`the last one says ${words}`, async () => (await last()).includes(words));
  const turn = (direction) => page.click(`[aria-label^="Turn ${direction}"]`);
  const seek = (version) =>
    page.$eval(
      ".slider",
      (slider, value) => {
        slider.value = value;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      },
      String(version),
    );
  const pages = () => view.requests.filter(({ method }) => method === "athena/transcript/page");

  await view.show({ view: "transcript", agent: given.agent, replay: true });
  await at("It is over");
  const end = Number(await page.getAttribute(".slider", "max"));
  await turn("Back");
  await at("End");
  await turn("Back");
  await at("Begin");
  found.first = await page.$$eval("[data-item]", (all) => all.length);
  await view.until("what follows is known", () => page.isEnabled('[aria-label^="Step (F10)"]'));
  await view.drawn();
  found.pages = pages().length;
  await turn("Forward");
  await at("End");
  // Two presses, of which the second does not wait for the first.
  await turn("Back");
  await turn("Forward");
  await view.until("each is asked for", () => view.requests.filter(({ method }) => method.endsWith("locate")).length === 5);
  await at("End");
  await turn("Forward");
  await at("It is over");

  // The place that was gone to last is loaded when the one before has come, and nothing between.
  view.hold("athena/transcript/page");
  await seek(Math.round(end * 0.6));
  await view.until("the place is asked for", () => view.held.answers.length > 0);
  await seek(Math.round(end * 0.2));
  await view.release(1);
  await view.until("the last place is there", async () => {
    const titles = await page.$$eval(".fold-title", (all) => all.map((one) => one.textContent));
    found.step = Number(/Step (\d+)/.exec(titles.at(-1))?.[1]);
    return found.step < 200;
  });
  found.limits = [...new Set(pages().map(({ params }) => params.limit))];
  return found;
});
