/** How events change the items of a transcript. Pure: a state in, a state out. */
import type { Event, Item, TranscriptItem, TurnView } from "./protocol.ts";

export interface Transcript {
  /** In the order of their versions. */
  items: readonly TranscriptItem[];
  turns: ReadonlyMap<string, TurnView>;
}

export const EMPTY: Transcript = { items: [], turns: new Map() };

/** Put a page's items among the others: each item once, at its earliest place, completed if known. */
export function withPage(known: Transcript, items: Items, turns: readonly TurnView[]): Transcript {
  const all = new Map(known.turns);
  for (const turn of turns) {
    const before = all.get(turn.turnId);
    all.set(turn.turnId, before?.endedAt ? before : turn);
  }
  return { items: joined(known.items, items), turns: all };
}

type Items = readonly TranscriptItem[];

/** Mostly a page is the part before or after what is known, and then nothing has to be sorted. */
function joined(known: Items, page: Items): Items {
  const [first, last] = [page[0], page.at(-1)];
  if (!first || !last) return known;
  const ids = new Set(page.map(({ itemId }) => itemId));
  if (!known.some(({ itemId }) => ids.has(itemId))) {
    if (last.version < (known[0]?.version ?? Infinity)) return [...page, ...known];
    if (first.version > (known.at(-1)?.version ?? 0)) return [...known, ...page];
  }
  const merged = new Map(known.map((item) => [item.itemId, item]));
  for (const item of page) {
    const before = merged.get(item.itemId);
    merged.set(item.itemId, before ? merge(before, item) : item);
  }
  return [...merged.values()].sort((a, b) => a.version - b.version);
}

function merge(a: TranscriptItem, b: TranscriptItem): TranscriptItem {
  const place = a.version <= b.version ? a : b;
  const newest = a.open && !b.open ? b : a;
  return { ...newest, version: place.version, seq: place.seq, at: place.at };
}

/** Fold events that followed, in order. */
export function withEvents(known: Transcript, events: readonly Event[]): Transcript {
  const items = new ItemList(known.items, events.length);
  const turns = new Map(known.turns);
  for (const event of events) {
    const data = event.data as Record<string, unknown>;
    const turnId = data["turnId"] as string;
    switch (event.kind) {
      case "itemStarted":
      case "itemUpdated":
      case "itemCompleted":
        items.hear(event, data["itemId"] as string, turnId, data);
        break;
      case "turnStarted":
        turns.set(turnId, {
          turnId,
          runId: data["runId"] as string,
          seq: event.seq,
          startedAt: event.at,
        });
        break;
      case "turnEnded": {
        const before = turns.get(turnId);
        if (before) turns.set(turnId, { ...before, ...(data as object), endedAt: event.at });
      }
    }
  }
  return { items: items.list, turns };
}

/** With fewer events than this a search from the end is cheaper than an index of all items. */
const FEW = 20;

class ItemList {
  readonly list: TranscriptItem[];
  private readonly places: Map<string, number> | undefined;

  constructor(items: readonly TranscriptItem[], changes: number) {
    this.list = [...items];
    if (changes > FEW) this.places = new Map(items.map(({ itemId }, at) => [itemId, at]));
  }

  hear(event: Event, itemId: string, turnId: string, data: Record<string, unknown>): void {
    const at = this.find(itemId);
    const before = this.list[at];
    const truncated = event.truncated ?? false;
    const place = { itemId, turnId, version: event.version, seq: event.seq, at: event.at };
    const item = data["item"] as Item;
    if (event.kind === "itemUpdated") {
      const changed = { ...before?.item, ...(data["changes"] as Partial<Item>) } as Item;
      if (before) this.list[at] = { ...before, item: changed };
    } else if (event.kind === "itemStarted") {
      if (!before) this.insert({ ...place, open: true, truncated, item });
    } else {
      const done = { open: false, endedAt: event.at, truncated, item };
      if (before) this.list[at] = { ...before, ...done };
      else this.insert({ ...place, ...done });
    }
  }

  private find(itemId: string): number {
    if (this.places) return this.places.get(itemId) ?? -1;
    return this.list.findLastIndex((item) => item.itemId === itemId);
  }

  private insert(item: TranscriptItem): void {
    let at = this.list.length;
    while (at > 0 && (this.list[at - 1]?.version ?? 0) > item.version) at--;
    this.list.splice(at, 0, item);
    if (!this.places) return;
    for (let moved = at; moved < this.list.length; moved++) {
      this.places.set(this.list[moved]?.itemId ?? "", moved);
    }
  }
}
