/** The open transcript: pages from Athena, then what follows, across lost connections. */
import { signal } from "./signal.ts";
import { EMPTY, withEvents, withPage, type Transcript } from "./fold.ts";
import { listen, request } from "./host.ts";
import type { ToView } from "./messages.ts";
import type {
  AgentDetail,
  AgentView,
  EventBatch,
  EventDelta,
  EventLagged,
  LocateItem,
} from "./protocol.ts";

const PAGE = 200;
/** Whoever goes on towards the beginning has farther to go: the next page is larger. */
const LARGEST_PAGE = 1000;

export interface State {
  agent: AgentDetail | undefined;
  transcript: Transcript;
  /** Text that is being written, by item, until its item is completed. */
  writing: ReadonlyMap<string, string>;
  before: number | undefined;
  after: number | undefined;
  connected: boolean;
  problem: string | undefined;
  loading: boolean;
}

interface ItemOrTurn {
  itemId?: string | undefined;
  turnId?: string | undefined;
}

const BLANK: State = {
  agent: undefined,
  transcript: EMPTY,
  writing: new Map(),
  before: undefined,
  after: undefined,
  connected: false,
  problem: undefined,
  loading: true,
};

export class Session {
  readonly state = signal(BLANK);
  private subscription: string | undefined;
  private cursor: number | undefined;
  private early: ToView[] = [];
  private attempt = 0;
  private size = PAGE;
  /** Counts how often the items began anew: what was asked for before belongs to others. */
  private part = 0;
  private readonly stopListening: () => void;

  constructor(
    readonly agentId: string,
    private readonly live: boolean,
  ) {
    this.stopListening = listen((message) => this.hear(message));
  }

  close(): void {
    this.attempt++;
    this.stopListening();
  }

  /** Load the page before the first item. */
  async older(): Promise<void> {
    const { before } = this.state.value;
    if (before === undefined || this.mustWait) return;
    this.size = Math.min(LARGEST_PAGE, this.size * 2);
    await this.page({ before }, (page) => ({ before: page.before ?? undefined }));
  }

  /** Load the page after the last item, where the transcript was opened in the middle. */
  async newer(): Promise<void> {
    const { after } = this.state.value;
    if (after === undefined || this.mustWait) return;
    await this.page({ after }, (page) => ({ after: page.after ?? undefined }));
  }

  /** Start again around a version: the items up to it, and from there on. */
  async seek(version: number): Promise<void> {
    this.part++;
    this.size = PAGE;
    this.set({ transcript: EMPTY, before: version + 1, after: version });
    await this.page({ before: version + 1 }, (page) => ({
      before: page.before ?? undefined,
      after: version,
    }));
    await this.newer();
  }

  /** Start again around an item or the beginning of a turn, wherever it is. */
  async goTo({ itemId, turnId }: ItemOrTurn): Promise<void> {
    const version = await this.locate(itemId ? { itemId } : turnId ? { turnId } : {});
    if (version !== undefined) await this.seek(version);
  }

  /** The version of an item, wherever it is; undefined where that cannot be told. */
  async locate(where: Omit<LocateItem, "agent">): Promise<number | undefined> {
    try {
      const asked = { agent: this.agentId, ...where };
      return (await request("athena/transcript/locate", asked)).version;
    } catch (error) {
      this.set({ problem: (error as Error).message });
      return undefined;
    }
  }

  /** Back from somewhere in the middle to the end. */
  async newest(): Promise<void> {
    if (this.state.value.after === undefined) return;
    const { part } = this;
    try {
      const page = await request("athena/transcript/page", { agent: this.agentId, limit: PAGE });
      if (part !== this.part) return;
      this.part++;
      // What came while the page was on its way is not in it.
      const last = page.items.at(-1)?.version ?? 0;
      const { items, turns } = this.state.value.transcript;
      const since = items.filter((item) => item.version > last);
      this.set({
        transcript: withPage({ items: since, turns }, page.items, page.turns),
        before: page.before ?? undefined,
        after: undefined,
        loading: false,
        problem: undefined,
      });
    } catch (error) {
      this.set({ problem: (error as Error).message });
    }
  }

  /** Without a connection each page would fail at once, and be asked for again. */
  private get mustWait(): boolean {
    const { loading, connected } = this.state.value;
    return loading || !connected;
  }

  private set(change: Partial<State>): void {
    this.state.value = { ...this.state.value, ...change };
  }

  private hear(message: ToView): void {
    switch (message.type) {
      case "connection":
        this.subscription = undefined;
        this.set({ connected: message.connected, problem: message.words });
        if (message.connected) void this.connect();
        return;
      case "told":
        if (this.subscription === undefined) this.early.push(message);
        else this.told(message);
    }
  }

