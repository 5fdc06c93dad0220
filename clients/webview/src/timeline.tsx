/** The time line of a replay. It moves a position; a debugger may move the same position. */
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "./icons.tsx";
import type { AgentDetail, TranscriptItem } from "./protocol.ts";
import { isOutside, type Session } from "./session.ts";
import { useSignal } from "./signal.ts";
import { countWords } from "./words.ts";

/** How long a step is shown when it plays by itself. */
const PLAY_MS = 700;

interface Props {
  session: Session;
  agent: AgentDetail;
  /** The version up to which the transcript is shown. */
  position: number | undefined;
  onPosition: (version: number) => void;
  /** Whether a step stops at an item. */
  stopsAt: (entry: TranscriptItem) => boolean;
}

export function Timeline({ session, agent, position, onPosition, stopsAt }: Props) {
  const state = useSignal(session.state);
  const { transcript, loading, connected, problem, after } = state;
  const { items, turns } = transcript;
  const end = items.at(-1)?.version;
  const last = after === undefined && end !== undefined ? end : agent.version;
  const at = Math.min(position ?? last, last);

  const [isPlaying, setPlaying] = useState(false);
  /** To where the user says, which ends what plays by itself. */
  const go = (entry: TranscriptItem | undefined) => {
    setPlaying(false);
    if (entry) onPosition(entry.version);
  };
  const stops = items.filter(stopsAt);
  const shown = stops.filter((entry) => entry.version <= at);
  const current = items.findLast((entry) => entry.version <= at);
  const next = stops[shown.length];
  const back = stops[shown.length - 2];
  // A position outside of what is loaded is loaded first, also one that was gone to meanwhile; of
  // what follows only as much as a step needs.
  useEffect(() => {
    if (loading || !connected) return;
    if (isOutside(state, at)) void session.seek(at);
    else if (!next && !problem) void session.newer();
  }, [at, loading, connected, problem, next?.version]);
  useEffect(() => {
    if (!isPlaying || loading) return undefined;
    if (!next && at >= last) {
      setPlaying(false);
      return undefined;
    }
    // Behind what is loaded is the part that is loaded then.
    const on = next?.version ?? Math.min(last, Math.max(at, end ?? at) + 1);
    const timer = setTimeout(() => onPosition(on), PLAY_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, loading, at, next?.version]);
  const play = () => {
    if (!isPlaying && at >= last) onPosition(1);
    setPlaying(!isPlaying);
  };
  // One after the other: each goes on from where the one before has led.
  const turning = useRef(Promise.resolve());
  const reached = useRef(at);
  reached.current = at;
  const turn = (turns: 1 | -1) => {
    setPlaying(false);
    turning.current = turning.current.then(async () => {
      const version = await session.locate({ version: reached.current, turns });
      if (version === undefined) return;
      onPosition(version);
    });
  };

  // A key that comes right after a step goes on from there.
  const step = useRef((_: boolean) => {});
  step.current = (isBack) => go(isBack ? back : next);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "F10") return;
      event.preventDefault();
      step.current(event.shiftKey);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <footer class="timeline">
      <IconButton icon="debug-reverse-continue" label="Turn Back" onClick={() => turn(-1)} />
      <IconButton
        icon="debug-step-back"
        label="Step Back (Shift+F10)"
        disabled={!back}
        onClick={() => go(back)}
      />
      <IconButton
        icon={isPlaying ? "debug-pause" : "play"}
        label={isPlaying ? "Pause" : "Play"}
        onClick={play}
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
        disabled={at >= last}
        onClick={() => turn(1)}
      />
      <input
        type="range"
        class="slider"
        min={1}
        max={last}
        value={at}
        aria-label="Position in the transcript"
        aria-valuetext={current ? new Date(current.at).toLocaleString() : ""}
        onInput={(event) => {
          setPlaying(false);
          onPosition(Number(event.currentTarget.value));
        }}
      />
      <span class="faint nowrap">
        {current ? new Date(current.at).toLocaleTimeString() : ""} ·{" "}
        {countWords(agent.turns || turns.size, "turn")}
      </span>
    </footer>
  );
}
