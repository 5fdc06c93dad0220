import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FILTERS, passes, type Filter } from "./filters.ts";
import { act, listen, remember } from "./host.ts";
import { Header } from "./header.tsx";
import { Icon } from "./icons.tsx";
import { ItemView, Prose, type ItemContext } from "./items.tsx";
import { List } from "./list.tsx";
import type { Attachment, Subject } from "./messages.ts";
import { PromptBox } from "./prompt.tsx";
import type { AgentView, OpenRequest, TranscriptItem, TurnView } from "./protocol.ts";
import { RequestCard } from "./request.tsx";
import { useMarks, useSearch } from "./search.ts";
import { isOutside, Session } from "./session.ts";
import { useSignal } from "./signal.ts";
import { Timeline } from "./timeline.tsx";
import { costWords, durationWords, STATUS, tokenWords } from "./words.ts";

/** A row of the list: an item, the end of a turn, or a request that belongs to no item. */
type Row =
  | { kind: "item"; key: string; entry: TranscriptItem }
  | { kind: "end"; key: string; turn: TurnView }
  | { kind: "writing"; key: string; text: string }
  | { kind: "request"; key: string; request: OpenRequest };

export function TranscriptView({ subject }: { subject: Subject & { view: "transcript" } }) {
  const replay = subject.replay ?? false;
  const session = useMemo(() => new Session(subject.agent, !replay), [subject.agent, replay]);
  useEffect(() => () => session.close(), [session]);
  const state = useSignal(session.state);
  const [filter, setFilter] = useState<Filter>("all");
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [attached, setAttached] = useState<readonly Attachment[]>(subject.attached ?? []);
  const [reveal, setReveal] = useState<{ key: string }>();
  const [position, setPosition] = useState<number>();
  const search = useSearch(subject.agent, session);
  const wanted = useRef<Place>({ itemId: subject.itemId, turnId: subject.turnId });
  const draft = useRef(subject.draft ?? "");
  const main = useRef<HTMLElement>(null);
  useMarks(main, search.found ? search.text : "");

  useEffect(
    () =>
      listen((message) => {
        if (message.type === "attach") setAttached((files) => [...files, ...message.files]);
        if (message.type === "reveal") {
          showAll();
          wanted.current = { itemId: message.itemId, turnId: message.turnId };
          show(wanted.current);
        }
      }, true),
    [],
  );

  /** A window that is loaded anew has what was written; pictures are too large to be kept. */
  const keep = () => {
    const files = attached.filter(({ picture }) => !picture);
    remember({ ...subject, draft: draft.current, attached: files } satisfies Subject);
  };
  useEffect(keep, [attached]);

  /** Bring an item or a turn into view; what is not loaded is loaded, once. */
  const show = (place: Place) => {
    const { loading, before } = session.state.value;
    const items = partOf(session.state.value);
    const at = items.findIndex(
      ({ itemId, turnId }) => itemId === place.itemId || (place.turnId && turnId === place.turnId),
    );
    // The first that is loaded of a turn may be in the middle of it.
    const isCut = at === 0 && !place.itemId && before !== undefined && !place.sought;
    const found = isCut ? undefined : items[at];
    if (found) {
      wanted.current = {};
      setFollow(false);
      setReveal({ key: found.itemId });
    } else if (!place.sought && !loading && items.length > 0) {
      wanted.current = { ...place, sought: true };
      setFollow(false);
      void session.goTo(place);
    }
  };
  useEffect(() => {
    if (wanted.current.itemId ?? wanted.current.turnId) show(wanted.current);
  }, [state.transcript, state.loading]);
  const showAll = () => {
    search.set("");
    setFilter("all");
  };
  const onShow = (itemId: string) => {
    showAll();
    wanted.current = { itemId };
    show(wanted.current);
  };

  const requests = state.agent?.requests ?? [];
  const settled = useMemo(
    () => rowsOf(state, search.found, filter, replay ? position : undefined),
    [state.transcript, state.after, search.found, filter, position, replay],
  );
  // What is said and asked now stands at the end, which is elsewhere while a part is shown.
  const isPart =
    search.found !== undefined || filter !== "all" || replay || state.after !== undefined;
  const rows = useMemo(
    () => (isPart ? settled : withOpen(settled, state, requests)),
    [settled, isPart, state.writing, requests],
  );
  const onOpen = useCallback(
    (itemId: string, isOpen: boolean) => setOpen((known) => new Map(known).set(itemId, isOpen)),
    [],
  );
  const context: ItemContext = {
    agentId: subject.agent,
    root: state.agent?.workspace?.cwd ?? undefined,
    requests: replay ? [] : requests,
    open,
    onOpen,
    onShow: search.found ? onShow : undefined,
  };
  const count = state.before === undefined && state.after === undefined ? rows.length : -1;

  const draw = (row: Row, index: number) => {
    switch (row.kind) {
      case "item":
        return (
          <ItemView
            entry={row.entry}
            writing={state.writing.get(row.entry.itemId)}
            context={context}
            place={index + 1}
            count={count}
          />
        );
      case "writing":
        return (
          <article class="item message">
            <Prose text={row.text} writing />
          </article>
        );
      case "end":
        return <TurnEnd turn={row.turn} agent={subject.agent} />;
      case "request":
        return (
          <article class="item">
            <RequestCard request={row.request} />
          </article>
        );
    }
  };

  // What is around a position that is elsewhere is loaded by the time line, and what was found is here.
  const grows = !search.found && (position === undefined || !isOutside(state, position));
  const toEnd = () => {
    wanted.current = {};
    setFollow(true);
    void session.newest();
  };

  return (
    <main class="transcript" ref={main} onKeyDown={onMove}>
      <p class="heard" role="status">
        {state.agent && !replay ? heard(state.agent) : ""}
      </p>
      <Header
        agent={state.agent}
        connected={state.connected}
        problem={state.problem}
        replay={replay}
        search={search}
        filter={filter}
        onFilter={setFilter}
      />
      <List
        rows={rows}
        keyOf={keyOf}
        draw={draw}
        label={`Transcript of ${state.agent?.name ?? "an agent"}`}
        follow={follow && !search.found}
        // The end of what is loaded is not the end while more comes behind it.
        onFollow={(isAtEnd) => setFollow(isAtEnd && session.state.value.after === undefined)}
        onNearStart={() => grows && void session.older()}
        // A replay ends at its position, and the time line knows what follows.
        onNearEnd={() => grows && !replay && void session.newer()}
        reveal={reveal}
        busy={state.loading || !state.connected}
      />
      {rows.length === 0 && (!state.loading || filter !== "all") ? (
        <p class="empty">
          {(filter === "all" && !search.found && state.agent?.reason) ||
            emptyWords(filter, search.found !== undefined, state.before !== undefined)}
        </p>
      ) : null}
      {!follow && !replay ? (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="arrow-down" /> Newest
        </button>
      ) : null}
      {replay && state.agent ? (
        <Timeline
          session={session}
          agent={state.agent}
          position={position}
          onPosition={(version) => {
            setPosition(version);
            setFollow(true);
          }}
          stopsAt={(entry) => passes(entry, filter)}
        />
      ) : null}
      {!replay && state.agent ? (
        <PromptBox
          agent={state.agent}
          attached={attached}
          onAttached={setAttached}
          draft={subject.draft ?? ""}
          onDraft={(text) => {
            draft.current = text;
            keep();
          }}
          onSent={toEnd}
        />
      ) : null}
    </main>
  );
}

