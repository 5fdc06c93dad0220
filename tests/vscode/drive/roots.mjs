// A window with several folders: where a new agent works, and what the explorer marks.
import { drive, given } from "./browser.mjs";

const TREE = ".pane-body .monaco-list-row";

await drive(async (window) => {
  const { page } = window;
  const found = {};
  const box = page.locator(".quick-input-widget:visible");
  const title = async () =>
    (await box.locator(".quick-input-title").textContent({ timeout: 500 }).catch(() => "")) ?? "";
  const asks = async (list) => (await title()) === list;
  const says = (words) => window.until(`it says ${words}`, async () => (await title()).includes(words));
  /** Open a list by its button, and find what it has under some words; a long one shows it only then. */
  const find = async (button, list, words) => {
    await window.click(box.getByRole("button", { name: button }), () => asks(list));
    await window.input.fill(words);
    return window.choices(words).first();
  };
  const pick = async (button, list, words) =>
    window.click(await find(button, list, words), async () => !(await asks(list)));
  const pickFolder = async (name) => {
    await page.getByPlaceholder("Where should the agent work?").waitFor();
    await window.click(window.choices(name).first(), async () => (await title()).includes(`in ${name}`));
  };
  const row = (text) => page.locator(TREE, { hasText: text }).first();
  await page.goto(`${given.origin}/?workspace=${encodeURIComponent(given.workspace)}`);
  await page.waitForSelector(".monaco-workbench .part.statusbar", { timeout: 60_000 });
  await window.views();
  await page.getByRole("button", { name: "New Agent" }).first().waitFor({ timeout: 60_000 });

  // Without a file in view the user says where.
  await window.command("Athena: New Agent");
  await pickFolder("library");
  await pick("Choose the Harness", "Harness", "rehearsed");
  await says("rehearsed");
  await window.answer("Write the library");
  await row("write-the-library").waitFor();

  // With nothing written the agent waits for its first prompt, which has lines and files.
  await window.command("Athena: New Agent");
  await pickFolder("library");
  await pick("Choose the Harness", "Harness", "rehearsed");
  await says("rehearsed");
  await window.answer("");
  await page.locator(".tab.active").getByText("agent", { exact: true }).waitFor();
  const waiting = await window.view("#prompt:focus", 60_000);
  await page.keyboard.type("One line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("and another");
  found.written = await waiting.inputValue("#prompt");
  await page.keyboard.press("Enter");
  await waiting.waitForSelector(".turn-end");

  // With a file in view it is that file's folder, and nobody is asked.
  await window.file("shop.py");
  await window.command("Athena: New Agent");
  await says("in part");
  // It gets a worktree in the other repository too.
  await pick("Choose the Workspace", "Workspace of part", "in other repositories too");
  await window.until("the repositories are asked for", () =>
    asks("Repositories That the Agent Has a Worktree In, Too"),
  );
  await window.input.fill("library");
  const other = window.choices("library").first();
  await window.click(other, async () => (await other.getAttribute("aria-checked")) === "true");
  await window.shot("vscode-repositories");
  const done = box.getByRole("button", { name: "OK" });
  await window.click(done, async () => (await title()).includes("also in library"));
  await pick("Choose Model", "New Agent", "Name");
  await window.until("the name is asked for", () => asks("Name"));
  await window.answer("mender");
  await says("mender");
  await window.answer("Mend the shop");
  await row("mender").waitFor();

  // What it changes there has a place of its own in the list, and is merged from there. Rows move
  // until it is at rest.
  await page.locator(`${TREE}[aria-label^="mender, idle"]`).waitFor();
  await row("mender").locator(".monaco-tl-twistie").click();
  await row("All changes in library").locator(".monaco-tl-twistie").click();
  await row("lib.py").click();
  await page.locator(".codelens-decoration a", { hasText: "Accept" }).first().waitFor();
  await window.shot("vscode-repositories-diff");

  // The explorer marks both; a folder of a repository is marked as the repository is.
  await window.command("View: Show Explorer");
  found.marked = [];
  for (const name of ["shop.py", "lib.py"]) {
    // It shows what is opened, in whichever folder.
    await window.file(name);
    const file = page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first();
    const label = () => file.locator(".monaco-icon-label").getAttribute("aria-label");
    await file.waitFor();
    await window.until(`${name} is marked`, async () => (await label()).includes("Changed by"));
    found.marked.push(await label());
  }
  await window.views();

  const changes = row("All changes in library");
  await changes.hover();
  await changes.getByRole("button", { name: "Merge Work" }).click();
  await window.choices("Squash").click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  found.merging = await dialog.textContent();
  await dialog.getByRole("button", { name: "Squash" }).click();
  await page.locator(".notification-toast", { hasText: "1 file on main" }).waitFor();

  return found;
});
