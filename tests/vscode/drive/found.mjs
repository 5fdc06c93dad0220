// Where Athena is found: nowhere at first, then in the active Python environment.
import { writeFileSync } from "node:fs";
import { drive, given } from "./browser.mjs";

await drive(async (window) => {
  const { page } = window;
  const doctor = async (words) => {
    await window.command("Athena: Check Set-up");
    await page.locator(".view-lines", { hasText: words }).first().waitFor();
  };
  await window.open(given.folder);
  await window.views();
  await page.getByText("Athena is not installed here").first().waitFor();
  const links = await page.locator(".welcome-view-content a, .welcome-view-content .monaco-button").allTextContents();
  await window.shot("vscode-missing");
  await page.getByRole("button", { name: "How to Install It" }).click();
  await page.locator(".view-lines", { hasText: "uv tool install ." }).first().waitFor();

  writeFileSync(given.program, given.text, { mode: 0o755 });
  await page.getByRole("button", { name: "Try Again" }).click();
  await page.getByText("Agents work here side by side").first().waitFor({ timeout: 60_000 });
  await doctor("This window: running");
  const said = await page.locator(".view-lines").allInnerTexts();
  return { links, said: said.join("\n").replaceAll("\u00a0", " ") };
});
