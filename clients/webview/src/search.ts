import type { RefObject } from "preact";
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

const MOST_MARKS = 500;

/** Marks the words of a search wherever they are drawn below an element. */
export function useMarks(below: RefObject<HTMLElement | null>, words: string): void {
  useEffect(() => {
    const find = words.trim().toLowerCase();
    if (!find || !below.current) return undefined;
    let frame = 0;
    const mark = () => {
      frame = 0;
      if (below.current)
        CSS.highlights.set("found", new Highlight(...rangesOf(below.current, find)));
    };
    const later = () => (frame ||= requestAnimationFrame(mark));
    const watch = new MutationObserver(later);
    watch.observe(below.current, { childList: true, subtree: true, characterData: true });
    later();
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame);
      CSS.highlights.delete("found");
    };
  }, [words]);
}

function rangesOf(element: HTMLElement, find: string): Range[] {
  const ranges: Range[] = [];
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node && ranges.length < MOST_MARKS; node = texts.nextNode()) {
    const text = (node.textContent ?? "").toLowerCase();
    for (let at = text.indexOf(find); at >= 0; at = text.indexOf(find, at + find.length)) {
      if (at + find.length > (node.textContent?.length ?? 0)) break;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + find.length);
      ranges.push(range);
    }
  }
  return ranges;
}
