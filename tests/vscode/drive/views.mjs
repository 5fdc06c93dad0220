// The native views of the workbench: list, inbox, workspaces, status bar, explorer, walkthrough, two
// windows, and what leads to a revert, a merge with conflicts, a published branch.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { drive, given, Window } from "./browser.mjs";

const TREE = ".pane-body .monaco-list-row";

await drive(async (window) => {
  const { page } = window;
  const row = (text, within = page) => within.locator(TREE, { hasText: text }).first();
  const rows = (within = page) => within.locator(TREE).allTextContents();
  const statusBar = (within = page) =>
    within.locator('.statusbar-item[id*="athena"]').first().getAttribute("aria-label");
  const notification = (text) => page.locator(".notification-toast", { hasText: text }).first();
  const git = (...words) => {
    const identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"];
    return execFileSync("git", [...identity, ...words], { cwd: given.folder, encoding: "utf8" }).trim();
  };
  /** The user's own branch and files. */
  const project = () => ({
    branch: git("symbolic-ref", "--short", "HEAD"),
    commit: git("rev-parse", "HEAD"),
    files: readdirSync(given.folder).filter((name) => !name.startsWith(".")),
    status: git("status", "--porcelain"),
  });
  const closeToasts = async () => {
    await window.command("Notifications: Clear All Notifications");
  };
  const menu = (target, item) => window.menu(target, item);
  const dialog = page.locator(".monaco-dialog-box");
  const workspaces = page.locator(".pane", { has: page.locator(".pane-header", { hasText: "Workspaces" }) });
  const found = {};

  await window.open(given.folder);
  await window.views();
  await row("weaver").waitFor();
  await row("Allow once").waitFor();
  window.say("the views are there");

  // What came to rest while nobody looked is marked, and the mark goes when somebody looks.
  found.status = await statusBar();
  found.agents = (await rows()).slice(0, 8);

  // Workspaces: dirty, ahead, behind.
  await page.locator(".pane-header", { hasText: "Workspaces" }).click();
  await row("●").waitFor();
  const ofAgents = async () => (await rows(workspaces)).filter((text) => text.includes("athena/"));
  found.workspaces = (await ofAgents()).filter((text) => !text.includes("left behind"));

  // What an agent left that is not known any more is removed alone.
  await row("left behind", workspaces).waitFor();
  await menu(row("left behind", workspaces), "Remove Worktree");
  await dialog.waitFor();
  found.removing = await dialog.innerText();
  await dialog.getByRole("button", { name: "Remove Worktree" }).click();
  await notification("The worktree is removed").waitFor();
  await row("athena/left", workspaces).waitFor({ state: "detached" });
  // What was in it is kept.
  await row("captured work", workspaces).waitFor();
  found.stay = await ofAgents();
  await row("weaver").locator(".monaco-tl-twistie").click();
  await row("All changes").locator(".monaco-tl-twistie").click();
  await row("basket.py").click();
  await page.locator(".codelens-decoration a", { hasText: "Accept" }).first().waitFor();
  await closeToasts();
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  await window.shot("vscode-agents");

  // A file of the tree, dropped on an agent, goes into its prompt.
  await row("basket.py").dragTo(row("dyer"));
  const dropped = await window.view(".prompt-box .chip", 60_000);
  found.dropped = await dropped.locator(".prompt-box .chip").first().innerText();
  await window.command("View: Close All Editors");

  // Grouping and filter.
  await window.choose("Athena: Group Agents By…", "status");
  await row("Needs permission").waitFor();
  found.groups = (await rows()).slice(0, 3);
  await window.choose("Athena: Group Agents By…", "parent");
  await window.command("Athena: Filter Agents…", "spinner");
  const agents = page.locator(".pane", { has: page.locator(".pane-header", { hasText: "Agents" }) });
  await row("weaver", agents).waitFor({ state: "detached" });
  found.filtered = await rows(agents);
  await window.command("Athena: Clear Filter");
  await row("weaver").waitFor();

  // A second window shows the same request; the answer in one closes it in both.
  const other = new Window(await page.context().newPage());
  await other.open(given.folder);
  await other.views();
  await row("Allow once", other.page).waitFor();
  await other.page.locator(".notification-toast", { hasText: "dyer" }).first().waitFor();
  found.inTwo = [await row("Allow once").count(), await row("Allow once", other.page).count()];
  await row("Allow once").click();
  await row("Allow once").waitFor({ state: "detached" });
  await row("Allow once", other.page).waitFor({ state: "detached" });
  // Its notification goes out of the way; from the list of them a late press is told that it is late.
  await other.page.locator(".notification-toast:visible", { hasText: "dyer" }).waitFor({ state: "detached" });
  await other.command("Notifications: Show Notifications");
  await other.page.locator(".notifications-center", { hasText: "dyer" }).getByRole("button", { name: "Reject" }).click();
  await other.page.locator(".notification-list-item", { hasText: "answered already" }).first().waitFor();
  await other.page.close();
  await page.bringToFront();
  window.say("answered once, closed in both windows");
  const unread = page.locator(TREE, { hasText: "dyer" }).locator(".monaco-icon-label").first();
  const mark = () => unread.evaluate((element) => getComputedStyle(element, "::after").content);
  await window.until("dyer is unread", async () => (await mark()).includes("●"));

  await row("dyer").click();
  const transcript = await window.view("#prompt", 60_000);
  await transcript.waitForSelector("text=Dyed");
  await window.until("dyer is read", async () => !(await mark()).includes("●"));

  // A file that is gone says so.
  rmSync(given.vanishing);
  await transcript.locator(".places .chip", { hasText: "gone.txt" }).first().click();
  await notification("is not there any more").waitFor();
  found.vanished = true;
  await closeToasts();

  // Revert one turn, from the tree, with a preview.
  await row("spinner").locator(".monaco-tl-twistie").click();
  const turn = page.locator(TREE, { hasText: "Spin it" }).filter({ hasNotText: "spinner" }).first();
  await turn.waitFor();
  await menu(turn, "Revert");
  await dialog.waitFor();
  found.revert = (await dialog.textContent()).replace(/\s+/g, " ");
  await window.shot("vscode-revert");
  await dialog.getByRole("button", { name: "Revert" }).click();
  await notification("Revert").waitFor();
  found.reverted = !existsSync(given.spun);
  await window.press("Revert", "Undo");
  await notification("Undo: 2 files.").waitFor();
  found.spunAgain = existsSync(given.spun);
  await closeToasts();

  // Merge with predicted conflicts: they are told before anything is changed.
  await menu(row("weaver"), "Merge Work");
  await window.choices("Rebase").first().click();
  await dialog.waitFor();
  found.conflict = (await dialog.textContent()).replace(/\s+/g, " ");
  await window.shot("vscode-conflicts");
  await dialog.getByRole("button", { name: "Show Conflicts" }).click();
  await page.locator(".view-lines", { hasText: "<<<<<<<" }).first().waitFor();
  found.unsaved = await page.locator('.activitybar a[aria-label*="unsaved"]').count();
  await closeToasts();

  // Publish by click.
  await menu(row("spinner"), "Publish");
  await notification("Published").waitFor({ timeout: 20_000 });
  found.published = await notification("Published").innerText();
  await closeToasts();

  // Rebase by click: what was not committed goes along.
  found.before = project();
  await menu(row("spinner"), "Merge Work");
  await window.choices("Rebase").first().click();
  await dialog.waitFor();
  await dialog.getByRole("button", { name: "Rebase" }).click();
  await notification("Merge Work").waitFor();
  found.rebased = await notification("Merge Work").innerText();
  await window.until("the workspace is as the merge left it", async () => {
    const states = (await rows(workspaces)).filter((text) => text.includes("athena/spinner"));
    return states.length > 0 && !states.some((text) => text.includes("●"));
  });
  found.merged = project();

  // Undone, and done again; not when the branch went on, and then the user is told what helps.
  await window.press("Merge Work", "Undo");
  await notification("Undo:").waitFor();
  found.undoing = await notification("Undo:").innerText();
  found.undone = project();
  await window.press("Undo:", "Redo");
  await notification("Redo:").waitFor();
  found.redoing = await notification("Redo:").innerText();
  found.redone = project();
  git("commit", "-q", "--allow-empty", "-m", "Meanwhile");
  found.meanwhile = project();
  await window.press("Redo:", "Undo");
  await notification("moved on").waitFor();
  found.refusing = await notification("moved on").innerText();
  found.refused = project();
  await closeToasts();

  // Who wrote a line, and the way to the turn that did.
  await window.file("later.txt");
  await window.command("Athena: Show Who Wrote This");
  const author = window.choices("Spin it");
  await author.waitFor();
  found.author = await author.innerText();
  await window.shot("vscode-authors");
  await author.click();
  await (await window.view("text=Spun.")).waitForSelector("#prompt");
  await window.command("View: Close All Editors");

  // The explorer marks what agents changed.
  await window.command("View: Show Explorer");
  const marked = page.locator(".explorer-folders-view .monaco-list-row", { hasText: "basket.py" }).first();
  await marked.waitFor();
  await window.until("the file is marked", async () => /A/.test(await marked.locator(".monaco-icon-label").evaluate((e) => getComputedStyle(e, "::after").content)));
  found.explorer = await marked.locator(".monaco-icon-label").getAttribute("aria-label");
  await window.views();

  // Doctor and walkthrough.
  await window.command("Athena: Check Set-up");
  await page.locator(".view-lines", { hasText: "This window: running" }).first().waitFor();
  const open = async () => {
    await window.choose("Welcome: Open Walkthrough...", "Get Started with Athena");
    await page.locator(".getting-started-step:visible", { hasText: "Start an agent" }).first().waitFor();
  };
  await open();
  await window.shot("vscode-walkthrough");
  const install = page.locator('.getting-started-step[data-step-id$="#install"]');
  await install.getByRole("button", { name: "Check the Set-up" }).click();
  await page.locator(".view-lines", { hasText: "This window: running" }).first().waitFor();
  await open();
  await install.locator(".codicon-getting-started-step-checked").first().waitFor();

  // What helps after an error is a button of it, named as in the palette.
  rmSync(given.woven, { recursive: true });
  await window.command("View: Close All Editors");
  await row("weaver").click();
  const weaver = await window.view("#prompt", 60_000);
  await weaver.fill("#prompt", "Go on");
  await weaver.press("#prompt", "Enter");
  await weaver.waitForSelector(".problem:has-text('“Recover Captured Work” brings it back')");
  await notification("is gone").getByRole("button", { name: "Recover Captured Work" }).waitFor();
  await closeToasts();
  await window.command("Athena: Commit Work");
  await notification("is gone").waitFor();
  found.gone = await notification("is gone").innerText();
  await window.press("is gone", "Recover Captured Work");
  await notification("The work is back").waitFor();
  return found;
});
