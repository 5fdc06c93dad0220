/** Telling what was done to files and branches, with a button that takes it back. */
import { reportCommand, type Athena } from "../athena.ts";
import { appliedWords, tell } from "../commands/results.ts";
import { showText } from "../commands/texts.ts";
import type { Applied, FileConflict, Method } from "../protocol.gen.ts";

/** Of which agent, and where, something was done. */
export interface Whose {
  agent: string;
  repository?: string;
}

/** The methods of the general commands that answer with what they changed. */
const APPLYING: readonly (Method | undefined)[] = [
  "athena/review/apply",
  "athena/workspace/commit",
];

export function isApplying(method: Method | undefined): boolean {
  return APPLYING.includes(method);
}

/** Says what was done under a title; nobody waits until the message is closed. */
export function tellApplied(athena: Athena, title: string, whose: Whose, done: Applied): void {
  const { undo: ref, conflicts = [] } = done;
  const back = title === "Undo" ? "Redo" : "Undo";
  const buttons = {
    ...(conflicts.length ? { "Show Conflicts": () => showConflicts(conflicts) } : {}),
    ...(ref ? { [back]: () => undo(athena, whose, ref, back) } : {}),
  };
  tell(appliedWords(title, done), buttons).catch((error: unknown) => reportCommand(athena, error));
}

/** Take back what a result's `undo` names, else what was done last, and say what came of it. */
export async function undo(
  athena: Athena,
  { agent, repository }: Whose,
  ref?: string,
  title = "Undo",
): Promise<Applied> {
  const whose = { agent, ...(repository ? { repository } : {}) };
  const asked = { ...whose, ...(ref ? { ref } : {}) };
  const done = await athena.server.request("athena/revert/undo", asked);
  tellApplied(athena, title, whose, done);
  return done;
}

export function conflictLine({ path, reason, start, end }: FileConflict): string {
  const why = reason === "contents" ? "both sides changed these lines" : reason;
  return `${path}${start ? `:${start}${end && end !== start ? `-${end}` : ""}` : ""}  ${why}`;
}

export function showConflicts(conflicts: readonly FileConflict[]): Promise<void> {
  const parts = conflicts.map((conflict) =>
    [
      `# ${conflictLine(conflict)}`,
      "<<<<<<< there",
      ...(conflict.ours ?? []),
      "=======",
      ...(conflict.theirs ?? []),
      ">>>>>>> of the agent",
    ].join("\n"),
  );
  return showText(parts.join("\n\n"), "plaintext", "Conflicts");
}
