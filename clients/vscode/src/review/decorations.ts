import * as path from "node:path";
import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import { isLost, type Server } from "../server/server.ts";
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
const RENAMED = "agentRenamed";

/** Marks the files of the opened project that agents changed in their own workspaces. */
export class ChangedFileMarks implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listeners: vscode.Disposable;
  /** The agents that changed a file, by its path. */
  private files = new Map<string, Set<string>>();
  /** The agents to look at, one after the other: no older answer comes after a newer one. */
  private readonly due = new Set<string>();
  private isLooking = false;

  readonly onDidChangeFileDecorations = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
    private readonly log: (error: unknown) => void,
  ) {
    this.listeners = vscode.Disposable.from(
      vscode.window.registerFileDecorationProvider(this),
      feed.onChange(({ agents, events, anew }) => {
        if (anew) this.files.clear();
        const ended = new Set(events.filter((e) => KINDS.has(e.kind)).map((e) => e.agentId));
        const meant = agents.filter((agent) => anew || ended.has(agent.id));
        for (const { id } of meant) this.due.add(id);
        if (events.some(({ kind }) => kind === RENAMED)) this.changed.fire(undefined);
        void this.update();
      }),
      server.onState(() => void this.update()),
      onSetting(["explorer.decorations"], () => this.changed.fire(undefined)),
    );
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== "file" || !setting("explorer.decorations")) return undefined;
    const ids = [...(this.files.get(uri.fsPath) ?? [])];
    if (ids.length === 0) return undefined;
    // In one order, whoever was the last to change it.
    const names = ids.map((id) => this.feed.agent(id)?.name ?? id).sort();
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

  private async update(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    for (const id of this.due) {
      if (this.server.state.kind !== "running") break;
      this.due.delete(id);
      try {
        await this.look(id);
      } catch (error) {
        if (isLost(error)) {
          // The next connection tells.
          this.due.add(id);
          break;
        }
        // What cannot be told is not marked.
        this.log(error);
      }
      this.changed.fire(undefined);
    }
    this.isLooking = false;
  }

  /** What a merge would bring; while an agent works, which forbids one, all that it changed. */
  private async unmerged(agent: string, repository: string): Promise<readonly string[]> {
    const asked = named({ agent, repository });
    try {
      const preview = { ...asked, how: "merge", dryRun: true } as const;
      const { files, conflicts } = await this.server.request("athena/merge/run", preview);
      return [...files, ...conflicts.map((conflict) => conflict.path)];
    } catch (error) {
      if (isLost(error)) throw error;
      const { files } = await this.server.request("athena/changeset/get", asked);
      return files.map((file) => file.path);
    }
  }

  private async look(id: string): Promise<void> {
    const found = await this.changedBy(id);
    for (const ids of this.files.values()) ids.delete(id);
    for (const file of found) this.files.set(file, (this.files.get(file) ?? new Set()).add(id));
  }

  /** The paths of the files that an agent changed and that the explorer shows. */
  private async changedBy(id: string): Promise<string[]> {
    const agent = this.feed.agent(id);
    const found: string[] = [];
    if (!agent || agent.archived) return found;
    for (const { name, root } of placesOf(agent)) {
      const changed = isOpen(root) ? await this.unmerged(id, name) : [];
      found.push(...changed.map((file) => path.join(root, file)));
    }
    return found;
  }
}

/** Whether the explorer shows files of a tree: a folder of it is open, or one that it is in. */
function isOpen(root: string): boolean {
  return (vscode.workspace.workspaceFolders ?? []).some(
    ({ uri }) => isBelow(uri.fsPath, root) || isBelow(root, uri.fsPath),
  );
}
