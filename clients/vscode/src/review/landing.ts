/** Bringing an agent's work into a branch, and taking it back: a preview first, then the act. */
import * as vscode from "vscode";
import { chooseOne } from "../asking.ts";
import type { Applied, FileConflict, MergeWork } from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { commandOf } from "../commands/table.ts";
import { count } from "../words.ts";
import { landingOf, named, OWN } from "./places.ts";
import { conflictLine, showConflicts, tellApplied } from "./applied.ts";

type How = NonNullable<MergeWork["how"]>;

/** A dialog that is higher than the window has no buttons in view. */
const MOST_NAMED = 20;

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
  const { agent } = wanted;
  const view = athena.feed.agent(agent);
  const repository = landingOf(view, wanted.repository);
  const name = view?.name ?? agent;
  const { title } = commandOf("athena.merge.run");
  const how = wanted.how ?? (await askHow(name));
  if (!how) return undefined;
  const params: MergeWork = named({ ...wanted, repository: repository ?? OWN, how });
  const request = (more: Partial<MergeWork>) =>
    athena.server.request("athena/merge/run", { ...params, ...more });
  const preview = await request({ dryRun: true });
  const conflicts = preview.conflicts ?? [];
  const whose = { agent, ...(repository ? { repository } : {}) };
  const tell = (done: Applied) => tellApplied(athena, title, whose, done);
  const handOver = async () => tell(await request({ resolve: true }));
  if (conflicts.length) return offerResolution(name, conflicts, handOver);
  const files = preview.files ?? [];
  const branch = preview.branch ?? params.into ?? "the branch of the project";
  const into = repository ? `${branch} of ${repository}` : branch;
  const message = files.length
    ? `Bring ${count(files.length, "file")} of ${name} into ${into}?`
    : `${name} has nothing to bring into ${into}.`;
  const verb = how === "merge" ? "Merge" : how === "squash" ? "Squash" : "Rebase";
  const options = { modal: true, detail: previewed(preview) };
  const yes = await vscode.window.showInformationMessage(
    message,
    options,
    ...(files.length ? [verb] : []),
  );
  if (yes !== verb) return undefined;
  const done = await request({});
  if (done.conflicts?.length) return offerResolution(name, done.conflicts, handOver);
  tell(done);
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
  if (files.length === 0) {
    const words = `There is nothing left to undo of what ${name} changed (${what}).`;
    void vscode.window.showInformationMessage(words);
    return;
  }
  const words = `Undo what ${name} changed (${what})?`;
  const options = { modal: true, detail: previewed(preview) };
  const pressed = await vscode.window.showWarningMessage(words, options, "Revert");
  if (pressed !== "Revert") return;
  const done = await athena.server.request("athena/revert/run", params);
  tellApplied(athena, commandOf("athena.revert.run").title, whose, done);
}

/** The files that would change, and what else is to be known. */
function previewed({ files = [], notes = [] }: Applied): string {
  return [...shortened(files, "file"), ...notes].join("\n");
}

function shortened(lines: readonly string[], noun: string): string[] {
  const more = lines.length - MOST_NAMED;
  return [
    ...lines.slice(0, MOST_NAMED),
    ...(more > 0 ? [`and ${count(more, `more ${noun}`)}`] : []),
  ];
}

async function askHow(name: string): Promise<How | undefined> {
  const picked = await chooseOne(WAYS, { title: `Bring the Work of ${name} In` });
  return picked?.how;
}

async function offerResolution(
  name: string,
  conflicts: readonly FileConflict[],
  handOver: () => Promise<void>,
): Promise<undefined> {
  const files = [...new Set(conflicts.map((conflict) => conflict.path))];
  const words = `The work of ${name} conflicts in ${count(files.length, "file")}. Nothing was changed.`;
  const ask = `Let ${name} Resolve Them`;
  const pressed = await vscode.window.showWarningMessage(
    words,
    { modal: true, detail: shortened(conflicts.map(conflictLine), "conflict").join("\n") },
    ask,
    "Show Conflicts",
  );
  if (pressed === ask) await handOver();
  if (pressed === "Show Conflicts") await showConflicts(conflicts);
  return undefined;
}
