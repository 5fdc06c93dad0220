/** How each kind of item looks. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Boundary } from "./boundary.tsx";
import { counts, Diff } from "./diff.tsx";
import { act, request } from "./host.ts";
import { highlighted } from "./highlight.tsx";
import { Icon, IconButton } from "./icons.tsx";
import { markdown } from "./markdown.tsx";
import { shortPath } from "./paths.ts";
import type {
  Item,
  OpenRequest,
  Plan,
  ToolCall,
  ToolContent,
  ToolDiff,
  ToolKind,
  TranscriptItem,
} from "./protocol.ts";
import { worded } from "./remedies.ts";
import { RequestCard } from "./request.tsx";
import { copyText, durationWords, sizeWords, timeWords } from "./words.ts";

export interface ItemContext {
  agentId: string;
  root: string | undefined;
  requests: readonly OpenRequest[];
  /** Which items the user folded or unfolded, by id. */
  open: ReadonlyMap<string, boolean>;
  onOpen: (itemId: string, open: boolean) => void;
  /** While the list is what a search found: how to see one where it stands. */
  onShow?: ((itemId: string) => void) | undefined;
}

interface Props {
  entry: TranscriptItem;
  writing: string | undefined;
  context: ItemContext;
  /** Its place in the list, from 1, and how many there are; -1 while that is not known. */
  place: number;
  count: number;
}

/** One item of the transcript. */
export function ItemView({ entry, writing, context, place, count }: Props) {
  const { item, itemId } = entry;
  const asked = context.requests.find((one) => one.itemId === itemId);
  return (
    <article
      class={`item ${item.type}`}
      data-item={itemId}
      tabIndex={-1}
      aria-label={labelOf(item)}
      aria-posinset={place}
      aria-setsize={count}
    >
      <Boundary>
        <Body entry={entry} writing={writing} context={context} />
      </Boundary>
      {entry.truncated ? <Whole entry={entry} agentId={context.agentId} /> : null}
      {asked ? <RequestCard request={asked} /> : null}
      <div class="item-tools">
        <time
          dateTime={new Date(entry.at).toISOString()}
          title={new Date(entry.at).toLocaleString()}
        >
          {timeWords(entry.at)}
        </time>
        {context.onShow ? (
          <IconButton
            icon="go-to-search"
            label="Show in Transcript"
            onClick={() => context.onShow?.(itemId)}
          />
        ) : null}
        <IconButton icon="copy" label="Copy" onClick={() => copy(copyText(item))} />
      </div>
    </article>
  );
}

function labelOf(item: Item): string {
  switch (item.type) {
    case "userMessage":
      return "Your message";
    case "message":
      return "Message of the agent";
    case "reasoning":
      return "Thought of the agent";
    case "toolCall":
      return `Tool call, ${item.status ?? "pending"}: ${item.title}`;
    case "plan":
      return "Plan";
    case "notice":
      return `Notice: ${item.text}`;
    default:
      return "Something the driver does not know";
  }
}

function Body({ entry, writing, context }: Omit<Props, "place" | "count">) {
  const { item } = entry;
  switch (item.type) {
    case "userMessage":
      return <UserMessage item={item} />;
    case "message":
      return <Prose text={writing ?? item.text} writing={entry.open ?? false} />;
    case "reasoning":
      return (
        <Fold
          id={entry.itemId}
          context={context}
          initially={entry.open ?? false}
          head={
            <>
              <Icon name="lightbulb" />
              <span class="fold-title">{entry.open ? "Thinking…" : "Thought"}</span>
              <span class="faint one-line">{firstLine(writing ?? item.text)}</span>
            </>
          }
        >
          <Prose text={writing ?? item.text} writing={entry.open ?? false} />
        </Fold>
      );
    case "toolCall":
      return <Tool entry={entry} item={item} printed={writing} context={context} />;
    case "plan":
      return <PlanView plan={item} />;
    case "notice":
      return (
        <p class={`notice-text ${item.level ?? "info"}`}>
          <Icon
            name={item.level === "error" ? "error" : item.level === "warning" ? "warning" : "info"}
          />
          <span>{worded(item.text, item.remedies)}</span>
        </p>
      );
    default:
      return (
        <Fold
          id={entry.itemId}
          context={context}
          initially={false}
          head={
            <>
              <Icon name="question" />
              <span class="fold-title">Not understood</span>
              <span class="faint one-line">{item.reason}</span>
            </>
          }
        >
          <pre class="output">{item.raw}</pre>
        </Fold>
      );
  }
}

