import type { ContentBlock } from "./protocol.gen.ts";

/** The text of a prompt, with a short name where something is not text. */
export function plainText(content: readonly ContentBlock[]): string {
  return content
    .map((block) => {
      switch (block.type) {
        case "text":
          return block.text;
        case "image":
          return `[image ${block.mimeType}]`;
        case "resource_link":
          return `@${block.name}`;
        case "resource":
          return `@${block.uri}`;
        default:
          return "";
      }
    })
    .join("\n");
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
