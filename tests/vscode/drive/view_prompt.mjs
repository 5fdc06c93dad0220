// Writing a prompt: files and commands that are completed, pictures, what is kept, what is sent twice.
import { given, play } from "./view.mjs";

const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

await play(async (view) => {
  const { page } = view;
  const { keyboard } = page;
  const found = {};
  const offers = () => page.$$eval(".offers li .nowrap", (all) => all.map((one) => one.textContent));
  const selected = () => page.textContent('.offers li[aria-selected="true"] .nowrap');
  const prompts = () => view.requests.filter(({ method }) => method === "athena/agent/prompt");
  const sent = async (words) => {
    await keyboard.press("Enter");
    await page.waitForSelector(`.message:has-text('${words}')`);
  };

  const draft = "kept from before";
  await view.show({ view: "transcript", agent: given.agent, draft });
  await page.waitForSelector("#prompt");
  found.draft = await page.inputValue("#prompt");
  await page.fill("#prompt", "");
  await page.focus("#prompt");

  // Files by some of their letters: the arrows choose, Tab takes, Escape leaves it as it is.
  await keyboard.type("Compare @uti");
  await page.waitForSelector(".offers li");
  found.files = await offers();
  found.active = await page.$eval(
    "#prompt",
    (box) => document.getElementById(box.getAttribute("aria-activedescendant"))?.textContent,
  );
  const first = await selected();
  await keyboard.press("ArrowDown");
  await view.until("the next is chosen", async () => (await selected()) !== first);
  await keyboard.press("ArrowUp");
  await keyboard.press("Tab");
  found.completed = await page.inputValue("#prompt");
  await page.waitForSelector(".offers", { state: "detached" });
  await keyboard.type("with @main");
  await page.waitForSelector(".offers li");
  await keyboard.press("Escape");
  await page.waitForSelector(".offers", { state: "detached" });
  await keyboard.type(" as it is");
  found.written = await page.inputValue("#prompt");
  await view.until("the draft is kept", () =>
    page.evaluate((text) => window.remembered.draft === text, found.written),
  );

  // A picture from the clipboard.
  await page.$eval(
    "#prompt",
    async (box, data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], "dot.png", { type: "image/png" }));
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    },
    PICTURE,
  );
  await page.waitForSelector(".prompt-box .chip img");

  // The connection ends before the answer; what is sent again is not there twice.
  view.losing = "athena/agent/prompt";
  await keyboard.press("Enter");
  await page.waitForSelector(".problem:has-text('it will not be there twice')");
  found.keptText = await page.inputValue("#prompt");
  await sent("You sent image/png, src/deep/util.py");
  found.names = new Set(prompts().map(({ params }) => params.commandId)).size;
  found.tries = prompts().length;
  found.content = prompts()[0].params.content.map(({ type, uri }) => [type, uri?.split("/").at(-1) ?? ""]);
  await view.until("the box is empty", async () => (await page.inputValue("#prompt")) === "");
  found.chips = await page.$$eval(".prompt-box .chip", (all) => all.length);
  found.said = await page.$$eval(".item.userMessage", (all) => all.length);
  return found;
});
