import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { html } from "./html.ts";

/** The page of a panel, with addresses that the editor serves. */
export function page(webview: vscode.Webview, root: vscode.Uri): string {
  return html({
    nonce: randomBytes(16).toString("base64"),
    source: webview.cspSource,
    at: (name) => webview.asWebviewUri(vscode.Uri.joinPath(root, name)).toString(),
  });
}
