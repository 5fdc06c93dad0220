// Runs the suites inside the extension host of the workbench, and tells their end and their words.
import { browser, given } from "./browser.mjs";

const remote = (file) => `vscode-remote://${new URL(given.origin).host}${file}`;
const payload = [
  ["extensionDevelopmentPath", remote(given.extension)],
  ["extensionTestsPath", remote(`${given.extension}/dist/test/suite.js`)],
  ["enableProposedApi", ""],
  ["skipWelcome", "true"],
];
const url = `${given.origin}/?folder=${encodeURIComponent(given.folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;

const context = await browser();
const page = context.pages()[0] ?? (await context.newPage());
let finish;
const ended = new Promise((resolve) => (finish = resolve));
await page.exposeFunction("codeAutomationLog", (_type, args) => console.log(...args));
await page.exposeFunction("codeAutomationExit", (code) => finish(code));
const timer = setTimeout(() => finish(124), given.limit * 1000);
await page.goto(url);
const code = await ended;
clearTimeout(timer);
if (code !== 0) {
  await page.screenshot({ path: `${given.failures}/host.png` }).catch(() => {});
  console.error(`the suites ended with ${code}`);
}
await context.close();
process.exitCode = code;
