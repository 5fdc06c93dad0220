import * as vscode from "vscode";

/** Marks agents in the list that came to rest since the user looked. */
export class AgentMarks implements vscode.FileDecorationProvider {
  constructor(private readonly scheme: string) {}

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== this.scheme || uri.query !== "unread") return undefined;
    return {
      badge: "●",
      tooltip: "Something new",
      color: new vscode.ThemeColor("list.highlightForeground"),
    };
  }
}
