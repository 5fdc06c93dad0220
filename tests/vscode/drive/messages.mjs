// What messages offer, and what goes wrong in the background while somebody writes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { drive, given } from "./browser.mjs";

await drive(async (window) => {
  const { page } = window;
  const found = {};
  const row = page.locator(".pane-body .monaco-list-row", { hasText: "weaver" }).first();
  const notification = (text) => page.locator(".notification-toast", { hasText: text }).first();
  const theirs = () => readFileSync(given.theirs, "utf8");
  await window.open(given.folder);
  await window.views();
  await row.waitFor();

  // A merge that would conflict is handed to the agent, and taken back where that is told.
  await window.menu(row, "Merge Work");
  await window.choices("Squash").first().click();
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.getByRole("button", { name: "Let weaver Resolve Them" }).click();
  await notification("Merge Work: 1 conflict in basket.py").waitFor();
  found.handed = await notification("Merge Work").innerText();
  await window.until("the agent has resolved it", () => theirs().includes("resolved"));
  await window.until("it is at rest", async () => /idle/.test(await row.getAttribute("aria-label")));
  await window.press("Merge Work: 1 conflict", "Undo");
  await notification("Undo:").waitFor();
  found.undoing = await notification("Undo:").innerText();
  found.undone = theirs();
  await window.command("Notifications: Clear All Notifications");

  // Athena's end in the middle of what nobody asked for leaves the focus where it is.
  await window.command("View: Show Explorer");
  await window.file("notes.txt");
  const lines = page.locator(".editor-instance .view-lines").first();
  await lines.click();
  await page.keyboard.type("before ");
  writeFileSync(given.settings, given.dying);
  const deaths = () => (existsSync(given.deaths) ? readFileSync(given.deaths, "utf8").length : 0);
  await window.until("it has died twice", () => deaths() >= 2);
  await page.keyboard.type("and after");
  found.explorer = await page.locator(".explorer-folders-view").isVisible();
  await window.until("all of it is in the file", async () => {
    found.written = (await lines.innerText()).replaceAll("\u00a0", " ").trim();
    return found.written.endsWith("after");
  });
  return found;
});
