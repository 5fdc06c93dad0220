/** Writes what package.json contributes, from the protocol's commands and our tables. */
import { readFile, writeFile } from "node:fs/promises";
import { contributes } from "./contributes.ts";

const FILE = new URL("../package.json", import.meta.url);

const manifest = JSON.parse(await readFile(FILE, "utf8")) as Record<string, unknown>;
if (process.argv.includes("--check")) {
  if (JSON.stringify(manifest["contributes"]) !== JSON.stringify(contributes)) {
    console.error("package.json is not what the tables say; run: npm run manifest -w vscode");
    process.exitCode = 1;
  }
} else {
  manifest["contributes"] = contributes;
  await writeFile(FILE, `${JSON.stringify(manifest, null, 2)}\n`);
}
