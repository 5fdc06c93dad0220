import * as vscode from "vscode";
import type { Feed } from "./agents/feed.ts";
import { NothingToChoose } from "./commands/offers.ts";
import { showError } from "./remedies.ts";
import { ConnectionLost, helpsFor, isLost, type Server } from "./server/server.ts";
import type { Panels } from "./transcript/panels.ts";

/** What the parts of the extension share. */
export interface Athena {
  server: Server;
  feed: Feed;
  panels: Panels;
  output: vscode.LogOutputChannel;
  /** Tell the user what went wrong; the message of an error says what to do. */
  report: (error: unknown) => void;
}

/** How errors are told: in words to the user, with their trace in the log. */
export function reporter(output: vscode.LogOutputChannel): (error: unknown) => void {
  return (error) => {
    const words = error instanceof Error ? error.message : String(error);
    output.warn(error instanceof Error ? (error.stack ?? words) : words);
    // The views say so, and are drawn anew with the next connection.
    if (isLost(error)) return;
    if (error instanceof NothingToChoose) void vscode.window.showInformationMessage(words);
    else void showError(words, helpsFor(error));
  };
}

/** Tell what went wrong with a command, which nobody gives again but the user. */
export function reportCommand(athena: Athena, error: unknown): void {
  athena.report(error);
  if (error instanceof ConnectionLost) void vscode.window.showWarningMessage(error.message);
  else if (isLost(error)) void vscode.commands.executeCommand("athena.agents.focus");
}
