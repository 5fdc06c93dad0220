/** What can be completed in a prompt: `@` and letters of a file, `/` and a command of the harness. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { request } from "./host.ts";
import type { AgentDetail, SlashCommand } from "./protocol.ts";

const PAUSE_MS = 80;
const MOST = 12;

/** The mark, what was typed behind it, and where the mark stands. */
export interface Typed {
  mark: "@" | "/";
  letters: string;
  start: number;
}

export interface Offer {
  /** What replaces the mark and the letters. */
  text: string;
  label: string;
  detail: string;
  icon: string;
  /** The address of the file, where it is one. */
  uri?: string;
}

/** What is being typed before the caret; a path ends with white space. */
export function typedAt(text: string, caret: number): Typed | undefined {
  const before = text.slice(0, caret);
  const slash = /^\/(\S*)$/.exec(before);
  if (slash) return { mark: "/", letters: slash[1] ?? "", start: 0 };
  const at = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!at) return undefined;
  const letters = at[1] ?? "";
  return { mark: "@", letters, start: caret - letters.length - 1 };
}

export interface Completion {
  typed: Typed | undefined;
  offers: readonly Offer[];
  index: number;
  move: (by: number) => void;
  close: () => void;
}

interface Found {
  agent: string;
  start: number;
  letters: string;
  offers: readonly Offer[];
}

/** What fits to what is typed; nothing after the user has closed it, until they type on. */
export function useCompletion(agent: AgentDetail, text: string, caret: number): Completion {
  const [found, setFound] = useState<Found>();
  const [chosen, setChosen] = useState<string>();
  const [closed, setClosed] = useState<string>();
  const typed = typedAt(text, caret);
  const key = typed && `${typed.start}${typed.mark}${typed.letters}`;
  // Before the next key, which may choose or close.
  useLayoutEffect(() => {
    setChosen(undefined);
    setClosed(undefined);
  }, [agent.id, key]);
  useEffect(() => {
    if (typed?.mark !== "@") {
      setFound(undefined);
      return undefined;
    }
    const { start, letters } = typed;
    let isOver = false;
    const hear = (offers: readonly Offer[]) => {
      if (!isOver) setFound({ agent: agent.id, start, letters, offers });
    };
    const timer = setTimeout(() => {
      // Without a workspace there are no files to offer, and what is typed stays what it is.
      filesFor(agent.id, letters).then(hear, () => hear([]));
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [agent.id, key]);
  const offers = key === closed ? [] : offersFor(agent, typed, found);
  // What is chosen stays chosen when the answer to the last letters comes.
  const index = Math.max(
    0,
    offers.findIndex((offer) => offer.text === chosen),
  );
  return {
    typed,
    offers,
    index,
    move: (by) => setChosen(offers[(index + by + offers.length) % offers.length]?.text),
    close: () => setClosed(key),
  };
}

function offersFor(
  agent: AgentDetail,
  typed: Typed | undefined,
  found: Found | undefined,
): readonly Offer[] {
  if (!typed) return [];
  if (typed.mark === "/") return commandsFor(agent.capabilities?.commands ?? [], typed.letters);
  if (found?.agent !== agent.id || found.start !== typed.start) return [];
  if (found.letters === typed.letters) return found.offers;
  // Until the answer to the last letters is there: of what was offered before, what fits to them.
  return found.offers.filter((offer) => holds(offer.text, typed.letters));
}

/** Whether a text has the letters in this order, as Athena finds files. */
function holds(text: string, letters: string): boolean {
  const folded = text.toLowerCase();
  let at = 0;
  return [...letters.toLowerCase()].every((letter) => (at = folded.indexOf(letter, at) + 1) > 0);
}

async function filesFor(agent: string, find: string): Promise<Offer[]> {
  const asked = { agent, find, limit: MOST };
  const { root, files, others } = await request("athena/workspace/files", asked);
  const elsewhere = (others ?? []).map((other) =>
    fileOffer(other.root, other.path, `${other.repository}/`),
  );
  // Files of other repositories have their place also where many fit.
  const kept = Math.max(MOST - elsewhere.length, MOST / 2);
  const own = files.slice(0, kept).map((path) => fileOffer(root, path));
  return [...own, ...elsewhere].slice(0, MOST);
}

/** A file below a root; `before` is the repository that its name in the text begins with. */
function fileOffer(root: string, path: string, before = ""): Offer {
  const name = before + path;
  const cut = name.lastIndexOf("/") + 1;
  return {
    text: `@${name} `,
    label: name.slice(cut),
    detail: name.slice(0, Math.max(0, cut - 1)),
    icon: "file",
    uri: `file://${encodeURI(`${root}/${path}`).replace(/[?#]/g, encodeURIComponent)}`,
  };
}

function commandsFor(commands: readonly SlashCommand[], letters: string): Offer[] {
  const typed = letters.toLowerCase();
  return commands
    .filter(({ name }) => name.toLowerCase().startsWith(typed) && name !== letters)
    .slice(0, MOST)
    .map(({ name, description, hint }) => ({
      text: `/${name} `,
      label: `/${name}`,
      detail: [hint && `<${hint}>`, description].filter(Boolean).join(" "),
      icon: "terminal",
    }));
}
