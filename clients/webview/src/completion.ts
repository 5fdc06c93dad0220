/** What can be completed in a prompt: `@` and letters of a file, `/` and a command of the harness. */
import { useEffect, useState } from "preact/hooks";
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

/** What fits to what is typed; nothing after the user has closed it, until they type on. */
export function useCompletion(agent: AgentDetail, text: string, caret: number): Completion {
  const [offers, setOffers] = useState<readonly Offer[]>([]);
  const [index, setIndex] = useState(0);
  const typed = typedAt(text, caret);
  const key = typed && `${typed.mark}${typed.letters}`;
  useEffect(() => {
    setIndex(0);
    if (typed?.mark !== "@") {
      setOffers(typed ? commandsFor(agent.capabilities?.commands ?? [], typed.letters) : []);
      return undefined;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      filesFor(agent.id, typed.letters).then(
        (found) => {
          if (!isOver) setOffers(found);
        },
        // Without a workspace there are no files to offer, and what is typed stays what it is.
        () => {
          if (!isOver) setOffers([]);
        },
      );
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [agent.id, key]);
  const count = offers.length;
  return {
    typed,
    offers: typed ? offers : [],
    index: Math.min(index, Math.max(0, count - 1)),
    move: (by) => setIndex((now) => (now + by + count) % Math.max(1, count)),
    close: () => setOffers([]),
  };
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
