import { useEffect, useState } from "preact/hooks";
import { request } from "./host.ts";
import type { TranscriptItem } from "./protocol.ts";
import type { Session } from "./session.ts";

const PAUSE_MS = 200;
const MOST = 500;

export interface Search {
  text: string;
  set: (text: string) => void;
  /** What was found, also in what is not loaded; undefined without a search. */
  found: readonly TranscriptItem[] | undefined;
  more: boolean;
}

/** Searches the whole transcript on the server, a moment after the user stopped typing. */
export function useSearch(agent: string, session: Session): Search {
  const [text, set] = useState("");
  const [found, setFound] = useState<{ items: readonly TranscriptItem[]; more: boolean }>();
  useEffect(() => {
    const find = text.trim();
    if (!find) {
      setFound(undefined);
      return undefined;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      request("athena/transcript/page", { agent, find, limit: MOST }).then(
        ({ items, before }) => {
          if (!isOver) setFound({ items, more: before !== undefined && items.length === MOST });
        },
        (error: Error) => {
          if (!isOver) session.state.value = { ...session.state.value, problem: error.message };
        },
      );
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text, agent]);
  return { text, set, found: found?.items, more: found?.more ?? false };
}
