import * as path from "node:path";
import * as vscode from "vscode";
import type { AgentView, ChangedFile, TranscriptItem, TurnView, Verdict } from "../protocol.gen.ts";
import { named, placesOf, worktreeIn } from "../review/places.ts";
import { changedFileUri, type Changeset } from "../review/uris.ts";
import { count, plainText } from "../words.ts";
import type { Server } from "../server/server.ts";
import { onSetting, setting } from "../settings.ts";
import type { Feed } from "./feed.ts";
import { byUrgency, costWords, icon, look, statusWords } from "./status.ts";
import type { Unread } from "./unread.ts";

export type Node =
  | { kind: "group"; id: string; title: string; agents: AgentView[] }
  | { kind: "agent"; agent: AgentView }
  | { kind: "changes"; agent: AgentView; repository: string }
  | { kind: "turn"; agent: AgentView; turn: TurnView; title: string }
  | { kind: "file"; changeset: Changeset; file: ChangedFile; root: string | undefined }
  | { kind: "words"; text: string };

/** The scheme under which an agent in the list carries its unread mark. */
export const AGENT_SCHEME = "athena-agent";

const TURNS_SHOWN = 50;

/** What may change the turns of an agent, or the files that it changed. */
const CHANGING = new Set([
  "turnStarted",
  "turnEnded",
  "itemCompleted",
  "workspaceReady",
  "checkpointTaken",
  "verdictGiven",
  "changesApplied",
]);

