import type { TranscriptItem } from "./protocol.ts";

/** The kinds by which a transcript is filtered. */
export const FILTERS = {
  all: "Everything",
  talk: "Conversation",
  tools: "Tool calls",
  changes: "Changes of files",
  errors: "Errors",
} as const;

export type Filter = keyof typeof FILTERS;

export function passes({ item }: TranscriptItem, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "talk":
      return item.type === "userMessage" || item.type === "message";
    case "tools":
      return item.type === "toolCall";
    case "changes":
      return (
        item.type === "toolCall" &&
        (["edit", "delete", "move"].includes(item.tool ?? "") ||
          (item.content ?? []).some((part) => part.type === "diff"))
      );
    case "errors":
      return (
        (item.type === "toolCall" && item.status === "failed") ||
        (item.type === "notice" && item.level === "error") ||
        item.type === "unrecognized"
      );
  }
}
