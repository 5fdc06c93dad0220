import { structuredPatch } from "diff";
import { useMemo } from "preact/hooks";
import { highlighted } from "./highlight.tsx";
import { languageOf } from "./paths.ts";
import type { ToolDiff } from "./protocol.ts";

const LARGEST = 400_000;
const MOST_LINES = 400;

interface Line {
  mark: string;
  text: string;
  old: number | undefined;
  new: number | undefined;
}

/** A change of one file, as a unified diff with line numbers. */
export function Diff({ diff }: { diff: ToolDiff }) {
  const lines = useMemo(() => linesOf(diff), [diff.oldText, diff.newText]);
  if (!lines) return <p class="faint">The change is too large to show here. Open it as a diff.</p>;
  const language = languageOf(diff.path);
  const shown = lines.slice(0, MOST_LINES);
  return (
    <div class="diff" role="figure" aria-label={`Changes of ${diff.path}`}>
      {shown.map((line, index) => {
        if (line.mark === "@") return <div key={index} class="diff-gap" role="separator" />;
        const kind = line.mark === "+" ? "added" : line.mark === "-" ? "removed" : "";
        return (
          <div key={index} class={`diff-line ${kind}`}>
            <span class="number" aria-hidden>
              {line.old ?? ""}
            </span>
            <span class="number" aria-hidden>
              {line.new ?? ""}
            </span>
            <span class="mark">{line.mark}</span>
            <code>{highlighted(line.text, language)}</code>
          </div>
        );
      })}
      {lines.length > shown.length ? (
        <p class="faint">{lines.length - shown.length} more lines</p>
      ) : null}
    </div>
  );
}

/** How many lines came and went. */
export function counts(diff: ToolDiff): { added: number; removed: number } {
  const lines = linesOf(diff) ?? [];
  return {
    added: lines.filter((line) => line.mark === "+").length,
    removed: lines.filter((line) => line.mark === "-").length,
  };
}

const cache = new WeakMap<ToolDiff, Line[] | null>();

function linesOf(diff: ToolDiff): Line[] | undefined {
  const known = cache.get(diff);
  if (known !== undefined) return known ?? undefined;
  const lines = compute(diff);
  cache.set(diff, lines ?? null);
  return lines;
}

function compute({ oldText, newText }: ToolDiff): Line[] | undefined {
  const before = oldText ?? "";
  if (before.length + newText.length > LARGEST) return undefined;
  const patch = structuredPatch("", "", before, newText, "", "", { context: 3, timeout: 500 });
  if (!patch) return undefined;
  return patch.hunks.flatMap((hunk, index) => {
    let oldLine = hunk.oldStart;
    let newLine = hunk.newStart;
    const lines: Line[] =
      index > 0 ? [{ mark: "@", text: "", old: undefined, new: undefined }] : [];
    for (const line of hunk.lines) {
      const mark = line.charAt(0);
      if (mark === "\\") continue;
      lines.push({
        mark,
        text: line.slice(1),
        old: mark === "+" ? undefined : oldLine++,
        new: mark === "-" ? undefined : newLine++,
      });
    }
    return lines;
  });
}