function UserMessage({ item }: { item: Item & { type: "userMessage" } }) {
  return (
    <>
      <div class="said-by">
        <Icon name="account" />{" "}
        <span>{item.by?.startsWith("agent:") ? "Another agent" : "You"}</span>
      </div>
      {item.content.map((block, index) => {
        if (block.type === "text")
          return (
            <div key={index} class="plain">
              {block.text}
            </div>
          );
        if (block.type === "image") {
          return (
            <img
              key={index}
              class="picture"
              alt="A picture of the prompt"
              src={`data:${block.mimeType};base64,${block.data}`}
            />
          );
        }
        const name = block.type === "resource_link" ? block.name : block.uri;
        const line = block.type === "resource_link" && block.line ? block.line : undefined;
        return (
          <button
            key={index}
            type="button"
            class="chip"
            onClick={() => act({ do: "openFile", path: fileOf(block.uri), line })}
          >
            <Icon name="file" /> {name}
            {line ? `:${line}` : ""}
          </button>
        );
      })}
    </>
  );
}

function fileOf(uri: string): string {
  return uri.startsWith("file://") ? decodeURIComponent(new URL(uri).pathname) : uri;
}

/** Markdown; while it is written, with a cursor at its end. */
export function Prose({ text, writing }: { text: string; writing: boolean }) {
  return <div class={`prose${writing ? " writing" : ""}`}>{markdown(text, !writing)}</div>;
}

interface FoldProps {
  id: string;
  context: ItemContext;
  initially: boolean;
  head: ComponentChildren;
  children: ComponentChildren;
  tone?: string;
}

function Fold({ id, context, initially, head, children, tone }: FoldProps) {
  // What was found may be inside.
  const open = context.open.get(id) ?? (initially || context.onShow !== undefined);
  return (
    <div class={`fold ${tone ?? ""} ${open ? "open" : ""}`}>
      <button
        type="button"
        class="fold-head"
        aria-expanded={open}
        onClick={() => context.onOpen(id, !open)}
      >
        <Icon name={open ? "chevron-down" : "chevron-right"} />
        {head}
      </button>
      {open ? <div class="fold-body">{children}</div> : null}
    </div>
  );
}

const TOOL_ICONS: Record<ToolKind, string> = {
  read: "book",
  edit: "edit",
  delete: "trash",
  move: "arrow-right",
  search: "search",
  execute: "terminal",
  think: "lightbulb",
  fetch: "globe",
  switch_mode: "settings",
  other: "tools",
};

function Tool({
  entry,
  item,
  printed,
  context,
}: {
  entry: TranscriptItem;
  item: ToolCall;
  /** Its output so far, while it runs. */
  printed: string | undefined;
  context: ItemContext;
}) {
  const content = item.content ?? [];
  const diffs = content.filter((part): part is ToolDiff => part.type === "diff");
  const status = item.status ?? "pending";
  const failed = status === "failed";
  return (
    <Fold
      id={entry.itemId}
      context={context}
      initially={diffs.length > 0 || failed}
      tone={`tool ${status}`}
      head={
        <>
          <Icon name={TOOL_ICONS[item.tool ?? "other"] ?? "tools"} label={item.tool ?? "tool"} />
          <span class={`fold-title one-line ${item.tool === "execute" ? "mono" : ""}`}>
            {item.title}
          </span>
          {diffs.map((diff, index) => (
            <Counts key={index} diff={diff} />
          ))}
          <span class="spacer" />
          {entry.endedAt && entry.endedAt - entry.at >= 100 ? (
            <span class="faint">{durationWords(entry.endedAt - entry.at)}</span>
          ) : null}
          <StatusMark status={status} />
        </>
      }
    >
      <Places item={item} context={context} />
      {content.map((part, index) => (
        <Content key={index} part={part} entry={entry} context={context} />
      ))}
      {printed ? <pre class="output">{printed}</pre> : null}
      {content.length === 0 && item.input !== undefined ? <Json value={item.input} /> : null}
    </Fold>
  );
}

function Counts({ diff }: { diff: ToolDiff }) {
  const { added, removed } = counts(diff);
  return (
    <span class="counts">
      <span class="plus">+{added}</span> <span class="minus">−{removed}</span>
    </span>
  );
}

const MARKS: Record<string, [icon: string, words: string]> = {
  pending: ["circle-outline", "Waits"],
  inProgress: ["loading~spin", "Running"],
  completed: ["check", "Done"],
  failed: ["error", "Failed"],
  cancelled: ["circle-slash", "Cancelled"],
};

