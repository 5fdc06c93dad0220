import type { Remedy } from "./protocol.ts";

/** Words of Athena, with the names that commands have in an editor instead of those of a shell. */
export function worded(text: string, remedies: readonly Remedy[] = []): string {
  return remedies.reduce(
    (words, { title, commandLine }) => words.replaceAll(`\`${commandLine}\``, () => `“${title}”`),
    text,
  );
}
