// Bundles the web view into one script and one style sheet, and says how large they are.
import { build } from "esbuild";
import { stat } from "node:fs/promises";

await build({
  entryPoints: { webview: "src/main.tsx" },
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
});

for (const file of ["webview.js", "webview.css"]) {
  const { size } = await stat(`dist/${file}`);
  console.log(`${file} ${(size / 1024).toFixed(1)} KB`);
}
