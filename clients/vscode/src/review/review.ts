import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Athena } from "../athena.ts";
import { givenBy } from "../commands/given.ts";
import { NothingToChoose } from "../commands/offers.ts";
import { commandOf } from "../commands/table.ts";
import type { ApplyReview, ChangedFile, Verdict } from "../protocol.gen.ts";
import { tellApplied } from "./applied.ts";
import { ReviewComments } from "./comments.ts";
import { ChangedFileMarks } from "./decorations.ts";
import { Documents } from "./documents.ts";
import { hunkAtCursor, HunkLenses, type HunkRef } from "./hunks.ts";
import { merge, revert } from "./landing.ts";
import { named, OWN, placesOf, worktreeIn } from "./places.ts";
import { changedFileUri, documentOf, documentUri, type Changeset } from "./uris.ts";

type FileRef = Changeset & { path: string };

interface ComparedFile {
  agents: string[];
  repository?: string;
  path: string;
}

export interface Review extends vscode.Disposable {
  /** Without a repository those of all in which the agent works. */
  openAll(changeset: Changeset): Promise<void>;
  openFile(file: FileRef): Promise<void>;
  merge: (wanted: Parameters<typeof merge>[1]) => ReturnType<typeof merge>;
  revert: (wanted: Parameters<typeof revert>[1]) => ReturnType<typeof revert>;
  /** How the explorer marks a file. */
  markOf(uri: vscode.Uri): vscode.FileDecoration | undefined;
  commands: Record<string, (...given: never[]) => unknown>;
}

/** Diffs, verdicts, comments, and bringing work in. */
export function registerReview(athena: Athena): Review {
  const { server, feed, report, output } = athena;
  const documents = new Documents(server, feed);
  const lenses = new HunkLenses(server, feed);
  const comments = new ReviewComments(server, feed, report);
  const marks = new ChangedFileMarks(server, feed, (error) => output.warn(String(error)));

  /** Without a hunk that a lens gives, the one at the cursor is meant. */
  const meant = async (given: HunkRef | undefined) => {
    const hunk = given?.hunkIds ? given : await hunkAtCursor(server);
    if (!hunk) throw new NothingToChoose("There is no change at the cursor.");
    return hunk;
  };
  const judge = async (given: HunkRef | undefined, verdict: Verdict) => {
    const hunk = await meant(given);
    const { changeset, path: file, hunkIds } = hunk;
    await server.request("athena/review/verdict", { ...changeset, path: file, hunkIds, verdict });
  };
  const take = async (wanted: ApplyReview) => {
    const done = await server.request("athena/review/apply", wanted);
    tellApplied(athena, commandOf("athena.review.apply").title, wanted, done);
    return done;
  };
  const openFile = (file: FileRef) => openDiff(athena, file);
  const openAll = (changeset: Changeset) => openChanges(athena, changeset);
  return {
    openAll,
    openFile,
    markOf: (uri) => marks.provideFileDecoration(uri),
    merge: (wanted) => merge(athena, wanted),
    revert: (wanted) => revert(athena, wanted),
    commands: {
      "athena.review.openFile": (given: unknown) => openFile(givenBy(given) as unknown as FileRef),
      "athena.hunk.accept": (hunk?: HunkRef) => judge(hunk, "accepted"),
      "athena.hunk.reject": (hunk?: HunkRef) => judge(hunk, "rejected"),
      "athena.hunk.reopen": (hunk?: HunkRef) => judge(hunk, "open"),
      "athena.hunk.take": async (given?: HunkRef) => {
        const { changeset, hunkIds } = await meant(given);
        return take({ ...changeset, hunkIds });
      },
      "athena.comment.add": (reply: vscode.CommentReply) => comments.add(reply, false),
      "athena.comment.addAndSend": (reply: vscode.CommentReply) => comments.add(reply, true),
      "athena.comment.resolve": (thread: vscode.CommentThread) => comments.resolve(thread),
      "athena.review.take": (wanted: ApplyReview) => take(named(wanted)),
      "athena.comparison.openFile": (given: ComparedFile) => compareFile(athena, given),
      "athena.review.openWorkspaceFile": () => openWorkspaceFile(athena),
    },
    dispose: () => vscode.Disposable.from(documents, lenses, comments, marks).dispose(),
  };
}

/** The two sides of a changed file in the editor's own diff. */
async function openDiff(athena: Athena, { path: file, ...changeset }: FileRef): Promise<void> {
  const name = athena.feed.agent(changeset.agent)?.name ?? changeset.agent;
  const left = documentUri({ changeset, path: file, side: "old" });
  const right = documentUri({ changeset, path: file, side: "new" });
  const title = `${path.basename(file)} (${name})`;
  await vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: true });
}

/** All changed files of a changeset in the editor's multi-file diff. */
async function openChanges(athena: Athena, changeset: Changeset): Promise<void> {
  const { agent, repository, scope, turnId } = changeset;
  const view = athena.feed.agent(agent);
  const places = placesOf(view).map((place) => place.name);
  const resources: Resource[] = [];
  for (const place of repository === undefined && places.length ? places : [repository ?? OWN]) {
    const meant: Changeset = {
      agent,
      ...(place ? { repository: place } : {}),
      ...(scope ? { scope } : {}),
      ...(turnId ? { turnId } : {}),
    };
    const { files } = await athena.server.request("athena/changeset/get", meant);
    resources.push(...files.map((file) => resource(meant, file, worktreeIn(view, place))));
  }
  const name = view?.name ?? agent;
  if (resources.length === 0) {
    void vscode.window.showInformationMessage(`${name} has changed no file.`);
    return;
  }
  const title = `${name}: ${turnId ? "one turn" : "all changes"}`;
  await vscode.commands.executeCommand("vscode.changes", title, resources);
}

type Resource = [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined];

function resource(changeset: Changeset, file: ChangedFile, root: string | undefined): Resource {
  const side = (name: "old" | "new") => documentUri({ changeset, path: file.path, side: name });
  return [
    changedFileUri(root, file.path),
    file.status === "added" ? undefined : side("old"),
    file.status === "deleted" ? undefined : side("new"),
  ];
}

/** A file of two agents against each other. */
async function compareFile(athena: Athena, compared: ComparedFile): Promise<void> {
  const { agents, repository, path: file } = compared;
  const [left, right] = agents;
  if (!left || !right) return;
  const side = (agent: string) =>
    documentUri({ changeset: { agent, repository: repository ?? OWN }, path: file, side: "agent" });
  const name = (agent: string) => athena.feed.agent(agent)?.name ?? agent;
  const title = `${path.basename(file)} (${name(left)} ↔ ${name(right)})`;
  await vscode.commands.executeCommand("vscode.diff", side(left), side(right), title);
}

/** From a diff to the file in the agent's workspace, at the same line. */
async function openWorkspaceFile({ feed }: Athena): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const wanted = editor && documentOf(editor.document.uri);
  const root =
    wanted && worktreeIn(feed.agent(wanted.changeset.agent), wanted.changeset.repository);
  if (!editor || !wanted) throw new NothingToChoose("No change of an agent is in view.");
  if (!root) throw new NothingToChoose("The workspace of this agent is not there any more.");
  const uri = changedFileUri(root, wanted.path);
  if (!existsSync(uri.fsPath)) throw new NothingToChoose(`${wanted.path} is not there any more.`);
  await vscode.window.showTextDocument(uri, { selection: editor.selection });
}
