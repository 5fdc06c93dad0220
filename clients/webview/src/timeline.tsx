/** The time line of a replay. It moves a position; a debugger may move the same position. */
import { useEffect } from "preact/hooks";
import { IconButton } from "./icons.tsx";
import type { AgentDetail, TranscriptItem } from "./protocol.ts";
import type { Session } from "./session.ts";
import { useSignal } from "./signal.ts";

interface Props {
  session: Session;
  agent: AgentDetail;
  /** The version up to which the transcript is shown. */
  position: number | undefined;
  onPosition: (version: number) => void;
}

export function Timeline({ session, agent, position, onPosition }: Props) {
  const { transcript, loading, after, before } = useSignal(session.state);
  const { items, turns } = transcript;
  const last = agent.version;
  const at = position ?? items.at(-1)?.version ?? last;

  // A position outside of what is loaded is loaded first.
  useEffect(() => {
    const first = items[0]?.version ?? 0;
    const end = items.at(-1)?.version ?? 0;
    const isOutside = (at < first && before !== undefined) || (at > end && after !== undefined);
    if (!loading && isOutside) void session.seek(at);
  }, [at]);

  const go = (entry: TranscriptItem | undefined) => {
    if (entry) onPosition(entry.version);
  };
  const shown = items.filter((entry) => entry.version <= at);
  const current = shown.at(-1);
  const next = items[shown.length];
  const isTurnStart = (entry: TranscriptItem, index: number) =>
    entry.turnId !== items[index - 1]?.turnId;
  const starts = items.filter(isTurnStart);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "F10") {
      event.preventDefault();
      go(event.shiftKey ? items[shown.length - 2] : next);
    }
  };
  return (
    <footer class="timeline" onKeyDown={onKeyDown}>
      <IconButton
        icon="debug-reverse-continue"
        label="Turn Back"
        onClick={() => go(starts.findLast((entry) => entry.version < (current?.version ?? 0)))}
      />
      <IconButton
        icon="debug-step-back"
        label="Step Back (Shift+F10)"
        disabled={shown.length < 2}
        onClick={() => go(items[shown.length - 2])}
      />
      <IconButton
        icon="debug-step-over"
        label="Step (F10)"
        disabled={!next}
        onClick={() => go(next)}
      />
      <IconButton
        icon="debug-continue"
        label="Turn Forward"
        disabled={!next}
        onClick={() => go(starts.find((entry) => entry.version > at) ?? items.at(-1))}
      />
      <input
        type="range"
        class="slider"
        min={1}
        max={last}
        value={at}
        aria-label="Position in the transcript"
        aria-valuetext={current ? new Date(current.at).toLocaleString() : ""}
        onInput={(event) => onPosition(Number(event.currentTarget.value))}
      />
      <span class="faint nowrap">
        {current ? new Date(current.at).toLocaleTimeString() : ""} · {turns.size} turns
      </span>
    </footer>
  );
}
