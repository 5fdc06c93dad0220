import * as vscode from "vscode";
import type { AgentView, Event, EventKind } from "../protocol.gen.ts";
import type { Feed } from "./feed.ts";

const KEY = "athena.seen";
const RESTING = new Set<AgentView["status"]>([
  "needsPermission",
  "needsInput",
  "idle",
  "done",
  "failed",
  "interrupted",
  "dead",
]);

/** What an agent does; everything else that happens to it is done by somebody who knows of it. */
const NEWS = new Set<string>([
  "turnEnded",
  "requestOpened",
  "itemCompleted",
  "runEnded",
  "workspaceFailed",
] satisfies EventKind[]);

/** Which agents came to rest since the user looked at them, in this editor. */
export class Unread implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly listener: vscode.Disposable;
  private seen: Record<string, number>;

  readonly onChange = this.changed.event;

  constructor(
    private readonly memento: vscode.Memento,
    private readonly feed: Feed,
    private readonly isInView: (agentId: string) => boolean,
  ) {
    this.seen = memento.get<Record<string, number>>(KEY, {});
    this.listener = feed.onChange(({ agents, events, anew }) => {
      for (const agent of agents) {
        const isNew = !(agent.id in this.seen);
        const isKnown = this.isInView(agent.id) || this.isOldNews(agent.id, events);
        if (isKnown || (anew && isNew)) this.see(agent);
        else if (isNew) this.seen[agent.id] = 0;
      }
    });
  }

  has(agent: AgentView): boolean {
    return RESTING.has(agent.status) && agent.version > (this.seen[agent.id] ?? 0);
  }

  /** The user looks at an agent now. */
  look(agentId: string): void {
    const agent = this.feed.agent(agentId);
    if (agent && this.see(agent)) this.changed.fire();
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }

  /** Whether nothing but what users did came since an agent was looked at. */
  private isOldNews(agentId: string, events: readonly Event[]): boolean {
    const came = events.filter((event) => event.agentId === agentId);
    const [first] = came;
    if (!first || came.some(({ kind }) => NEWS.has(kind))) return false;
    return (this.seen[agentId] ?? 0) >= first.version - 1;
  }

  private see(agent: AgentView): boolean {
    if (this.seen[agent.id] === agent.version) return false;
    this.seen[agent.id] = agent.version;
    const known = Object.entries(this.seen).filter(([id]) => this.feed.agent(id));
    this.seen = Object.fromEntries(known);
    void this.memento.update(KEY, this.seen);
    return true;
  }
}