/** The list of agents: agent, then its turns, then the files that a turn changed. */
export class AgentTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Node | undefined>();
  private readonly listeners: vscode.Disposable;
  private filter = "";
  /** What is below an agent, a turn or all changes, until something changes it. */
  private readonly known = new Map<string, Map<string, Promise<Node[]>>>();

  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
    private readonly unread: Unread,
  ) {
    const again = () => this.changed.fire(undefined);
    this.listeners = vscode.Disposable.from(
      feed.onChange(({ events, anew }) => {
        if (anew) this.known.clear();
        for (const { agentId, kind } of events) {
          if (CHANGING.has(kind)) this.known.delete(agentId);
        }
        again();
      }),
      unread.onChange(again),
      server.onState(again),
      onSetting(["agents.groupBy", "agents.showArchived"], again),
    );
  }

  get filterText(): string {
    return this.filter;
  }

  /** Show only agents that have the text in their name, title, status, harness or project. */
  setFilter(text: string): void {
    this.filter = text.trim().toLowerCase();
    void vscode.commands.executeCommand("setContext", "athena.filtered", this.filter !== "");
    this.changed.fire(undefined);
  }

  /** The agents that the list shows now, without their order. */
  get shown(): AgentView[] {
    const archived = setting("agents.showArchived");
    return this.feed.agents.filter((agent) => (archived || !agent.archived) && this.fits(agent));
  }

  async getChildren(node?: Node): Promise<Node[]> {
    switch (node?.kind) {
      case undefined:
        return this.roots();
      case "group":
        return node.agents.map(agentNode);
      case "agent":
        return [...this.childAgents(node.agent), ...(await this.inside(node.agent))];
      case "changes":
        return this.files({ agent: node.agent.id, scope: "base" }, [node.repository]);
      case "turn":
        return this.files(
          { agent: node.agent.id, scope: "turn", turnId: node.turn.turnId },
          placesOf(node.agent).map((place) => place.name),
        );
      default:
        return [];
    }
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "group":
        return groupItem(node.id, node.title, node.agents.length);
      case "agent":
        return this.agentItem(node.agent);
      case "changes":
        return changesItem(node.agent, node.repository);
      case "turn":
        return turnItem(node.agent, node.turn, node.title);
      case "file":
        return fileItem(node.changeset, node.file, node.root);
      case "words":
        return new vscode.TreeItem(node.text);
    }
  }

  dispose(): void {
    this.listeners.dispose();
    this.changed.dispose();
  }

  private fits(agent: AgentView): boolean {
    const { name, title, status, harness, project, archetype } = agent;
    const words = [name, title, look(status).words, harness, project, archetype].join("\n");
    return words.toLowerCase().includes(this.filter);
  }

  private roots(): Node[] {
    const agents = this.shown.sort(byUrgency);
    switch (setting("agents.groupBy")) {
      case "project":
        return groups(agents, (a) => a.project, path.basename);
      case "status":
        return groups(agents, (a) => look(a.status).words, capital);
      case "parent": {
        const ids = new Set(agents.map((a) => a.id));
        return agents.filter((a) => !a.parentId || !ids.has(a.parentId)).map(agentNode);
      }
      default:
        return agents.map(agentNode);
    }
  }

  private childAgents(parent: AgentView): Node[] {
    if (setting("agents.groupBy") !== "parent") return [];
    const children = this.shown.filter((agent) => agent.parentId === parent.id);
    return children.sort(byUrgency).map(agentNode);
  }

  /** Every change of any agent draws the list anew; Athena is asked only for what changed. */
  private once(agentId: string, key: string, load: () => Promise<Node[]>): Promise<Node[]> {
    const loaded = this.known.get(agentId) ?? new Map<string, Promise<Node[]>>();
    this.known.set(agentId, loaded);
    const before = loaded.get(key);
    if (before) return before;
    const nodes = load();
    loaded.set(key, nodes);
    nodes.catch(() => loaded.delete(key));
    return nodes;
  }

  private inside(agent: AgentView): Promise<Node[]> {
    return this.once(agent.id, "turns", () => this.loadTurns(agent));
  }

  private async files(changeset: Changeset, repositories: string[]): Promise<Node[]> {
    const key = `${changeset.turnId ?? "base"}:${repositories.join()}`;
    try {
      return await this.once(changeset.agent, key, () => this.loadFiles(changeset, repositories));
    } catch (error) {
      return [{ kind: "words", text: error instanceof Error ? error.message : String(error) }];
    }
  }

  private async loadTurns(agent: AgentView): Promise<Node[]> {
    const page = await this.server.request("athena/transcript/page", {
      agent: agent.id,
      types: ["userMessage"],
      limit: TURNS_SHOWN,
    });
    const titles = new Map<string, string>();
    for (const item of page.items) {
      if (item.turnId && !titles.has(item.turnId)) titles.set(item.turnId, promptOf(item));
    }
    const turns = [...page.turns].sort((a, b) => b.seq - a.seq);
    const nodes: Node[] = turns.map((turn) => ({
      kind: "turn",
      agent,
      turn,
      title: titles.get(turn.turnId) ?? "The harness began by itself",
    }));
    const changes = placesOf(agent).map(({ name }): Node => ({
      kind: "changes",
      agent,
      repository: name,
    }));
    return [...changes, ...nodes];
  }

  private async loadFiles(meant: Changeset, repositories: string[]): Promise<Node[]> {
    const agent = this.feed.agent(meant.agent);
    const found: Node[] = [];
    for (const repository of repositories) {
      const changeset = named({ ...meant, repository });
      const root = worktreeIn(agent, repository);
      const { files } = await this.server.request("athena/changeset/get", changeset);
      found.push(...files.map((file): Node => ({ kind: "file", changeset, file, root })));
    }
    return found.length ? found : [{ kind: "words", text: "No file changed" }];
  }

  private agentItem(agent: AgentView): vscode.TreeItem {
    const item = new vscode.TreeItem(agent.name, vscode.TreeItemCollapsibleState.Collapsed);
    const cost = costWords(agent.cost);
    const unread = this.unread.has(agent);
    const about = aboutOf(agent);
    item.id = agent.id;
    item.iconPath = icon(agent);
    item.description = [cost, about].filter(Boolean).join(" · ");
    item.resourceUri = vscode.Uri.from({
      scheme: AGENT_SCHEME,
      path: `/${agent.id}`,
      query: unread ? "unread" : "",
    });
    item.contextValue = contextOf(agent);
    item.tooltip = tooltip(agent);
    item.accessibilityInformation = {
      label: [agent.name, statusWords(agent), cost, unread && "unread"].filter(Boolean).join(", "),
    };
    item.command = {
      command: "athena.transcript.open",
      title: "Open Transcript",
      arguments: [{ agent: agent.id }],
    };
    return item;
  }
}

/** Where the reason says more than what was asked for: what it waits for, or why it ended. */
const EXPLAINED = new Set<AgentView["status"]>(["needsPermission", "needsInput", "failed", "dead"]);

/** What one wants to know of an agent first. */
function aboutOf({ status, activity, title, reason }: AgentView): string | undefined {
  if (status === "working") return activity;
  return EXPLAINED.has(status) ? (reason ?? title) : (title ?? reason);
}

/** What menus look at: the generated `when` clauses of the manifest know this form. */
function contextOf(agent: AgentView): string {
  const running = agent.runId ? "running" : "ended";
  return `agent:${agent.status}:${running}:${agent.archived ? "archived" : "kept"}`;
}

function agentNode(agent: AgentView): Node {
  return { kind: "agent", agent };
}

function groups(
  agents: AgentView[],
  key: (agent: AgentView) => string,
  title: (key: string) => string,
): Node[] {
  const found = new Map<string, AgentView[]>();
  for (const agent of agents) found.set(key(agent), [...(found.get(key(agent)) ?? []), agent]);
  return [...found].map(([id, members]) => ({
    kind: "group",
    id,
    title: title(id),
    agents: members,
  }));
}

