/** How events change the items of a transcript. Pure: a state in, a state out. */
import type { Event, Item, TranscriptItem, TurnView } from "./protocol.ts";

export interface Transcript {
  /** In the order of their versions. */
  items: readonly TranscriptItem[];
  turns: ReadonlyMap<string, TurnView>;
}

export const EMPTY: Transcript = { items: [], turns: new Map() };

/** Put a page's items among the others: each item once, at its earliest place, completed if known. */
export function withPage(
  known: Transcript,
  items: readonly TranscriptItem[],
  turns: readonly TurnView[],
): Transcript {
  const merged = new Map(known.items.map((item) => [item.itemId, item]));
  for (const item of items) {
    const before = merged.get(item.itemId);
    merged.set(item.itemId, before ? merge(before, item) : item);
  }
  const all = new Map(known.turns);
  for (const turn of turns) {
    const before = all.get(turn.turnId);
    all.set(turn.turnId, before?.endedAt ? before : turn);
  }
  const sorted = [...merged.values()].sort((a, b) => a.version - b.version);
  return { items: sorted, turns: all };
}

function merge(a: TranscriptItem, b: TranscriptItem): TranscriptItem {
  const place = a.version <= b.version ? a : b;
  const newest = a.open && !b.open ? b : a;
  return { ...newest, version: place.version, seq: place.seq, at: place.at };
}

/** Fold events that followed, in order. */
export function withEvents(known: Transcript, events: readonly Event[]): Transcript {
  let items: TranscriptItem[] | undefined;
  let turns: Map<string, TurnView> | undefined;
  const all = () => (items ??= [...known.items]);
  const put = (item: TranscriptItem) => {
    const list = all();
    const at = findLast(list, item.itemId);
    if (at < 0) insert(list, item);
    else list[at] = item;
  };
  for (const event of events) {
    const data = event.data as Record<string, unknown>;
    const itemId = data["itemId"] as string;
    const place = { version: event.version, seq: event.seq, at: event.at };
    const turnId = data["turnId"] as string;
    switch (event.kind) {
      case "itemStarted":
        if (findLast(all(), itemId) >= 0) break;
        put({
          itemId,
          turnId,
          ...place,
          open: true,
          truncated: event.truncated ?? false,
          item: data["item"] as Item,
        });
        break;
      case "itemUpdated": {
        const before = all()[findLast(all(), itemId)];
        const changes = data["changes"] as Partial<Item>;
        if (before) put({ ...before, item: { ...before.item, ...changes } as Item });
        break;
      }
      case "itemCompleted": {
        const before = all()[findLast(all(), itemId)];
        const done = {
          open: false,
          endedAt: event.at,
          truncated: event.truncated ?? false,
          item: data["item"] as Item,
        };
        put(before ? { ...before, ...done } : { itemId, turnId, ...place, ...done });
        break;
      }
      case "turnStarted":
        turns ??= new Map(known.turns);
        turns.set(turnId, {
          turnId,
          runId: data["runId"] as string,
          seq: event.seq,
          startedAt: event.at,
        });
        break;
      case "turnEnded": {
        turns ??= new Map(known.turns);
        const before = turns.get(turnId);
        if (before) turns.set(turnId, { ...before, ...(data as object), endedAt: event.at });
      }
    }
  }
  return items || turns ? { items: items ?? known.items, turns: turns ?? known.turns } : known;
}

/** Newest first: events are nearly always about the last items. */
function findLast(items: readonly TranscriptItem[], itemId: string): number {
  for (let at = items.length - 1; at >= 0; at--) if (items[at]?.itemId === itemId) return at;
  return -1;
}

function insert(items: TranscriptItem[], item: TranscriptItem): void {
  let at = items.length;
  while (at > 0 && (items[at - 1]?.version ?? 0) > item.version) at--;
  items.splice(at, 0, item);
}