  private async connect(): Promise<void> {
    const attempt = ++this.attempt;
    try {
      if (this.cursor === undefined) await this.begin();
      else await this.refreshAgent();
      if (attempt === this.attempt && this.live) await this.follow();
      if (attempt === this.attempt) this.set({ problem: undefined });
    } catch (error) {
      // The end of the connection says it itself, and the next one tries again.
      if (attempt === this.attempt)
        this.set({ problem: String((error as Error).message), loading: false });
    }
  }

  private async begin(): Promise<void> {
    this.set({ loading: true });
    const params = { agent: this.agentId, limit: PAGE };
    const [page] = await Promise.all([
      request("athena/transcript/page", params),
      this.refreshAgent(),
    ]);
    this.part++;
    this.cursor = page.cursor;
    this.set({
      transcript: withPage(EMPTY, page.items, page.turns),
      writing: new Map(page.items.flatMap((i) => (i.written ? [[i.itemId, i.written]] : []))),
      before: page.before ?? undefined,
      after: undefined,
      loading: false,
    });
  }

  private async refreshAgent(): Promise<void> {
    this.set({ agent: await request("athena/agent/get", { agent: this.agentId }) });
  }

  private async follow(): Promise<void> {
    this.early = [];
    const begun = await request("athena/event/subscribe", {
      agents: [this.agentId],
      deltas: true,
      intervalMs: 30,
      ...(this.cursor === undefined ? {} : { cursor: this.cursor }),
    });
    this.subscription = begun.subscriptionId;
    const early = this.early;
    this.early = [];
    for (const message of early) if (message.type === "told") this.told(message);
  }

  private told({ method, params }: ToView & { type: "told" }): void {
    if ((params as { subscriptionId: string }).subscriptionId !== this.subscription) return;
    if (method === "athena/event/batch") this.batch(params as EventBatch);
    else if (method === "athena/event/delta") this.delta(params as EventDelta);
    else this.lagged(params as EventLagged);
  }

  private batch({ events, agents, cursor }: EventBatch): void {
    this.cursor = cursor;
    const writing = new Map(this.state.value.writing);
    for (const { kind, data } of events) {
      if (kind === "itemCompleted") writing.delete(data["itemId"] as string);
      if (kind === "turnEnded") writing.clear();
    }
    const view = agents?.find((agent: AgentView) => agent.id === this.agentId);
    const before = this.state.value.agent;
    this.set({
      transcript: withEvents(this.state.value.transcript, events),
      writing,
      ...(view && before ? { agent: { ...before, ...absent(before, view), ...view } } : {}),
    });
    const opened = ["sessionOpened", "optionsChanged", "commandsChanged"];
    if (events.some(({ kind }) => opened.includes(kind))) {
      this.refreshAgent().catch((error: Error) => this.set({ problem: error.message }));
    }
  }

  private delta({ deltas }: EventDelta): void {
    const writing = new Map(this.state.value.writing);
    const { items } = this.state.value.transcript;
    for (const { itemId, offset, text } of deltas) {
      // What comes late, after the whole text, says nothing new.
      const known = items.findLast((item) => item.itemId === itemId);
      if (known && !known.open) continue;
      writing.set(itemId, (writing.get(itemId) ?? "").slice(0, offset) + text);
    }
    this.set({ writing });
  }

  private lagged(_: EventLagged): void {
    this.subscription = undefined;
    this.cursor = undefined;
    void this.connect();
  }

  private async page(
    where: { before: number } | { after: number },
    then: (page: { before?: number | null; after?: number | null }) => Partial<State>,
  ): Promise<void> {
    const { part } = this;
    this.set({ loading: true });
    try {
      const params = { agent: this.agentId, limit: this.size, ...where };
      const page = await request("athena/transcript/page", params);
      if (part !== this.part) return;
      const transcript = withPage(this.state.value.transcript, page.items, page.turns);
      this.set({ transcript, loading: false, problem: undefined, ...then(page) });
    } catch (error) {
      if (part === this.part) this.set({ loading: false, problem: (error as Error).message });
    }
  }
}

/** Whether a version is before or after the items that are loaded. */
export function isOutside({ transcript, before, after }: State, version: number): boolean {
  const first = transcript.items[0]?.version ?? 0;
  return (before !== undefined && version < first) || (after !== undefined && version > after);
}

/** A view leaves fields out that are empty now: those it may have are cleared first. */
function absent(before: AgentDetail, view: AgentView): Partial<AgentDetail> {
  const kept = new Set(["capabilities", "instructions"]);
  const gone = Object.keys(before).filter((key) => !kept.has(key) && !(key in view));
  return Object.fromEntries(gone.map((key) => [key, undefined])) as Partial<AgentDetail>;
}
