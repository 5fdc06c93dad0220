// A window with several folders: where a new agent works, and what the explorer marks.
import { drive, given } from "./browser.mjs";

const TREE = ".pane-body .monaco-list-row";

await drive(async (window) => {
  const { page } = window;
  const found = {};
  const box = page.locator(".quick-input-widget:visible");
  const input = box.locator("input:visible").first();
  /** Choose what a list has under some words; a long one shows it only then. */
  const pick = async (list, words) => {
    await window.until(`${list} is asked for`, async () => (await title()).includes(list));
    await input.fill(words);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: words }).first().click();
  };
  const title = async () => (await box.locator(".quick-input-title").textContent()) ?? "";
  const row = (text) => page.locator(TREE, { hasText: text }).first();
  await page.goto(`${given.origin}/?workspace=${encodeURIComponent(given.workspace)}`);
  await page.waitForSelector(".monaco-workbench .part.statusbar", { timeout: 60_000 });
  await page.locator('.activitybar a[aria-label^="Athena"]').click();
  await page.getByRole("button", { name: "New Agent" }).first().waitFor({ timeout: 60_000 });

  // Without a file in view the user says where.
  await window.command("Athena: New Agent");
  const library = page.locator(".quick-input-list .monaco-list-row", { hasText: "library" });
  await library.first().click();
  await input.waitFor();
  await window.until("it says where", async () => (await title()).includes("in library"));
  await box.getByRole("button", { name: "Choose the Harness" }).click();
  await pick("Harness", "rehearsed");
  await window.until("it says with what", async () => (await title()).includes("rehearsed"));
  await input.fill("Write the library");
  await page.keyboard.press("Enter");
  await row("write-the-library").waitFor();

  // With nothing written the agent waits for its first prompt, which has lines and files.
  await window.command("Athena: New Agent");
  await library.first().click();
  await window.until("it says where", async () => (await title()).includes("in library"));
  await box.getByRole("button", { name: "Choose the Harness" }).click();
  await pick("Harness", "rehearsed");
  await window.until("it says with what", async () => (await title()).includes("rehearsed"));
  await input.focus();
  await page.keyboard.press("Enter");
  const waiting = await window.view("#prompt:focus", 60_000);
  await page.keyboard.type("One line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("and another");
  found.written = await waiting.inputValue("#prompt");
  await page.keyboard.press("Enter");
  await waiting.waitForSelector(".turn-end");

  // With a file in view it is that file's folder, and nobody is asked.
  await window.command("Go to File...");
  await input.fill("shop.py");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "shop.py" }).first().click();
  await page.locator(".tab.active", { hasText: "shop.py" }).waitFor();
  await window.command("Athena: New Agent");
  await window.until("it says where", async () => (await title()).includes("in part"));
  // It gets a worktree in the other repository too.
  await box.getByRole("button", { name: "Choose the Workspace" }).click();
  await pick("Workspace of part", "in other repositories too");
  await pick("Repositories", "library");
  await window.shot("vscode-repositories");
  await box.getByRole("button", { name: "OK" }).click();
  await window.until("it says where else", async () => (await title()).includes("also in library"));
  await box.getByRole("button", { name: "Choose Model" }).click();
  await pick("New Agent", "Name");
  await window.until("the name is asked for", async () => (await title()) === "Name");
  await input.fill("mender");
  await page.keyboard.press("Enter");
  await window.until("it says how it is called", async () => (await title()).includes("mender"));
  await input.fill("Mend the shop");
  await page.keyboard.press("Enter");
  await row("mender").waitFor();

  // What it changes there has a place of its own in the list, and is merged from there.
  await row("mender").locator(".monaco-tl-twistie").click();
  await row("All changes in library").locator(".monaco-tl-twistie").click();
  await row("lib.py").click();
  await page.locator(".codelens-decoration a", { hasText: "Accept" }).first().waitFor();
  await window.shot("vscode-repositories-diff");

  // The explorer marks both; a folder of a repository is marked as the repository is.
  await window.command("View: Show Explorer");
  found.marked = [];
  const folder = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "library" }).first();
  await folder.waitFor();
  if ((await folder.getAttribute("aria-expanded")) !== "true") await folder.click();
  for (const name of ["shop.py", "lib.py"]) {
    const file = page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first();
    const label = () => file.locator(".monaco-icon-label").getAttribute("aria-label");
    await file.waitFor();
    await window.until(`${name} is marked`, async () => (await label()).includes("Changed by"));
    found.marked.push(await label());
  }
  await page.locator('.activitybar a[aria-label^="Athena"]').click();

  const changes = row("All changes in library");
  await changes.hover();
  await changes.getByRole("button", { name: "Merge Work" }).click();
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Squash" }).click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  found.merging = await dialog.textContent();
  await dialog.getByRole("button", { name: "Squash" }).click();
  await page.locator(".notification-toast", { hasText: "1 file on main" }).waitFor();

  return found;
});
