// Bundles the extension, and with --tests also the suites that run inside the extension host.
import { build } from "esbuild";
import { cp, mkdir } from "node:fs/promises";

const common = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
  mainFields: ["module", "main"],
};

await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  external: ["vscode"],
  minify: true,
});

if (process.argv.includes("--tests")) {
  await build({
    ...common,
    entryPoints: ["test/suite.ts"],
    outfile: "dist/test/suite.js",
    external: ["vscode", "mocha"],
  });
}

await mkdir("dist/webview", { recursive: true });
for (const file of ["webview.js", "webview.css"]) {
  await cp(`../webview/dist/${file}`, `dist/webview/${file}`);
}
for (const file of ["codicon.css", "codicon.ttf"]) {
  await cp(`../node_modules/@vscode/codicons/dist/${file}`, `dist/webview/${file}`);
}
await cp("../../LICENSE", "LICENSE");
