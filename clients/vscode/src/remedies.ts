import * as vscode from "vscode";
import { COMMANDS, type Command, type Remedy } from "./protocol.gen.ts";

/** A command that helps after an error, as it is offered in this window. */
export interface Help {
  title: string;
  command: string;
  argument: Record<string, unknown>;
  /** The same for a shell, as the message has it. */
  commandLine: string;
}

/** The commands that `remedies` name; a newer Athena may name some that are not known here. */
export function helps(remedies: unknown): Help[] {
  if (!Array.isArray(remedies)) return [];
  return (remedies as Remedy[]).flatMap((remedy) => {
    const known: Command | undefined = COMMANDS.find(({ id }) => id === remedy.command);
    if (!known) return [];
    const { command, commandLine, arguments: argument } = remedy;
    return [{ title: known.title, command, argument, commandLine }];
  });
}

/** Words of Athena, with the names that commands have in this window instead of those of a shell. */
export function inOurWords(text: string, found: readonly Help[]): string {
  return found.reduce(
    (words, { title, commandLine }) => words.replaceAll(`\`${commandLine}\``, () => `“${title}”`),
    text,
  );
}

/** Tell what went wrong, with a button for each command that helps. */
export async function showError(words: string, found: readonly Help[]): Promise<void> {
  const pressed = await vscode.window.showErrorMessage(words, ...found.map(({ title }) => title));
  const chosen = found.find(({ title }) => title === pressed);
  if (chosen) await vscode.commands.executeCommand(chosen.command, chosen.argument);
}