/** What is to be brought into view; `sought`: its surroundings were asked for. */
interface Place {
  itemId?: string | undefined;
  turnId?: string | undefined;
  sought?: boolean;
}

/** What is read out when it changes. */
function heard(agent: AgentView): string {
  const { words } = STATUS[agent.status] ?? { words: agent.status };
  const asked = agent.requests.map(({ request }) =>
    request.type === "permission" ? request.title : (request.questions[0]?.text ?? ""),
  );
  return [words, ...asked].join(": ");
}

function emptyWords(filter: Filter, isSearch: boolean, hasMore: boolean): string {
  if (filter === "all") return isSearch ? "Nothing was found." : "Nothing was said yet.";
  // What is not loaded yet is loaded by itself, until something fits.
  return hasMore && !isSearch ? "Looking further back…" : `No ${FILTERS[filter].toLowerCase()}.`;
}

function keyOf(row: Row): string {
  return row.key;
}

function rowsOf(
  state: Session["state"]["value"],
  found: readonly TranscriptItem[] | undefined,
  filter: Filter,
  until: number | undefined,
): readonly Row[] {
  const { turns } = state.transcript;
  const rows: Row[] = [];
  const part = partOf(state);
  const last = lastOfTurns(part, state.after);
  const shown = (found ?? part).filter(
    (entry) => passes(entry, filter) && (until === undefined || entry.version <= until),
  );
  shown.forEach((entry) => {
    rows.push({ kind: "item", key: entry.itemId, entry });
    const turn = entry.turnId ? turns.get(entry.turnId) : undefined;
    if (filter === "all" && !found && turn?.endedAt && last.has(entry.itemId)) {
      rows.push({ kind: "end", key: `end:${turn.turnId}`, turn });
    }
  });
  return rows;
}

