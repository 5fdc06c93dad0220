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
  const attached = [{ uri: "file:///a/before.py", name: "before.py" }];
  await view.show({ view: "transcript", agent: given.agent, draft, attached });
  await page.waitForSelector("#prompt");
  found.draft = await page.inputValue("#prompt");
  found.attached = await page.$$eval(".prompt-box .chip", (all) => all.map((one) => one.textContent.trim()));
  const kept = () => page.evaluate(() => window.remembered.attached.map(({ name }) => name));
  found.kept = await kept();
  await page.click(".prompt-box .chip");
  await view.until("it is kept no more", async () => (await kept()).length === 0);
  await page.fill("#prompt", "");
  await page.focus("#prompt");

  // Files by some of their letters: the arrows choose, Tab takes, Escape leaves it as it is.
  await keyboard.type("Compare @uti");
  // Who types slowly has offers for the first letters meanwhile.
  const isOffered = async (...names) => (await offers()).join() === names.join();
  await view.until("those that fit are offered", () => isOffered("util.py", "util_more.py"));
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

  // Until an answer comes, nothing is offered that does not fit to what is typed by then.
  await keyboard.type("with @");
  await view.until("all files are offered", async () => (await offers()).length === 3);
  view.hold("athena/workspace/files");
  await keyboard.type("mai");
  await view.until("one of them fits", () => isOffered("main.py"));
  await keyboard.type("n");
  // An answer that comes after Escape does not open the list again.
  await keyboard.press("Escape");
  await page.waitForSelector(".offers", { state: "detached" });
  await view.until("the last letters are asked for", () =>
    view.requests.some(({ method, params }) => method.endsWith("files") && params.find === "main"),
  );
  await view.release(1);
  await view.drawn();
  found.closed = await offers();
  await keyboard.type(" as it is");
  found.written = await page.inputValue("#prompt");
  await view.until("the draft is kept", () =>
    page.evaluate((text) => window.remembered.draft === text, found.written),
  );

  // Pictures from the clipboard, the second before the first is read.
  await page.$eval(
    "#prompt",
    (box, data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      for (const name of ["dot.png", "other.png"]) {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
        box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }
    },
    PICTURE,
  );
  await view.until("both are there", async () => (await page.$$(".prompt-box .chip img")).length === 2);
  await page.click(".prompt-box .chip[aria-label='Remove other.png']");
  await page.waitForSelector(".prompt-box .chip[aria-label='Remove other.png']", { state: "detached" });
  await page.focus("#prompt");

  // The connection ends before the answer; what is sent again is not there twice.
  view.losing = "athena/agent/prompt";
  await keyboard.press("Enter");
  await page.waitForSelector(".problem:has-text('it will not be there twice')");
  found.keptText = await page.inputValue("#prompt");
  await sent("You sent image/png, src/deep/util.py");
  await view.until("the box is empty", async () => (await page.inputValue("#prompt")) === "");
  found.names = new Set(prompts().map(({ params }) => params.commandId)).size;
  found.tries = prompts().length;
  found.content = prompts()[0].params.content.map(({ type, uri }) => [type, uri?.split("/").at(-1) ?? ""]);
  found.chips = await page.$$eval(".prompt-box .chip", (all) => all.length);
  // Until its end the words of the agent may be there before what it was told.
  await page.waitForSelector(".turn-end");
  found.said = await page.$$eval(".item.userMessage", (all) => all.length);

  // Who writes on before Athena has answered loses nothing of it.
  view.hold("athena/agent/prompt");
  await keyboard.type("First this");
  await keyboard.press("Enter");
  await keyboard.type("and then that");
  await view.release(1);
  await view.drawn();
  found.rest = await page.inputValue("#prompt");
  return found;
});
