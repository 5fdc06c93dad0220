// Everything that a transcript offers to the keyboard.
import { given, play } from "./view.mjs";

await play(async (view) => {
  const { page } = view;
  const { keyboard } = page;
  const found = {};
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.id ?? "";
    });
  /** Go on with Tab until the focus is where the label says. */
  const tabTo = async (label) => {
    for (let presses = 0; presses < 60; presses++) {
      if ((await focused()).startsWith(label)) return;
      await keyboard.press("Tab");
    }
    throw new Error(`Tab does not come to ${label}, but to ${await focused()}`);
  };
  const texts = (selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent));
  const sent = (method) => view.requests.filter((one) => one.method === `athena/agent/${method}`);
  const shown = () => page.$eval(".rows", (rows) => Number(rows.dataset.count));

  const early = [{ type: "attach", files: [{ uri: "file:///a/early.py", name: "early.py" }] }];
  await view.show({ view: "transcript", agent: given.agent }, { early });
  await page.waitForSelector("text=I listen now");
  await page.click(".prompt-box .chip:has-text('early.py')");

  // A button without a name says nothing to a screen reader.
  found.nameless = await page.$$eval("button, input, select, textarea", (all) =>
    all
      .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
      .map((e) => e.outerHTML.slice(0, 80)),
  );
  found.feed = await page.$$eval('[role=feed] article[aria-label]', (all) => all.length);

  // Steer: Ctrl+Enter goes into the running turn; Enter waits for its end.
  await tabTo("Prompt");
  await keyboard.type("Turn left");
  await keyboard.press("Control+Enter");
  await page.waitForSelector("text=I was told: Turn left");
  found.steered = sent("steer").length;
  await keyboard.type("Then home");
  await keyboard.press("Enter");
  await page.waitForSelector(".queue li:has-text('Then home')");
  await keyboard.type("And a mistake");
  await keyboard.press("Enter");
  await page.waitForSelector(".queue li:has-text('And a mistake')");
  found.queued = sent("prompt").length;
  await page.locator(".queue li:has-text('And a mistake') button").focus();
  await keyboard.press("Enter");
  await page.waitForSelector(".queue li:has-text('And a mistake')", { state: "detached" });

  // What the harness offers: modes, models and its other options.
  found.modes = await texts("select[aria-label=Mode] option");
  found.models = await texts("select[aria-label=Model] option");
  found.depths = await texts("select[aria-label=Depth] option");
  await tabTo("Mode");
  await keyboard.press("ArrowDown");
  await page.waitForFunction(
    (before) => document.querySelector("select[aria-label=Mode]").value !== before,
    "ask",
  );
  await tabTo("Model");
  await keyboard.press("ArrowDown");
  await view.until("the model is set", () => sent("setModel").length === 1);
  await tabTo("Depth");
  await keyboard.press("ArrowDown");
  await view.until("the option is set", () => sent("setOption").length === 1);
  await view.until("the harness says so", async () => {
    const { model, mode } = await view.athena.call("athena/agent/get", { agent: given.agent });
    return model === "large" && mode !== "ask";
  });

  // Slash commands of the harness.
  await tabTo("Prompt");
  await keyboard.type("/rev");
  await page.waitForSelector(".offers li");
  found.slash = await texts(".offers li .nowrap");
  await keyboard.press("Enter");
  found.picked = await page.inputValue("#prompt");
  await page.fill("#prompt", "");

  // What is dropped on the prompt goes to the editor, which knows what its addresses mean.
  await page.$eval(".prompt-box", (box) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/uri-list", "# two\r\nfile:///a/b.py\r\nvscode-remote://h/c.py");
    box.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  found.dropped = await view.until("it is dropped", () => view.actions.find((a) => a.do === "attach"));
  await view.post({ type: "attach", files: [{ uri: "file:///a/b.py", name: "b.py" }] });
  await page.waitForSelector(".prompt-box .chip:has-text('b.py')");
  await tabTo("Remove b.py");
  await keyboard.press("Enter");
  await page.waitForSelector(".prompt-box .chip", { state: "detached" });

  // Interrupt, and the prompt that waited begins.
  await tabTo("Interrupt");
  await keyboard.press("Enter");
  await page.waitForSelector("text=You said: Then home");
  await page.waitForSelector(".queue", { state: "detached" });
  found.ends = await texts(".turn-end span");

  // Answer what is asked.
  await page.waitForSelector(".request");
  await page.locator(".request button").first().focus();
  await keyboard.press("Enter");
  await page.waitForSelector("text=It is allowed");

  // Search: `/` from anywhere but a text, Escape back.
  await page.locator("[data-item]").last().focus();
  await keyboard.press("/");
  found.searchHasFocus = await focused();
  await keyboard.type("needle");
  await page.waitForSelector(".banner:has-text('1 item with')");
  found.hits = await shown();
  await keyboard.press("Escape");
  await page.waitForSelector(".banner", { state: "detached" });

  // Filter by kind.
  found.filtered = {};
  for (const kind of ["talk", "tools", "changes", "errors", "all"]) {
    await page.selectOption("select[aria-label='Filter by kind']", kind);
    await view.drawn();
    found.filtered[kind] = await page.$$eval("[data-item]", (all) =>
      all.map((item) => item.getAttribute("aria-label").split(/[,:]/)[0]),
    );
  }

  // From item to item, and fold what has the focus.
  await page.locator("[data-item]").last().focus();
  await keyboard.press("Alt+ArrowUp");
  const before = await page.evaluate(() => document.activeElement.dataset.item);
  await keyboard.press("Alt+ArrowUp");
  const after = await page.evaluate(() => document.activeElement.dataset.item);
  found.moved = before !== after && Boolean(after);
  const fold = page.locator(".fold-head[aria-expanded=false]").first();
  await fold.focus();
  await keyboard.press("Enter");
  await page.waitForSelector(".fold-head[aria-expanded=true]");
  found.jump = view.actions.length;
  await page.locator(".places .chip").first().focus();
  await keyboard.press("Enter");
  await view.until("the file is opened", () => view.actions.length > found.jump);
  found.opened = view.actions.at(-1);

  // Copy.
  await page.locator("[data-item] button[aria-label=Copy]").last().focus();
  await keyboard.press("Enter");
  found.copied = await view.until("it is copied", () => page.evaluate(() => navigator.clipboard.readText()));
  return found;
});
