import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { FILTERS, passes, type Filter } from "./filters.ts";
import { listen } from "./host.ts";
import { Header } from "./header.tsx";
import { Icon } from "./icons.tsx";
import { ItemView, Prose, type ItemContext } from "./items.tsx";
import { List } from "./list.tsx";
import type { Attachment, Subject } from "./messages.ts";
import { PromptBox } from "./prompt.tsx";
import type { OpenRequest, TranscriptItem, TurnView } from "./protocol.ts";
import { RequestCard } from "./request.tsx";
import { useSearch } from "./search.ts";
import { Session } from "./session.ts";
import { useSignal } from "./signal.ts";
import { Timeline } from "./timeline.tsx";
import { costWords, durationWords, tokenWords } from "./words.ts";

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
  const [attached, setAttached] = useState<readonly Attachment[]>([]);
  const [reveal, setReveal] = useState<string>();
  const [position, setPosition] = useState<number>();
  const search = useSearch(subject.agent, session);
  const wanted = useRef({ itemId: subject.itemId, turnId: subject.turnId });

  useEffect(
    () =>
      listen((message) => {
        if (message.type === "attach") setAttached((files) => [...files, ...message.files]);
        if (message.type === "reveal") {
          wanted.current = { itemId: message.itemId, turnId: message.turnId };
          setReveal(undefined);
          show(message);
        }
      }, true),
    [],
  );

  const show = ({
    itemId,
    turnId,
  }: {
    itemId?: string | undefined;
    turnId?: string | undefined;
  }) => {
    const { items } = session.state.value.transcript;
    const found = items.find(
      (entry) => entry.itemId === itemId || (turnId && entry.turnId === turnId),
    );
    if (!found) return;
    wanted.current = { itemId: undefined, turnId: undefined };
    setFollow(false);
    setReveal(found.itemId);
  };
  useEffect(() => {
    const { itemId, turnId } = wanted.current;
    if (itemId ?? turnId) show({ itemId, turnId });
  }, [state.transcript]);

  const requests = state.agent?.requests ?? [];
  const rows = useMemo(
    () => rowsOf(state, search.found, filter, replay ? position : undefined, requests, replay),
    [state.transcript, state.writing, search.found, filter, position, requests, replay],
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
  };

  const draw = (row: Row) => {
    switch (row.kind) {
      case "item":
        return (
          <ItemView
            entry={row.entry}
            writing={state.writing.get(row.entry.itemId)}
            context={context}
          />
        );
      case "writing":
        return (
          <article class="item message">
            <Prose text={row.text} writing />
          </article>
        );
      case "end":
        return <TurnEnd turn={row.turn} />;
      case "request":
        return (
          <article class="item">
            <RequestCard request={row.request} />
          </article>
        );
    }
  };

  return (
    <main class="transcript" onKeyDown={onMove}>
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
        onFollow={setFollow}
        onNearStart={() => void session.older()}
        onNearEnd={() => void session.newer()}
        reveal={reveal}
        busy={state.loading}
      />
      {rows.length === 0 && !state.loading ? (
        <p class="empty">
          {filter === "all" ? "Nothing was said yet." : `No ${FILTERS[filter].toLowerCase()}.`}
        </p>
      ) : null}
      {!follow && !replay ? (
        <button type="button" class="to-end" onClick={() => setFollow(true)}>
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
        />
      ) : null}
      {!replay && state.agent ? (
        <PromptBox
          agent={state.agent}
          attached={attached}
          onAttached={setAttached}
          onSent={() => setFollow(true)}
        />
      ) : null}
    </main>
  );
}

function keyOf(row: Row): string {
  return row.key;
}

function rowsOf(
  state: Session["state"]["value"],
  found: readonly TranscriptItem[] | undefined,
  filter: Filter,
  until: number | undefined,
  requests: readonly OpenRequest[],
  replay: boolean,
): Row[] {
  const { items, turns } = state.transcript;
  const rows: Row[] = [];
  const shown = (found ?? items).filter(
    (entry) => passes(entry, filter) && (until === undefined || entry.version <= until),
  );
  shown.forEach((entry, index) => {
    rows.push({ kind: "item", key: entry.itemId, entry });
    const turn = entry.turnId ? turns.get(entry.turnId) : undefined;
    const isLast = shown[index + 1]?.turnId !== entry.turnId;
    if (filter === "all" && !found && isLast && turn?.endedAt) {
      rows.push({ kind: "end", key: `end:${turn.turnId}`, turn });
    }
  });
  if (found || filter !== "all" || replay) return rows;
  const known = new Set(items.map((entry) => entry.itemId));
  for (const [itemId, text] of state.writing) {
    if (!known.has(itemId)) rows.push({ kind: "writing", key: itemId, text });
  }
  for (const request of requests) {
    if (!request.itemId || !known.has(request.itemId)) {
      rows.push({ kind: "request", key: request.requestId, request });
    }
  }
  return rows;
}

const STOPS: Record<string, string> = {
  endTurn: "Turn ended",
  maxTokens: "Stopped: the limit of tokens",
  maxTurns: "Stopped: the limit of turns",
  refusal: "The model refused",
  cancelled: "Interrupted",
  failed: "Failed",
};

function TurnEnd({ turn }: { turn: TurnView }) {
  const took = turn.endedAt ? durationWords(turn.endedAt - turn.startedAt) : "";
  const { usage, cost, error } = turn;
  const tokens = usage
    ? `${tokenWords(usage.inputTokens ?? 0)} in, ${tokenWords(usage.outputTokens ?? 0)} out`
    : "";
  const words = [STOPS[turn.stopReason ?? ""] ?? "Turn ended", took, tokens, costWords(cost)];
  return (
    <div class={`turn-end ${turn.stopReason ?? ""}`} role="separator">
      <span>{words.filter(Boolean).join(" · ")}</span>
      {error ? <p class="problem">{error.message}</p> : null}
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
