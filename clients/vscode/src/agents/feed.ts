import * as vscode from "vscode";
import type {
  AgentView,
  Event,
  EventBatch,
  EventLagged,
  OpenRequest,
  Subscribed,
} from "../protocol.gen.ts";
import type { Server } from "../server/server.ts";

export interface Change {
  /** The agents that something happened to; all of them after a new snapshot. */
  agents: AgentView[];
  events: Event[];
  /** Everything before is replaced: there was a gap that only a new snapshot closes. */
  anew: boolean;
}

const INTERVAL_MS = 50;

/**
 * All agents as Athena shows them, kept up to date by one subscription. After a lost connection it
 * goes on from the last position, so nothing that happened meanwhile is missed.
 */
export class Feed implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Change>();
  private readonly views = new Map<string, AgentView>();
  private readonly listeners: vscode.Disposable[];
  private subscription: string | undefined;
  private cursor: number | undefined;
  private database: string | undefined;
  private early: EventBatch[] = [];

  readonly onChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly report: (error: unknown) => void,
  ) {
    this.listeners = [
      server.onState((state) => {
        this.subscription = undefined;
        if (state.kind !== "running") return;
        const isSame = this.database === state.info.database;
        if (!isSame || (this.cursor ?? 0) > state.info.cursor) this.cursor = undefined;
        this.database = state.info.database;
        this.subscribe().catch(this.report);
      }),
      server.onTold(({ method, params }) => {
        if (method === "athena/event/batch") this.hear(params as EventBatch);
        if (method === "athena/event/lagged") this.lagged(params as EventLagged);
      }),
    ];
  }

  get agents(): AgentView[] {
    return [...this.views.values()];
  }

  /** The position in the log up to which everything was heard. */
  get position(): number | undefined {
    return this.cursor;
  }

  agent(id: string): AgentView | undefined {
    return this.views.get(id);
  }

  /** What waits for the user, oldest first. */
  get requests(): OpenRequest[] {
    return this.agents.flatMap((agent) => agent.requests).sort((a, b) => a.at - b.at);
  }

  request(id: string): OpenRequest | undefined {
    return this.requests.find((request) => request.requestId === id);
  }

  dispose(): void {
    vscode.Disposable.from(...this.listeners).dispose();
    this.changed.dispose();
  }

  private async subscribe(): Promise<void> {
    this.early = [];
    const resumed = this.cursor;
    const begun: Subscribed = await this.server.request("athena/event/subscribe", {
      intervalMs: INTERVAL_MS,
      ...(resumed === undefined ? {} : { cursor: resumed }),
    });
    this.subscription = begun.subscriptionId;
    if (begun.agents) {
      this.cursor = begun.cursor;
      this.views.clear();
      for (const agent of begun.agents) this.views.set(agent.id, agent);
      this.changed.fire({ agents: begun.agents, events: [], anew: true });
    }
    const early = this.early;
    this.early = [];
    for (const batch of early) this.hear(batch);
  }

  private hear(batch: EventBatch): void {
    if (this.subscription === undefined) {
      this.early.push(batch);
      return;
    }
    if (batch.subscriptionId !== this.subscription) return;
    this.cursor = batch.cursor;
    const agents = batch.agents ?? [];
    for (const agent of agents) this.views.set(agent.id, agent);
    this.changed.fire({ agents, events: batch.events, anew: false });
  }

  private lagged(told: EventLagged): void {
    if (told.subscriptionId !== this.subscription) return;
    this.subscription = undefined;
    this.cursor = undefined;
    this.subscribe().catch(this.report);
  }
}
