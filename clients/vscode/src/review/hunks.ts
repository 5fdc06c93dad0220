import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { HunkView, Verdict } from "../protocol.gen.ts";
import type { Server } from "../server/server.ts";
import { documentOf, SCHEME, type Changeset } from "./uris.ts";

/** What the lenses and menus of a hunk pass to their commands. */
export interface HunkRef {
  changeset: Changeset;
  path: string;
  hunkIds: string[];
}

/** Lenses above each hunk where its new lines are shown: accept, reject, undo that, take. */
export class HunkLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly registration: vscode.Disposable;

  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly server: Server,
    feed: Feed,
  ) {
    this.registration = vscode.Disposable.from(
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      // A verdict may be given in the tree, in another window, or by another editor.
      feed.onChange(({ events, anew }) => {
        if (anew || events.some(({ kind }) => kind === "verdictGiven")) this.changed.fire();
      }),
      server.onState(({ kind }) => {
        if (kind === "running") this.changed.fire();
      }),
    );
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const wanted = documentOf(document.uri);
    if (!wanted || wanted.side === "old") return [];
    const { changeset, path } = wanted;
    const file = await this.server.request("athena/changeset/file", { ...changeset, path });
    return (file.hunkList ?? []).flatMap((hunk) =>
      lenses(hunk, { changeset, path, hunkIds: [hunk.hunkId] }),
    );
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

function lenses(hunk: HunkView, ref: HunkRef): vscode.CodeLens[] {
  const range = rangeOf(hunk);
  const lens = (title: string, command: string, tooltip: string) =>
    new vscode.CodeLens(range, { title, command, tooltip, arguments: [ref] });
  const take = lens(
    "$(desktop-download) Take",
    "athena.hunk.take",
    "Bring this change alone into the project, without a commit",
  );
  const verdict: Verdict = hunk.verdict ?? "open";
  if (verdict === "open") {
    return [
      lens("$(check) Accept", "athena.hunk.accept", "Accept this change"),
      lens("$(close) Reject", "athena.hunk.reject", "Reject this change"),
      take,
    ];
  }
  const mark = verdict === "accepted" ? "$(pass-filled) Accepted" : "$(error) Rejected";
  return [
    lens(mark, "athena.hunk.reopen", "Undo this verdict"),
    lens("$(discard) Undo", "athena.hunk.reopen", "Undo this verdict"),
    take,
  ];
}

/** The hunk at the cursor of the focused diff. */
export async function hunkAtCursor(server: Server): Promise<HunkRef | undefined> {
  const editor = vscode.window.activeTextEditor;
  const wanted = editor && documentOf(editor.document.uri);
  if (!editor || !wanted) return undefined;
  const { changeset, path, side } = wanted;
  const file = await server.request("athena/changeset/file", { ...changeset, path });
  const at = editor.selection.active.line;
  const found = (file.hunkList ?? []).find((hunk) => {
    const range = side === "old" ? oldRangeOf(hunk) : rangeOf(hunk);
    return range.start.line <= at && at <= range.end.line;
  });
  return found && { changeset, path, hunkIds: [found.hunkId] };
}

function oldRangeOf(hunk: HunkView): vscode.Range {
  const { oldStart: newStart, oldLines: newLines } = hunk;
  return rangeOf({ ...hunk, newStart, newLines });
}

/** The lines of a hunk in the new side; of a pure deletion the line that it stood before. */
export function rangeOf(hunk: HunkView): vscode.Range {
  const start = Math.max(0, hunk.newStart - 1);
  const end = hunk.newLines === 0 ? start : start + hunk.newLines - 1;
  return new vscode.Range(start, 0, end, Number.MAX_SAFE_INTEGER);
}
