import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { Server } from "../server/server.ts";
import { named, OWN } from "./places.ts";
import { documentOf, SCHEME } from "./uris.ts";

/** What may change the text of a document that is open. */
const KINDS = new Set(["itemCompleted", "turnEnded", "checkpointTaken"]);

/** The text of `athena-change:` documents: the sides of changed files, as Athena tells them. */
export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly listener: vscode.Disposable;

  readonly onDidChange = this.changed.event;

  constructor(
    private readonly server: Server,
    feed: Feed,
  ) {
    this.listener = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      feed.onChange(({ events, agents, anew }) => {
        if (!anew && !events.some((event) => KINDS.has(event.kind))) return;
        const touched = new Set(agents.map((agent) => agent.id));
        this.refresh((agent) => touched.has(agent));
      }),
      // What was asked for while there was none is asked for again.
      server.onState(({ kind }) => {
        if (kind === "running") this.refresh(() => true);
      }),
    );
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const wanted = documentOf(uri);
    if (!wanted) return "";
    const { changeset, path, side } = wanted;
    const { agent, repository = OWN } = changeset;
    const found =
      side === "agent"
        ? await this.server.request("athena/comparison/text", named({ agent, repository, path }))
        : await this.server.request("athena/changeset/text", { ...changeset, path, side });
    return found.binary ? "This file is binary.\n" : (found.text ?? "");
  }

  /** Read the open documents of some agents again. */
  refresh(isMeant: (agentId: string) => boolean): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      const wanted = documentOf(uri);
      if (wanted && isMeant(wanted.changeset.agent)) this.changed.fire(uri);
    }
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }
}
