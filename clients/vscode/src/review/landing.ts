/** Bringing an agent's work into a branch, and taking it back: a preview first, then the act. */
import * as vscode from "vscode";
import type { Applied, FileConflict, MergeWork } from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { appliedWords, tell } from "../commands/results.ts";
import { commandOf } from "../commands/table.ts";
import { showText } from "../commands/texts.ts";
import { count } from "../words.ts";

type How = NonNullable<MergeWork["how"]>;

const WAYS: { label: string; detail: string; how: How }[] = [
  { label: "$(git-merge) Merge", detail: "A merge commit with all its commits.", how: "merge" },
  { label: "$(fold) Squash", detail: "One commit with all its changes.", how: "squash" },
  {
    label: "$(git-pull-request) Rebase",
    detail: "Its commits on top of the branch.",
    how: "rebase",
  },
];

/** Merge an agent's work, after a prediction of what it touches and where it conflicts. */
export async function merge(athena: Athena, wanted: MergeWork): Promise<Applied | undefined> {
  const name = athena.feed.agent(wanted.agent)?.name ?? wanted.agent;
  const how = wanted.how ?? (await askHow(name));
  if (!how) return undefined;
  const params: MergeWork = { ...wanted, how };
  const request = (more: Partial<MergeWork>) =>
    athena.server.request("athena/merge/run", { ...params, ...more });
  const preview = await request({ dryRun: true });
  const conflicts = preview.conflicts ?? [];
  if (conflicts.length) return offerResolution(name, conflicts, () => request({ resolve: true }));
  const files = preview.files ?? [];
  const branch = preview.branch ?? params.into ?? "the branch of the project";
  const into = wanted.repository ? `${branch} of ${wanted.repository}` : branch;
  const message = files.length
    ? `Bring ${count(files.length, "file")} of ${name} into ${into}?`
    : `${name} has nothing to bring into ${into}.`;
  const verb = how === "merge" ? "Merge" : how === "squash" ? "Squash" : "Rebase";
  const detail = [...files.slice(0, 20), ...(preview.notes ?? [])].join("\n");
  const options = { modal: true, detail };
  const yes = await vscode.window.showInformationMessage(
    message,
    options,
    ...(files.length ? [verb] : []),
  );
  if (yes !== verb) return undefined;
  const done = await request({});
  if (done.conflicts?.length)
    return offerResolution(name, done.conflicts, () => request({ resolve: true }));
  const { agent, repository } = wanted;
  const whose = { agent, ...(repository ? { repository } : {}) };
  announce(appliedWords(commandOf("athena.merge.run"), done), undoing(athena, whose, done));
  return done;
}

/** Undo what a turn or an agent changed, after a preview. */
export async function revert(
  athena: Athena,
  wanted: { agent: string; repository?: string; turnId?: string; path?: string },
): Promise<void> {
  const { agent, repository, turnId, path } = wanted;
  const whose = { agent, ...(repository ? { repository } : {}) };
  const name = athena.feed.agent(agent)?.name ?? agent;
  const params = { ...whose, ...(turnId ? { turnId } : {}), ...(path ? { paths: [path] } : {}) };
  const preview = await athena.server.request("athena/revert/run", { ...params, dryRun: true });
  const files = preview.files ?? [];
  const conflicts = preview.conflicts ?? [];
  if (conflicts.length) {
    const show = "Show Conflicts";
    const words = `${count(conflicts.length, "place")} changed since, so this cannot be undone as it is.`;
    if ((await vscode.window.showWarningMessage(words, show)) === show)
      await showConflicts(conflicts);
    return;
  }
  const turns = turnId ? "one turn" : "all turns";
  const what = path ?? (repository ? `${turns}, in ${repository}` : turns);
  const detail = [...files, ...(preview.notes ?? [])].join("\n") || "Nothing would change.";
  const words = `Undo what ${name} changed (${what})?`;
  const pressed = await vscode.window.showWarningMessage(words, { modal: true, detail }, "Revert");
  if (pressed !== "Revert") return;
  const done = await athena.server.request("athena/revert/run", params);
  announce(appliedWords(commandOf("athena.revert.run"), done), undoing(athena, whose, done));
}

/** The button that takes back what was done, and says what came of it. */
function undoing(
  athena: Athena,
  whose: { agent: string; repository?: string },
  { undo }: Applied,
): Record<string, () => unknown> {
  if (!undo) return {};
  const back = async () => {
    try {
      const done = await athena.server.request("athena/revert/undo", { ...whose, ref: undo });
      announce(appliedWords(commandOf("athena.revert.undo"), done), {});
    } catch (error) {
      athena.report(error);
    }
  };
  return { Undo: back };
}

async function askHow(name: string): Promise<How | undefined> {
  const picked = await vscode.window.showQuickPick(WAYS, { title: `Bring the Work of ${name} In` });
  return picked?.how;
}

async function offerResolution(
  name: string,
  conflicts: readonly FileConflict[],
  resolve: () => Promise<Applied>,
): Promise<undefined> {
  const files = [...new Set(conflicts.map((conflict) => conflict.path))];
  const words = `The work of ${name} conflicts in ${count(files.length, "file")}. Nothing was changed.`;
  const ask = `Let ${name} Resolve Them`;
  const pressed = await vscode.window.showWarningMessage(
    words,
    { modal: true, detail: conflicts.map(conflictLine).join("\n") },
    ask,
    "Show Conflicts",
  );
  if (pressed === ask) await resolve();
  if (pressed === "Show Conflicts") await showConflicts(conflicts);
  return undefined;
}

function conflictLine({ path, reason, start, end }: FileConflict): string {
  const why = reason === "contents" ? "both sides changed these lines" : reason;
  return `${path}${start ? `:${start}${end && end !== start ? `-${end}` : ""}` : ""}  ${why}`;
}

function showConflicts(conflicts: readonly FileConflict[]): Promise<void> {
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

/** A message that nobody waits for. */
function announce(words: string, buttons: Record<string, () => unknown>): void {
  void tell(words, buttons);
}
