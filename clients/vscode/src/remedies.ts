import * as vscode from "vscode";
import { worded } from "../../webview/src/remedies.ts";
import { COMMANDS, type Remedy } from "./protocol.gen.ts";

/** The remedies that something has, without those of a newer Athena that are not known here. */
export function remediesOf(told: unknown): Remedy[] {
  const remedies = typeof told === "object" && told !== null && "remedies" in told && told.remedies;
  if (!Array.isArray(remedies)) return [];
  return (remedies as Remedy[]).filter(({ command }) => COMMANDS.some(({ id }) => id === command));
}

/** A result whose notes name commands as this window does. */
export function withOurWords<T>(result: T): T {
  const remedies = remediesOf(result);
  if (remedies.length === 0) return result;
  const notes = (result as { notes?: string[] }).notes ?? [];
  return { ...result, notes: notes.map((note) => worded(note, remedies)) };
}

/** Tell what went wrong, with a button for each command that helps. */
export async function showError(words: string, remedies: readonly Remedy[]): Promise<void> {
  const pressed = await vscode.window.showErrorMessage(
    words,
    ...remedies.map(({ title }) => title),
  );
  const chosen = remedies.find(({ title }) => title === pressed);
  if (chosen) await vscode.commands.executeCommand(chosen.command, chosen.arguments);
}