/** With what is written or asked before its item is there. Mostly that is nothing, and quick. */
function withOpen(
  rows: readonly Row[],
  { transcript, writing }: Session["state"]["value"],
  requests: readonly OpenRequest[],
): readonly Row[] {
  const isKnown = (id: string) => transcript.items.findLast(({ itemId }) => itemId === id);
  const more: Row[] = [];
  for (const [itemId, text] of writing) {
    if (!isKnown(itemId)) more.push({ kind: "writing", key: itemId, text });
  }
  for (const request of requests) {
    if (!request.itemId || !isKnown(request.itemId)) {
      more.push({ kind: "request", key: request.requestId, request });
    }
  }
  return more.length ? [...rows, ...more] : rows;
}

/** The items in one piece: what has come meanwhile is far behind the end of a part in the middle. */
function partOf({ transcript, after }: Session["state"]["value"]): readonly TranscriptItem[] {
  const { items } = transcript;
  return after === undefined ? items : items.filter(({ version }) => version <= after);
}

/** The items after which a turn is over; of what goes on beyond what is loaded nothing is known. */
function lastOfTurns(
  items: readonly TranscriptItem[],
  after: number | undefined,
): ReadonlySet<string> {
  const last = new Map(items.map(({ turnId, itemId }) => [turnId, itemId]));
  if (after !== undefined) last.delete(items.at(-1)?.turnId);
  return new Set(last.values());
}

const STOPS: Record<string, string> = {
  endTurn: "Turn ended",
  maxTokens: "Stopped: the limit of tokens",
  maxTurns: "Stopped: the limit of turns",
  refusal: "The model refused",
  cancelled: "Interrupted",
  failed: "Failed",
};

function TurnEnd({ turn, agent }: { turn: TurnView; agent: string }) {
  const took = turn.endedAt ? durationWords(turn.endedAt - turn.startedAt) : "";
  const { usage, cost, error } = turn;
  const tokens = usage
    ? `${tokenWords(usage.inputTokens ?? 0)} in, ${tokenWords(usage.outputTokens ?? 0)} out`
    : "";
  const words = [STOPS[turn.stopReason ?? ""] ?? "Turn ended", took, tokens, costWords(cost)];
  return (
    <div class={`turn-end ${turn.stopReason ?? ""}`} role="separator">
      <span>{words.filter(Boolean).join(" · ")}</span>
      {error ? (
        <p class="problem">
          {error.message}{" "}
          <button
            type="button"
            class="link"
            onClick={() =>
              act({ do: "command", command: "athena.agent.logs", argument: { agent } })
            }
          >
            Show Harness Log
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** Alt with an arrow goes from item to item; `/` goes to the search. */
function onMove(event: KeyboardEvent): void {
  const isTyping = (event.target as Element).matches("input, textarea, select");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    document.querySelector<HTMLInputElement>("#search")?.focus();
  }
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const items = [...document.querySelectorAll<HTMLElement>("[data-item]")];
  const at = items.findIndex((item) => item.contains(document.activeElement));
  const next =
    event.key === "ArrowDown" ? items[at + 1] : items.at(at < 0 ? -1 : Math.max(0, at - 1));
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
