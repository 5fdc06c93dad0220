import type { AgentView, ContentBlock, Cost, Item, Status } from "./protocol.ts";

/** What a status is called, and its icon and tone. */
export const STATUS: Record<Status, { words: string; icon: string; tone: string }> = {
  starting: { words: "Starting", icon: "loading~spin", tone: "busy" },
  working: { words: "Working", icon: "loading~spin", tone: "busy" },
  needsPermission: { words: "Needs permission", icon: "bell-dot", tone: "waits" },
  needsInput: { words: "Asks you", icon: "question", tone: "waits" },
  idle: { words: "Idle", icon: "circle-large-outline", tone: "good" },
  done: { words: "Done", icon: "pass", tone: "good" },
  interrupted: { words: "Interrupted", icon: "debug-pause", tone: "waits" },
  failed: { words: "Failed", icon: "error", tone: "bad" },
  imported: { words: "Imported, read-only", icon: "repo-pull", tone: "good" },
  dead: { words: "Died", icon: "error", tone: "bad" },
};

export function isWorking(agent: Pick<AgentView, "status">): boolean {
  return (
    agent.status === "working" ||
    agent.status === "needsPermission" ||
    agent.status === "needsInput"
  );
}

/** An amount of money; `~` marks an estimate. */
export function costWords(cost: Cost | undefined): string {
  if (!cost) return "";
  const digits = cost.amount !== 0 && Math.abs(cost.amount) < 0.1 ? 3 : 2;
  const amount = new Intl.NumberFormat("en", {
    style: "currency",
    currency: cost.currency ?? "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(cost.amount);
  return `${cost.source === "estimated" ? "~" : ""}${amount}`;
}

export function costTip(cost: Cost): string {
  return `${cost.amount} ${cost.currency ?? "USD"}, ${cost.source}`;
}

export function tokenWords(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function timeWords(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** The text of a prompt, with a short name where something is not text. */
export function plainText(content: readonly ContentBlock[]): string {
  return content
    .map((block) => {
      if (block.type === "text") return block.text;
      if (block.type === "resource_link") return `@${block.name}`;
      return block.type === "image" ? `[image]` : `@${block.uri}`;
    })
    .join("\n");
}

/** What one copies of an item. */
export function copyText(item: Item): string {
  switch (item.type) {
    case "userMessage":
      return plainText(item.content);
    case "plan":
      return (item.entries ?? [])
        .map((e) => `- [${e.status === "completed" ? "x" : " "}] ${e.text}`)
        .join("\n");
    case "toolCall":
      return [item.title, ...toolTexts(item)].join("\n");
    case "unrecognized":
      return item.raw;
    default:
      return item.text ?? "";
  }
}

function toolTexts(item: Item & { type: "toolCall" }): string[] {
  return (item.content ?? []).map((part) => {
    if (part.type === "text") return part.text;
    if (part.type === "terminal") return part.output ?? "";
    return part.type === "diff" ? `${part.path}\n${part.newText}` : "[image]";
  });
}

/** `1 file`, `2 files`. */
export function countWords(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number of characters as kilobytes or megabytes. */
export function sizeWords(characters: number): string {
  const kilobytes = characters / 1000;
  return kilobytes < 1000 ? `${Math.round(kilobytes)} KB` : `${(kilobytes / 1000).toFixed(1)} MB`;
}
