import * as path from "node:path";
import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { Server } from "../server/server.ts";
import { onSetting, setting } from "../settings.ts";
import { isBelow, named, placesOf } from "./places.ts";

const KINDS = new Set([
  "turnEnded",
  "agentArchived",
  "agentRestored",
  "workspaceReady",
  "workspaceRemoved",
  "changesApplied",
]);

/** Marks the files of the opened project that agents changed in their own workspaces. */
export class ChangedFileMarks implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listeners: vscode.Disposable;
  /** File, and below it the name of each agent that changed it, by the agent's id. */
  private files = new Map<string, Map<string, string>>();

  readonly onDidChangeFileDecorations = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
    private readonly report: (error: unknown) => void,
  ) {
    this.listeners = vscode.Disposable.from(
      vscode.window.registerFileDecorationProvider(this),
      feed.onChange(({ agents, events, anew }) => {
        const ended = new Set(events.filter((e) => KINDS.has(e.kind)).map((e) => e.agentId));
        const meant = agents.filter((agent) => anew || ended.has(agent.id));
        if (meant.length) this.update(meant.map((agent) => agent.id)).catch(this.report);
      }),
      onSetting(["explorer.decorations"], () => this.changed.fire(undefined)),
    );
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== "file" || !setting("explorer.decorations")) return undefined;
    const names = [...(this.files.get(uri.fsPath)?.values() ?? [])];
    if (names.length === 0) return undefined;
    return {
      badge: names.length === 1 ? "A" : `A${Math.min(names.length, 9)}`,
      tooltip: `Changed by ${names.join(", ")}, not merged`,
      color: new vscode.ThemeColor("charts.purple"),
      propagate: true,
    };
  }

  dispose(): void {
    this.listeners.dispose();
    this.changed.dispose();
  }

  private async update(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.look(id);
    this.changed.fire(undefined);
  }

  /** What a merge would bring; while an agent works, which forbids one, all that it changed. */
  private async unmerged(agent: string, repository: string): Promise<readonly string[]> {
    const asked = named({ agent, repository });
    try {
      const preview = { ...asked, how: "merge", dryRun: true } as const;
      const { files, conflicts } = await this.server.request("athena/merge/run", preview);
      return [...files, ...conflicts.map((conflict) => conflict.path)];
    } catch {
      const { files } = await this.server.request("athena/changeset/get", asked);
      return files.map((file) => file.path);
    }
  }

  private async look(id: string): Promise<void> {
    for (const agents of this.files.values()) agents.delete(id);
    const agent = this.feed.agent(id);
    if (!agent || agent.archived) return;
    for (const { name, root } of placesOf(agent)) {
      const changed = isOpen(root) ? await this.unmerged(id, name) : [];
      for (const file of changed) {
        const place = path.join(root, file);
        const agents = this.files.get(place) ?? new Map<string, string>();
        this.files.set(place, agents.set(id, agent.name));
      }
    }
  }
}

/** Whether the explorer shows files of a tree: a folder of it is open, or one that it is in. */
function isOpen(root: string): boolean {
  return (vscode.workspace.workspaceFolders ?? []).some(
    ({ uri }) => isBelow(uri.fsPath, root) || isBelow(root, uri.fsPath),
  );
}
