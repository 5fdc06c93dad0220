import * as path from "node:path";
import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { WorkspaceList, WorkspaceState } from "../protocol.gen.ts";
import { isLost, type Server } from "../server/server.ts";
import { placeOf } from "../review/places.ts";
import { count } from "../words.ts";

export interface WorkspaceNode {
  kind: "workspace";
  workspace: WorkspaceState;
  /** The name of the repository among those of its agent. */
  repository: string;
}

/** What may change a worktree; other events do not ask git again. */
const KINDS = new Set([
  "workspaceReady",
  "workspaceRemoved",
  "scriptEnded",
  "changesApplied",
  "turnEnded",
  "runEnded",
  "agentArchived",
  "agentRestored",
]);

/** The worktrees of all agents, with what is not committed, not merged or not pushed. */
export class WorkspaceTree implements vscode.TreeDataProvider<WorkspaceNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listeners: vscode.Disposable;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
  ) {
    this.listeners = vscode.Disposable.from(
      feed.onChange(({ events, anew }) => {
        if (anew || events.some((event) => KINDS.has(event.kind))) this.refresh();
      }),
      server.onState(() => this.refresh()),
    );
  }

  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(node?: WorkspaceNode): Promise<WorkspaceNode[]> {
    if (node || this.server.state.kind !== "running") return [];
    const { workspaces } = await this.list();
    return workspaces.map((workspace) => {
      const [repository] = placeOf(this.feed.agent(workspace.agentId ?? ""), workspace.path);
      return { kind: "workspace", workspace, repository };
    });
  }

  private async list(): Promise<WorkspaceList> {
    try {
      return await this.server.request("athena/workspace/list", {});
    } catch (error) {
      if (isLost(error)) return { workspaces: [] };
      throw error;
    }
  }

  getTreeItem({ workspace, repository }: WorkspaceNode): vscode.TreeItem {
    const name = workspace.agentName ?? path.basename(workspace.path);
    const item = new vscode.TreeItem(repository ? `${name} in ${repository}` : name);
    const kind = kindOf(workspace);
    // Several may be in one folder.
    item.id = [workspace.path, workspace.agentId ?? workspace.problem].join("#");
    item.description = [KINDS_LEFT[kind], stateWords(workspace)].filter(Boolean).join("  ");
    item.iconPath = kind === "captured" ? new vscode.ThemeIcon("history") : stateIcon(workspace);
    item.contextValue = `workspace:${kind}`;
    item.tooltip = tooltip(workspace);
    return item;
  }

  dispose(): void {
    this.listeners.dispose();
    this.changed.dispose();
  }
}

/** Whose agent is not known any more is an orphan, or only captured work in the repository itself. */
type Kind = "agent" | "orphan" | "captured";

const KINDS_LEFT: Partial<Record<Kind, string>> = {
  orphan: "left behind",
  captured: "captured work",
};

function kindOf({ agentId, path: place, repository }: WorkspaceState): Kind {
  if (agentId) return "agent";
  return place === repository ? "captured" : "orphan";
}

function stateWords(state: WorkspaceState): string {
  if (state.vanished) return "vanished";
  const dirty = (state.changed ?? 0) + (state.untracked ?? 0);
  // A narrow side bar cuts the end, and most branches are named as their agents.
  const parts = [
    dirty ? `● ${dirty}` : "",
    state.ahead ? `↑${state.ahead}` : "",
    state.behind ? `↓${state.behind}` : "",
    state.operation,
    state.branch,
  ];
  return parts.filter(Boolean).join("  ");
}

function stateIcon(state: WorkspaceState): vscode.ThemeIcon {
  if (state.vanished || state.problem) {
    return new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
  }
  const isDirty = (state.changed ?? 0) + (state.untracked ?? 0) > 0;
  return new vscode.ThemeIcon(
    "repo",
    isDirty ? new vscode.ThemeColor("gitDecoration.modifiedResourceForeground") : undefined,
  );
}

function tooltip(state: WorkspaceState): vscode.MarkdownString {
  const words = new vscode.MarkdownString();
  words.appendMarkdown("**").appendText(state.path).appendMarkdown("**\n\n");
  const lines = [
    state.vanished,
    state.problem,
    state.changed ? `${count(state.changed, "file")} changed` : "",
    state.untracked ? `${count(state.untracked, "file")} untracked` : "",
    state.unpushed ? `${count(state.unpushed, "commit")} on no remote` : "",
    state.ahead ? `${count(state.ahead, "commit")} ahead of the base` : "",
    state.behind ? `${count(state.behind, "commit")} behind the base` : "",
    ...Object.values(state.hazards ?? {}),
  ];
  for (const line of lines) if (line) words.appendText(line).appendMarkdown("  \n");
  return words;
}
