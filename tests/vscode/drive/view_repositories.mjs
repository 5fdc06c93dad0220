// What agents that work in several repositories changed there, and files there that a prompt mentions.
import { given, play } from "./view.mjs";

const texts = (page, selector) =>
  page.$$eval(selector, (all) => all.map((one) => one.textContent.trim()));

const PLAYS = {
  async comparison(view) {
    const { page } = view;
    await view.show({ view: "comparison", agents: given.agents });
    await page.waitForSelector(".column .files .link");
    const files = await texts(page, ".column:first-of-type .files .link");
    const column = page.locator(".column").first();
    await column.locator(".files .link", { hasText: "library/" }).click();
    const row = column.locator(".files li", { hasText: "library/" });
    await row.getByRole("button", { name: "Compare with" }).click();
    await row.getByRole("button", { name: "Take" }).click();
    await view.until("all is asked", () => view.actions.length === 3);
    return { files, actions: view.actions };
  },

  async prompt(view) {
    const { page } = view;
    await view.show({ view: "transcript", agent: given.agents[0] });
    await page.waitForSelector("#prompt");
    await page.focus("#prompt");
    await page.keyboard.type("See @shared");
    await page.waitForSelector(".offers li");
    const offers = await texts(page, ".offers li");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await page.waitForSelector(".offers", { state: "detached" });
    await page.keyboard.press("Enter");
    const sent = () => view.requests.find(({ method }) => method === "athena/agent/prompt");
    await view.until("it is sent", sent);
    return { offers, sent: sent().params };
  },
};

await play(PLAYS[given.play]);
