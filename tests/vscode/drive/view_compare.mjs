// Agents in columns, while one of them goes on.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const found = {};
  await view.show({ view: "comparison", agents: given.agents });
  await page.waitForSelector(".column .files .link");
  const column = (name) => page.locator(".column", { has: page.locator("h2", { hasText: name }) });
  const figures = async (name) =>
    Object.fromEntries(
      await column(name)
        .locator(".numbers")
        .evaluate((list) =>
          [...list.querySelectorAll("dt")].map((term) => [
            term.textContent,
            [term.nextElementSibling.textContent, term.nextElementSibling.className].join("|"),
          ]),
        ),
    );
  for (const name of given.names) found[name] = await figures(name);
  found.compare = await page.$$eval("button[aria-label^='Compare with']", (all) =>
    all.map((one) => `${one.closest(".column").getAttribute("aria-label")} → ${one.getAttribute("aria-label").slice(13)}`),
  );
  await column("one").getByRole("button", { name: "Show 1 earlier message" }).click();
  found.messages = await column("one").locator(".prose").allInnerTexts();
  found.takeable = await page
    .locator(".column", { has: page.getByRole("button", { name: "Take This One", disabled: false }) })
    .evaluateAll((columns) => columns.map((one) => one.getAttribute("aria-label")));
  found.words = await column("two").locator(".prose").first().innerText();

  await column("one").getByRole("button", { name: "Compare with two" }).click();
  await column("two").getByRole("button", { name: "Take both.txt" }).click();
  await column("two").getByRole("button", { name: "Take This One" }).click();
  found.actions = await view.until("all is asked", () => view.actions.length === 3 && view.actions);

  // What an agent does meanwhile is there without anybody asking.
  await view.athena.call("athena/agent/prompt", { agent: given.agents[2], text: "Go on" });
  await column("three").locator(".prose", { hasText: "You said: Go on" }).waitFor();
  // The figures were perhaps read before what was said.
  found.turns = await view.until("its turns are counted", async () => {
    const { Turns } = await figures("three");
    return Turns.startsWith("2") && Turns;
  });
  return found;
});