function groupItem(id: string, title: string, members: number): vscode.TreeItem {
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `group:${id}`;
  item.description = String(members);
  item.tooltip = id;
  item.contextValue = "group";
  return item;
}

function changesItem(agent: AgentView, repository: string): vscode.TreeItem {
  const places = placesOf(agent);
  const place = places.find(({ name }) => name === repository);
  const label = places.length > 1 ? `All changes in ${place?.title}` : "All changes";
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${agent.id}:changes:${repository}`;
  item.iconPath = new vscode.ThemeIcon("diff-multiple");
  item.description = place?.branch ?? "";
  item.contextValue = "changes";
  item.tooltip = "What the workspace has that its starting commit has not, uncommitted work too.";
  return item;
}

function turnItem(agent: AgentView, turn: TurnView, title: string): vscode.TreeItem {
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = turn.turnId;
  const failed = turn.stopReason === "failed" || turn.error !== undefined;
  const running = turn.endedAt === undefined || turn.endedAt === null;
  item.iconPath = new vscode.ThemeIcon(
    failed
      ? "error"
      : running
        ? "loading~spin"
        : turn.stopReason === "cancelled"
          ? "circle-slash"
          : "comment",
  );
  item.description = costWords(turn.cost);
  item.tooltip = failed ? (turn.error?.message ?? "The turn failed") : title;
  item.contextValue = running ? "turn:running" : "turn:ended";
  item.command = {
    command: "athena.transcript.open",
    title: "Open Transcript",
    arguments: [{ agent: agent.id, turnId: turn.turnId }],
  };
  return item;
}

/** What the user said of a file, in front of all else. */
const VERDICTS: Partial<Record<Verdict, string>> = { accepted: "✓", rejected: "✗" };

const LETTERS: Record<ChangedFile["status"], string> = {
  added: "A",
  modified: "M",
  deleted: "D",
  renamed: "R",
  copied: "C",
  typeChanged: "T",
};

function fileItem(
  changeset: Changeset,
  file: ChangedFile,
  root: string | undefined,
): vscode.TreeItem {
  const item = new vscode.TreeItem(changedFileUri(root, file.path));
  const counts = file.binary ? "binary" : `+${file.additions ?? 0} −${file.deletions ?? 0}`;
  const folder = path.dirname(file.path);
  const from = file.oldPath && file.oldPath !== file.path ? `← ${file.oldPath}` : "";
  const verdict = VERDICTS[file.verdict ?? "open"] ?? "";
  // The repository is the first part of where a file is, where it is another than the agent's own.
  const place = [changeset.repository, folder === "." ? "" : folder].filter(Boolean).join("/");
  item.description = [verdict, LETTERS[file.status], counts, from, place]
    .filter(Boolean)
    .join("  ");
  item.iconPath = vscode.ThemeIcon.File;
  item.contextValue = `file:${file.verdict ?? "open"}`;
  const names = file.oldPath ? `${file.oldPath} → ${file.path}` : file.path;
  const told = [verdict && `${file.verdict}`, file.comments ? count(file.comments, "comment") : ""];
  item.tooltip = [names, ...told].filter(Boolean).join(" · ");
  item.command = {
    command: "athena.review.openFile",
    title: "Open Changes",
    arguments: [{ ...changeset, path: file.path }],
  };
  return item;
}

function promptOf(item: TranscriptItem): string {
  const text = item.item.type === "userMessage" ? plainText(item.item.content) : "";
  return text.trim().split("\n")[0] || "Prompt";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function tooltip(agent: AgentView): vscode.MarkdownString {
  const words = new vscode.MarkdownString();
  words.appendMarkdown("**").appendText(agent.name).appendMarkdown("** — ");
  words.appendText(statusWords(agent)).appendMarkdown("\n\n");
  const { usage, context, cost, workspace } = agent;
  const rows: [string, string | undefined][] = [
    ["Title", agent.title],
    ["Harness", [agent.harness, agent.model, agent.mode].filter(Boolean).join(" · ")],
    ["Archetype", agent.archetype],
    ["Branch", workspace?.branch],
    ["Workspace", workspace?.path],
    ["Also in", workspace?.also?.map((other) => other.path).join(", ")],
    ["Turns", String(agent.turns)],
    ["Cost", cost ? `${costWords(cost)} (${cost.source})` : undefined],
    ["Tokens", usage ? `${usage.inputTokens ?? 0} in, ${usage.outputTokens ?? 0} out` : undefined],
    ["Context", context?.size ? `${Math.round((100 * context.used) / context.size)} %` : undefined],
  ];
  for (const [name, value] of rows) {
    if (value) words.appendMarkdown(`${name}: `).appendText(value).appendMarkdown("  \n");
  }
  return words;
}
