// From the installed extension to a merged change, as a person does it: with mouse and keyboard.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { drive, given } from "./browser.mjs";

const TREE = ".pane-body .monaco-list-row";

const daemonPid = () => Number(/"pid":\s*(\d+)/.exec(readFileSync(given.lock, "utf8"))?.[1]);

await drive(async (window) => {
  const { page } = window;
  const row = (text) => page.locator(TREE, { hasText: text }).first();
  const found = {};
  await window.open(given.folder);
  await window.views();
  await page.getByRole("button", { name: "New Agent" }).first().waitFor();
  await window.shot("vscode-welcome");

  await window.command("Athena: New Agent", "Repair the empty basket");
  let view = await window.view("[data-item] .diff-line.added");
  window.say("the first agent edits");

  // The daemon dies in the middle of the turn; the agent and the window go on.
  const killed = daemonPid();
  process.kill(killed, "SIGKILL");
  await view.waitForSelector(".banner", { timeout: 20_000 });
  await view.waitForSelector(".banner", { state: "detached", timeout: 40_000 });
  found.killed = killed;
  found.back = daemonPid();
  window.say("connected again");
  writeFileSync(given.gate, "");

  await view.waitForSelector(".request");
  const ids = await view.$$eval("[data-item]", (items) => items.map((item) => item.dataset.item));
  found.shown = ids.length;
  found.unique = new Set(ids).size;
  await row("Allow once").waitFor();
  await page.locator(".notification-toast").first().waitFor().catch(() => window.say("no toast"));
  await window.shot("vscode-permission");
  await row("Allow once").click();
  await view.waitForSelector(".turn-end");
  window.say("the first turn is over");

  await window.command("Athena: New Agent", "Repair the empty basket another way");
  view = await window.view(".request");
  await view.click(".request button.primary");
  await view.waitForSelector(".turn-end");
  window.say("the second agent is done");

  // Its changes, in the editor's own diff: accept one hunk, comment on a line.
  const name = page.locator(".label-name", { hasText: /^repair-the-empty-basket$/ });
  await page.locator(TREE, { has: name }).locator(".monaco-tl-twistie").click();
  await row("All changes").locator(".monaco-tl-twistie").click();
  await row("basket.py").click();
  const lens = page.locator(".codelens-decoration a", { hasText: "Accept" }).first();
  await lens.waitFor();
  await page.locator(".notification-toast .codicon-notifications-clear").first().click({ timeout: 1000 }).catch(() => {});
  await lens.click();
  await page.locator(".codelens-decoration", { hasText: "Accepted" }).first().waitFor();
  window.say("a hunk is accepted");
  await page.locator(".editor.modified .view-lines").first().click();
  await page.keyboard.press("Control+Home");
  await window.command("Add Comment on Current Selection");
  const comment = page.locator(".review-widget .monaco-editor").first();
  await comment.waitFor();
  await comment.click();
  await page.keyboard.type("Say in the docstring what an empty basket costs");
  await window.shot("vscode-review");
  await page.locator(".review-widget .monaco-button", { hasText: "Send to Agent" }).first().click();
  await row("repair-the-empty-basket").waitFor();
  await window.command("Athena: Open Transcript");
  await window.choices(/repair-the-empty-basket(?!-)/).click();
  view = await window.view("text=The docstring says it now");
  window.say("the second turn took the comment");

  await page.locator(".part.panel .codicon-panel-close").first().click().catch(() => {});

  // Light and high contrast, the same transcript.
  await window.shot("vscode-transcript-dark");
  await view.focus("#prompt");
  await page.keyboard.type("Let @bas");
  await view.waitForSelector(".offers li + li");
  await window.shot("vscode-prompt");
  await page.keyboard.press("Tab");
  found.completed = await view.inputValue("#prompt");
  await view.fill("#prompt", "");
  await window.choose("Preferences: Color Theme", "Light Modern");
  await view.waitForSelector("body.vscode-light");
  await window.shot("vscode-transcript-light");
  await window.choose("Preferences: Color Theme", "Dark High Contrast");
  await view.waitForSelector("body.vscode-high-contrast");
  await window.shot("vscode-transcript-contrast");
  await window.choose("Preferences: Color Theme", "Dark Modern");
  await view.waitForSelector("body.vscode-dark:not(.vscode-high-contrast)");

  await window.command("Athena: Open Replay");
  const replay = await window.view(".timeline");
  const slider = replay.locator(".slider");
  await replay.waitForSelector(".turn-end, [data-item]");
  const end = Number(await slider.inputValue());
  await replay.click('[aria-label^="Turn Back"]');
  await replay.waitForFunction((last) => Number(document.querySelector(".slider").value) < last, end);
  found.stepped = Number(await slider.inputValue()) < end;
  await window.shot("vscode-replay");

  await window.command("Athena: Compare Agents");
  const choices = window.choices();
  // Until then the rows are those of the palette.
  await page.getByPlaceholder("Choose two to four agents").waitFor();
  await choices.nth(1).waitFor();
  // It stays when the focus goes elsewhere, as it may to the web view that had it before.
  await replay.getByText(/ · 2 turns$/).click();
  // The agent in view is chosen already, and first.
  await choices.nth(1).click();
  await page.locator(".quick-input-action .monaco-button").first().click();
  const columns = await window.view(".column + .column .numbers");
  await columns.waitForSelector(".files .link");
  found.columns = await columns.$$eval(".column h2", (names) => names.map((name) => name.textContent));
  await window.shot("vscode-comparison");

  // A hunk from the comparison of the two files; taken back, as it is the other's that is taken.
  const file = path.join(given.folder, "basket.py");
  const before = readFileSync(file, "utf8");
  await columns.locator('button[aria-label="Compare with repair-the-empty-basket-2"]').click();
  const take = page.locator(".editor.modified .codelens-decoration a", { hasText: "Take" });
  await take.first().waitFor();
  await window.shot("vscode-hunk");
  await take.first().click();
  await window.until("the hunk is taken", () => readFileSync(file, "utf8") !== before);
  found.taken = readFileSync(file, "utf8");
  writeFileSync(file, before);
  await page.locator(".tab", { hasText: "↔", hasNotText: "basket.py" }).click();

  const column = columns.locator(".column", { has: columns.locator("h2", { hasNotText: "-2" }) });
  await column.first().getByRole("button", { name: "Take This One" }).click();
  await window.choices("Squash").first().click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.waitFor();
  await window.shot("vscode-merge");
  await dialog.getByRole("button", { name: "Squash" }).click();
  await page.locator(".notification-toast, .notifications-center", { hasText: "Merge Work" }).first().waitFor();
  window.say("merged");
  return found;
});
