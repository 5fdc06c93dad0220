// A browser with a workbench in it, and the few things that all drives do there.
import { createRequire } from "node:module";
import path from "node:path";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
];

/** How long a machine that has much else to do may take for one step. */
const PATIENCE_MS = 45_000;

export const given = JSON.parse(process.argv[2]);

export async function browser(viewport = { width: 1440, height: 900 }) {
  const { chromium } = createRequire(import.meta.url)(given.playwright);
  return chromium.launchPersistentContext(given.profile, {
    executablePath: given.chromium,
    headless: true,
    viewport,
    args: FLAGS,
    permissions: ["clipboard-read", "clipboard-write"],
  });
}

export class Window {
  constructor(page) {
    this.page = page;
    this.began = Date.now();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.say(`page error: ${error.message.slice(0, 300)}`));
  }

  say(words) {
    console.log(`${((Date.now() - this.began) / 1000).toFixed(1)} s  ${words}`);
  }

  async open(folder) {
    await this.page.goto(`${given.origin}/?folder=${encodeURIComponent(folder)}`);
    await this.page.waitForSelector(".monaco-workbench .part.statusbar", { timeout: 60_000 });
    this.say("workbench");
  }

  /** Show our views. What counts there lies over a part of their icon. */
  async views() {
    const icon = this.page.locator('a[aria-label^="Athena"]');
    await this.page.locator(".activitybar .action-item", { has: icon }).click();
  }

  /** Give a command of the palette; `rest` is written into the box that it asks with. */
  async command(title, rest = "") {
    const { page } = this;
    const row = this.choices(title).first();
    let before = "";
    // A palette that is about to close takes no words, and one that opens late has none.
    await this.until(`${title} is given`, async () => {
      const words = (await this.written()) ?? "";
      if (!words.startsWith(">")) {
        await page.keyboard.press("F1");
        await this.within(3000, async () => (await this.written())?.startsWith(">"));
      } else if (words !== `>${title}`) {
        await this.input.fill(`>${title}`, { timeout: 2000 }).catch(() => {});
      } else {
        const shown = (await this.choices().allTextContents()).join();
        const isStill = shown === before;
        before = shown;
        // Rows that are about to change are taken for others.
        return isStill && row.click({ timeout: 2000 }).then(() => true, () => false);
      }
      return false;
    });
    if (rest) {
      await this.asked();
      await this.answer(rest);
    }
  }

  /** Write into the box that asks. What had the focus before may get it back for a moment. */
  async answer(words) {
    await this.input.fill(words);
    await this.input.press("Enter");
  }

  /** Give a command that asks with a list, and choose what that has under some words. */
  async choose(title, words) {
    // The focus that goes back to a web view, a moment late, closes what the editor itself asks.
    await this.until(`${words} is chosen`, async () => {
      await this.command(title);
      const isAsked = await this.within(5000, () => this.isAsked());
      const choose = async () => {
        await this.input.fill(words, { timeout: 2000 });
        await this.choices(words).first().click({ timeout: 5000 });
      };
      return isAsked && choose().then(() => true, () => false);
    });
  }

  /** Choose from the menu of a row. */
  async menu(target, item) {
    await target.click({ button: "right" });
    const entry = this.page.locator(".monaco-menu .action-label", { hasText: item }).first();
    await entry.waitFor();
    // The editor takes no click for the first 100 ms of a menu, which might be of the same press.
    await this.page.waitForTimeout(300);
    await entry.click();
  }

  /** Open a file of the window. */
  async file(name) {
    await this.choose("Go to File...", name);
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  /** Press a button of a notification, in the list of all when it is a toast no more. */
  async press(text, button) {
    const items = this.page.locator(".notification-list-item:visible", { hasText: text });
    await this.until(`${button} is pressed`, async () => {
      if (!(await items.count())) await this.command("Notifications: Show Notifications");
      const pressed = items.first().getByRole("button", { name: button, exact: true });
      return pressed.click({ timeout: 2000 }).then(() => true, () => false);
    });
  }

  /** Click until that is done: a click on what is just drawn anew is lost. */
  async click(target, done) {
    await this.until(`the click on ${target} is done`, async () => {
      if (await done()) return true;
      await target.click({ timeout: 2000 }).catch(() => {});
      return this.within(3000, done);
    });
  }

  /** Where the palette, and what commands ask, is written. */
  get input() {
    return this.page.locator(".quick-input-widget:visible .quick-input-filter input:visible").first();
  }

  /** What is written there; undefined while nothing is asked. */
  written() {
    return this.input.inputValue({ timeout: 500 }).catch(() => undefined);
  }

  /** The rows of the palette, or of what a command asks. */
  choices(hasText) {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText });
  }

  /** Wait until a command asks: until then it is the palette, which is about to close. */
  async asked() {
    await this.until("the command asks", () => this.isAsked());
  }

  async isAsked() {
    return (await this.written())?.startsWith(">") === false;
  }

  /** The frame of the web view that holds the selector. */
  async view(selector, timeout = 60_000) {
    const end = Date.now() + timeout;
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        const found = await frame.$(selector).catch(() => null);
        if (found && (await found.isVisible().catch(() => false))) return frame;
      }
      await this.page.waitForTimeout(50);
    }
    throw new Error(`no web view shows ${selector}`);
  }

  /** Wait until a condition of this script holds. */
  async until(what, holds, timeout = PATIENCE_MS) {
    if (!(await this.within(timeout, holds))) throw new Error(`not within ${timeout} ms: ${what}`);
  }

  /** Whether a condition of this script comes true in time. */
  async within(timeout, holds) {
    const end = Date.now() + timeout;
    while (!(await holds())) {
      if (Date.now() > end) return false;
      await this.page.waitForTimeout(50);
    }
    return true;
  }

  async shot(name) {
    if (given.pictures) await this.page.screenshot({ path: path.join(given.pictures, `${name}.png`) });
    this.say(`picture ${name}`);
  }
}

/** Run a drive to its end; a failure leaves a picture of what was seen. */
export async function drive(play) {
  const context = await browser();
  const page = context.pages()[0] ?? (await context.newPage());
  const window = new Window(page);
  try {
    const found = await play(window);
    console.log(JSON.stringify(found ?? {}));
  } catch (error) {
    await page.screenshot({ path: path.join(given.failures ?? ".", "failure.png") }).catch(() => {});
    console.error(error.stack);
    process.exitCode = 1;
  } finally {
    await context.close();
  }
}
