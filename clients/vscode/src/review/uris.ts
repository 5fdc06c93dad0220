import * as path from "node:path";
import * as vscode from "vscode";
import type { ChangesetRef } from "../protocol.gen.ts";

/** Which changes are meant: those of one turn, of an agent, or against the base. */
export type Changeset = ChangesetRef;

/** One side of a changed file of a changeset, or a file as one agent has it. */
export type Side = "old" | "new" | "agent";

export interface DocumentRef {
  changeset: Changeset;
  path: string;
  side: Side;
}

/**
 * The scheme of the sides of changed files. Athena itself serves documents under `athena:` through
 * standard LSP; these have an address of their own, so that no two providers answer for one.
 */
export const SCHEME = "athena-change";

/** The address of a document; `documentOf` is its inverse. The path's end gives the language. */
export function documentUri({ changeset, path: file, side }: DocumentRef): vscode.Uri {
  const query = new URLSearchParams({ agent: changeset.agent, side });
  if (changeset.repository) query.set("repository", changeset.repository);
  if (changeset.scope) query.set("scope", changeset.scope);
  if (changeset.turnId) query.set("turnId", changeset.turnId);
  return vscode.Uri.from({
    scheme: SCHEME,
    authority: "change",
    path: `/${file}`,
    query: query.toString(),
  });
}

export function documentOf(uri: vscode.Uri): DocumentRef | undefined {
  if (uri.scheme !== SCHEME || uri.authority !== "change") return undefined;
  const query = new URLSearchParams(uri.query);
  const agent = query.get("agent");
  const side = query.get("side") as Side | null;
  if (!agent || !side) return undefined;
  const scope = query.get("scope") as Changeset["scope"] | null;
  const turnId = query.get("turnId");
  const repository = query.get("repository");
  const changeset = {
    agent,
    ...(repository ? { repository } : {}),
    ...(scope ? { scope } : {}),
    ...(turnId ? { turnId } : {}),
  };
  return { changeset, path: uri.path.slice(1), side };
}

/** Where a changed file is on disk, or a place of that name when its workspace is gone. */
export function changedFileUri(root: string | undefined, file: string): vscode.Uri {
  return vscode.Uri.file(path.join(root ?? "/", file));
}
