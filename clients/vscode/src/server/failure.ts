import * as vscode from "vscode";
import type { ServerState } from "./server.ts";

type Failure = ServerState & { kind: "failed" };

const REMEDIES: Record<Failure["remedy"], { title: string; command: string }> = {
  settings: { title: "Open Settings", command: "athena.server.openSettings" },
  log: { title: "Show Log", command: "athena.server.showLog" },
  upgrade: { title: "What Is Wrong?", command: "athena.system.doctor" },
};
const AGAIN = "Try Again";

/** Say once why Athena does not start; the view goes on showing that it does not. */
export async function tellFailure({ why, remedy }: Failure): Promise<void> {
  const { title, command } = REMEDIES[remedy];
  const pressed = await vscode.window.showErrorMessage(`Athena: ${why}`, title, AGAIN);
  if (pressed === title) await vscode.commands.executeCommand(command);
  if (pressed === AGAIN) await vscode.commands.executeCommand("athena.server.restart");
}
