// The web view alone in a browser, with its own page and policy, before a real Athena. The host is
// this script: it carries the view's requests to `athena headless`, and notes what the view asks of
// the editor.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { CONNECTION_LOST } from "../../../clients/webview/src/messages.ts";
import { html } from "../../../clients/vscode/src/transcript/html.ts";
import { browser, given } from "./browser.mjs";

const ORIGIN = "https://view.test";
const TYPES = { ".css": "text/css", ".js": "text/javascript", ".ttf": "font/ttf" };

/** A connection to Athena in lines of JSON-RPC. */
class Headless {
  constructor(tell) {
    const [command, ...words] = given.athena;
    this.process = spawn(command, [...words, "headless"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: given.env ?? process.env,
    });
    this.open = new Map();
    this.last = 0;
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      const message = JSON.parse(line);
      if (message.id === undefined) return tell(message);
      const { resolve, reject } = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.error) reject(Object.assign(new Error(message.error.message), message.error));
      else resolve(message.result);
    });
  }

  call(method, params = {}) {
    const id = ++this.last;
    const answer = new Promise((resolve, reject) => this.open.set(id, { resolve, reject }));
    this.process.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return answer;
  }

  close() {
    this.process.stdin.end();
  }
}

export class View {
  constructor(context, page) {
    this.context = context;
    this.page = page;
    /** What the view asked of the editor, oldest first. */
    this.actions = [];
    /** The requests that the view sent. */
    this.requests = [];
    /** Let the connection end before the answer to this method comes, once. */
    this.losing = undefined;
    /** The answers to a method that are kept back. */
    this.held = undefined;
    /** Every address that the page asked for. */
    this.fetched = [];
    this.errors = [];
    /** What Athena told and the view has heard, as text. */
    this.told = "";
    this.athena = new Headless(async (message) => {
      await this.post({ type: "told", ...message });
      this.told += JSON.stringify(message);
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
    context.on("request", (request) => this.fetched.push(request.url()));
  }

  /** `early` is said in the same breath as what to show, before anything of it is drawn. */
  async show(subject, { theme = "vscode-dark", early = [] } = {}) {
    this.early = early;
    const { page } = this;
    const dist = path.join(given.extension, "dist", "webview");
    const nonce = randomBytes(16).toString("base64");
    const body = html({ nonce, source: ORIGIN, at: (name) => `${ORIGIN}/${name}` });
    await page.route(`${ORIGIN}/**`, (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (!name) return route.fulfill({ contentType: "text/html", body });
      const contentType = TYPES[path.extname(name)];
      return route.fulfill({ contentType, body: readFileSync(path.join(dist, name)) });
    });
    await page.exposeBinding("toHost", (_, message) => void this.hear(message, subject));
    await page.addInitScript(() => {
      window.acquireVsCodeApi = () => ({
        postMessage: window.toHost,
        setState: (state) => (window.remembered = state),
      });
    });
    await page.goto(`${ORIGIN}/`);
    await page.evaluate((name) => document.body.classList.add(name), theme);
  }

  async hear(message, subject) {
    if (message.type === "ready") {
      const connection = { type: "connection", connected: true };
      await this.post({ type: "subject", subject }, connection, ...this.early);
    } else if (message.type === "action") {
      this.actions.push(message.action);
    } else {
      const { id, method, params } = message;
      this.requests.push({ method, params });
      try {
        const result = await this.athena.call(method, params);
        if (this.losing === method) {
          this.losing = undefined;
          throw { code: CONNECTION_LOST, message: "The connection was lost." };
        }
        const answer = { type: "result", id, result };
        if (this.held?.method === method) this.held.answers.push(answer);
        else await this.post(answer);
      } catch ({ code, message }) {
        await this.post({ type: "error", id, code, message });
      }
    }
  }

  async post(...messages) {
    const say = (all) => JSON.parse(all).forEach((message) => window.postMessage(message, "*"));
    // As one text, which is far quicker. What comes after the page is closed is told to nobody.
    await this.page.evaluate(say, JSON.stringify(messages)).catch(() => {});
  }

  /** Keep back the answers to a method from now on. */
  hold(method) {
    this.held = { method, answers: [] };
  }

  /** Let so many answers come that were kept back, once they are here, and those that follow. */
  async release(count) {
    const { answers } = this.held;
    await this.until(`${count} answers are kept back`, () => answers.length >= count);
    this.held = undefined;
    for (const answer of answers) await this.post(answer);
  }

  /** Wait until what was said to the view is drawn. */
  async drawn() {
    const two = () =>
      new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
    await this.page.evaluate(two);
  }

  /** The identifiers of the items that are drawn now. */
  items() {
    return this.page.$$eval("[data-item]", (all) => all.map((item) => item.dataset.item));
  }

  /** Wait until a condition of this script holds. */
  async until(what, holds, ms = 15_000) {
    const end = Date.now() + ms;
    for (;;) {
      const found = await holds();
      if (found) return found;
      if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Run a play to its end and print what it found as the last line. */
export async function play(what) {
  const context = await browser(given.size);
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(20_000);
  const view = new View(context, page);
  try {
    const found = (await what(view)) ?? {};
    if (view.errors.length) throw new Error(`errors in the page: ${view.errors.join("; ")}`);
    console.log(JSON.stringify(found));
  } catch (error) {
    await page.screenshot({ path: path.join(given.failures, "failure.png") }).catch(() => {});
    console.error(error.stack, view.errors);
    process.exitCode = 1;
  } finally {
    view.athena.close();
    await context.close();
  }
}

export { given };
