import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** The page around the web bundle. Nothing but our own script runs, and nothing is fetched. */
export function page(webview: vscode.Webview, root: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // Measured positions of the list are inline styles.
    `style-src ${webview.cspSource} 'unsafe-inline'`,
    `font-src ${webview.cspSource}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    // No text is ever made into elements, and the browser holds us to it.
    "require-trusted-types-for 'script'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at("codicon.css")}">
<link rel="stylesheet" href="${at("webview.css")}">
<title>Athena</title>
</head>
<body>
<div id="root"></div>
<script nonce="${nonce}" src="${at("webview.js")}"></script>
</body>
</html>`;
}
