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
    page.setDefaultTimeout(30_000);
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

  async command(title, rest = "") {
    const { page } = this;
    const input = page.locator(".quick-input-widget:visible .quick-input-filter input:visible").first();
    // A palette that is about to close takes no words: open it again.
    await this.until("the palette takes words", async () => {
      await page.keyboard.press("F1");
      return input.fill(`>${title}`, { timeout: 2000 }).then(() => true, () => false);
    });
    const row = page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    await row.waitFor();
    await row.click();
    if (rest) {
      const next = page.locator(".quick-input-widget:visible input:visible").first();
      // Until then it is the palette, which is about to close.
      await this.until("the command asks", () =>
        next.inputValue({ timeout: 1000 }).then((words) => !words.startsWith(">"), () => false),
      );
      await next.fill(rest);
      await page.keyboard.press("Enter");
    }
  }

  /** The frame of the web view that holds the selector. */
  async view(selector, timeout = 30_000) {
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
  async until(what, holds, timeout = 20_000) {
    const end = Date.now() + timeout;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${what}`);
      await this.page.waitForTimeout(50);
    }
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