function StatusMark({ status }: { status: string }) {
  const [icon, words] = MARKS[status] ?? ["circle-outline", status];
  return (
    <span class={`status-mark ${status}`}>
      <Icon name={icon} label={words} />
    </span>
  );
}

function Places({ item, context }: { item: ToolCall; context: ItemContext }) {
  const places = (item.locations ?? []).filter(({ path }) => path !== context.root);
  if (places.length === 0) return null;
  return (
    <div class="places">
      {places.map(({ path, line }, index) => (
        <button
          key={index}
          type="button"
          class="chip"
          title={path}
          onClick={() => act({ do: "openFile", path, line: line ?? undefined })}
        >
          <Icon name="go-to-file" /> {shortPath(path, context.root)}
          {line ? `:${line}` : ""}
        </button>
      ))}
    </div>
  );
}

function Content({
  part,
  entry,
  context,
}: {
  part: ToolContent;
  entry: TranscriptItem;
  context: ItemContext;
}) {
  switch (part.type) {
    case "text":
      return <Output text={part.text} />;
    case "image":
      return (
        <img
          class="picture"
          alt="What the tool showed"
          src={`data:${part.mimeType};base64,${part.data}`}
        />
      );
    case "terminal":
      return (
        <>
          <Output text={part.output ?? ""} />
          {part.exitCode ? <p class="faint">Exit code {part.exitCode}</p> : null}
        </>
      );
    case "diff":
      return (
        <div class="diff-box">
          <div class="diff-head">
            <span class="mono one-line">{shortPath(part.path, context.root)}</span>
            <span class="spacer" />
            <IconButton
              icon="diff"
              label="Open as Diff"
              onClick={() =>
                act({
                  do: "openDiff",
                  agent: context.agentId,
                  path: part.path,
                  turnId: entry.turnId ?? undefined,
                })
              }
            />
          </div>
          <Diff diff={part} />
        </div>
      );
    default:
      return null;
  }
}

const SHOWN = 4_000;

function Output({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const shown = all || text.length <= SHOWN ? text : text.slice(0, SHOWN);
  if (!text) return null;
  return (
    <>
      <pre class="output">{shown}</pre>
      {shown.length < text.length ? (
        <button type="button" class="link" onClick={() => setAll(true)}>
          Show all ({sizeWords(text.length)})
        </button>
      ) : null}
    </>
  );
}

function Json({ value }: { value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return <pre class="output">{highlighted(text, "json")}</pre>;
}

function PlanView({ plan }: { plan: Plan }) {
  const entries = plan.entries ?? [];
  const done = entries.filter((entry) => entry.status === "completed").length;
  return (
    <div class="plan-box">
      <div class="plan-head">
        <Icon name="checklist" />
        <span class="fold-title">Plan</span>
        <progress max={entries.length} value={done} aria-label="Progress of the plan" />
        <span class="faint">
          {done} of {entries.length}
        </span>
      </div>
      <ol class="plan-entries">
        {entries.map((entry, index) => (
          <li key={index} class={entry.status ?? "pending"}>
            <StatusMark status={entry.status ?? "pending"} />
            <span>{entry.text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** More than anybody reads here; a browser takes its time with more. */
const LARGEST = 500_000;

/** Fetches and shows an item that the page has cut. */
function Whole({ entry, agentId }: { entry: TranscriptItem; agentId: string }) {
  const [text, setText] = useState<string>();
  const [isLoading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    try {
      const whole = await request("athena/item/get", { agent: agentId, itemId: entry.itemId });
      setText(copyText(whole.item));
    } catch (error) {
      setText((error as Error).message);
    }
    setLoading(false);
  };
  if (text === undefined) {
    return (
      <button type="button" class="link" disabled={isLoading} onClick={() => void load()}>
        {isLoading ? "Loading…" : "This is only the beginning. Show all"}
      </button>
    );
  }
  return (
    <>
      <pre class="output whole">{text.slice(0, LARGEST)}</pre>
      {text.length > LARGEST ? (
        <p class="faint">
          The first {sizeWords(LARGEST)} of {sizeWords(text.length)}.{" "}
          <button type="button" class="link" onClick={() => copy(text)}>
            Copy all of it
          </button>
        </p>
      ) : null}
    </>
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

function copy(text: string): void {
  void navigator.clipboard.writeText(text);
}
