/** The box for the next prompt: queue or steer, files, mode and model as the harness offers them. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useCompletion, type Completion } from "./completion.ts";
import { act, CONNECTION_LOST, request, RequestError } from "./host.ts";
import { Icon, IconButton } from "./icons.tsx";
import type { Attachment } from "./messages.ts";
import { offerId, Offers, OFFERS_ID } from "./offers.tsx";
import { Pickers } from "./pickers.tsx";
import { picturesOf } from "./pictures.ts";
import type { AgentDetail, ContentBlock, QueuedPrompt } from "./protocol.ts";
import { isWorking, plainText } from "./words.ts";

interface Props {
  agent: AgentDetail;
  /** What was written before the window was loaded anew. */
  draft: string;
  onDraft: (text: string) => void;
  attached: readonly Attachment[];
  onAttached: OnAttached;
  onSent: () => void;
}

/** Files may come from several sides at once, so what is said is how they change. */
type OnAttached = (change: (files: readonly Attachment[]) => readonly Attachment[]) => void;

const LONGEST_BOX = 240;

export function PromptBox({ agent, draft, onDraft, attached, onAttached, onSent }: Props) {
  const [text, setText] = useState(draft);
  const [caret, setCaret] = useState(draft.length);
  const [problem, setProblem] = useState<string>();
  const box = useRef<HTMLTextAreaElement>(null);
  /** The same prompt has the same name when it is sent again, so that it is there once. */
  const named = useRef<{ said: string; id: string }>({ said: "", id: "" });
  /** The files that were completed into the text, by their paths there. */
  const mentioned = useRef(new Map<string, string>());
  /** Where the caret goes behind what was completed. */
  const completedTo = useRef<number | undefined>(undefined);
  const completion = useCompletion(agent, text, caret);
  const working = isWorking(agent);
  const canSteer = agent.capabilities?.steer !== "no";
  const ended = agent.archived ?? false;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(LONGEST_BOX, element.scrollHeight)}px`;
    // Before the next key, which is to come behind it.
    const end = completedTo.current;
    completedTo.current = undefined;
    if (end !== undefined) element.setSelectionRange(end, end);
  }, [text]);
  useEffect(() => onDraft(text), [text]);
  // An agent that was asked for nothing yet is there to be asked.
  useEffect(() => {
    if (!agent.turns && !agent.queue?.length) box.current?.focus();
  }, []);

  const send = async (method: "athena/agent/prompt" | "athena/agent/steer") => {
    if (!text.trim() && attached.length === 0) return;
    const content = contentOf(text, attached, mentioned.current);
    const said = JSON.stringify([text, content]);
    if (named.current.said !== said) named.current = { said, id: crypto.randomUUID() };
    try {
      await request(method, {
        agent: agent.id,
        commandId: named.current.id,
        ...(text.trim() ? { text } : {}),
        ...(content.length ? { content } : {}),
      });
      named.current = { said: "", id: "" };
      const rest = sinceSent(box.current?.value ?? "", text);
      for (const path of mentioned.current.keys())
        if (!rest.includes(`@${path}`)) mentioned.current.delete(path);
      setText(rest);
      setProblem(undefined);
      onAttached((now) => now.filter((file) => !attached.includes(file)));
      onSent();
    } catch (error) {
      const isLost = error instanceof RequestError && error.code === CONNECTION_LOST;
      setProblem(isLost ? LOST : (error as Error).message);
    }
  };

  const pick = (index: number) => {
    const { typed, offers } = completion;
    const offer = offers[index];
    if (!offer || !typed) return;
    if (offer.uri) mentioned.current.set(offer.text.trim().slice(1), offer.uri);
    const end = typed.start + offer.text.length;
    setText(text.slice(0, typed.start) + offer.text + text.slice(caret));
    setCaret(end);
    completedTo.current = end;
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || choosesBy(event, completion, pick)) return;
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    const steers = working && canSteer && (event.ctrlKey || event.metaKey);
    void send(steers ? "athena/agent/steer" : "athena/agent/prompt");
  };
  const addPictures = (files: FileList | undefined) => {
    if (agent.capabilities?.images === "no") setProblem("This harness takes no pictures.");
    else
      picturesOf(files ?? []).then(
        (found) => onAttached((now) => [...now, ...found]),
        (error: Error) => setProblem(error.message),
      );
  };
  const onFiles = (event: Event, data: DataTransfer | null) => {
    if (![...(data?.files ?? [])].some(({ type }) => type.startsWith("image/"))) return false;
    event.preventDefault();
    addPictures(data?.files);
    return true;
  };

  return (
    <footer class="prompt">
      <Queue agentId={agent.id} queue={agent.queue ?? []} onProblem={setProblem} />
      {problem ? (
        <p class="problem" role="alert">
          <Icon name="error" /> {problem}
        </p>
      ) : null}
      <div
        class="prompt-box"
        onDragOver={onDragOver}
        onDrop={(event) => onFiles(event, event.dataTransfer) || onDrop(event)}
      >
        <Offers completion={completion} onPick={pick} />
        <Attached files={attached} onAttached={onAttached} />
        <textarea
          ref={box}
          id="prompt"
          rows={1}
          value={text}
          disabled={ended}
          aria-label="Prompt"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          {...(completion.offers.length
            ? {
                "aria-controls": OFFERS_ID,
                "aria-activedescendant": offerId(completion.index),
              }
            : {})}
          placeholder={placeholder(agent, working, canSteer)}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setCaret(event.currentTarget.selectionStart);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onBlur={completion.close}
          onPaste={(event) => void onFiles(event, event.clipboardData)}
          onKeyDown={onKeyDown}
        />
        <div class="prompt-tools">
          <IconButton icon="attach" label="Attach Files" onClick={() => act({ do: "pickFiles" })} />
          <Pickers agent={agent} onProblem={setProblem} />
          <span class="spacer" />
          {working ? (
            <IconButton
              icon="debug-stop"
              label="Interrupt"
              onClick={() => {
                request("athena/agent/interrupt", { agent: agent.id }).catch((error: Error) =>
                  setProblem(error.message),
                );
              }}
            />
          ) : null}
          {working && canSteer ? (
            <IconButton
              icon="milestone"
              label="Steer"
              tip="Steer: into the running turn (Ctrl+Enter)"
              text
              disabled={!text.trim()}
              onClick={() => void send("athena/agent/steer")}
            />
          ) : null}
          <IconButton
            icon={working ? "list-ordered" : "send"}
            label={working ? "Queue" : "Send"}
            tip={working ? "Queue: after the running turn (Enter)" : "Send (Enter)"}
            text={working}
            disabled={ended || (!text.trim() && attached.length === 0)}
            onClick={() => void send("athena/agent/prompt")}
          />
        </div>
      </div>
    </footer>
  );
}

const LOST =
  "The connection was lost before Athena answered. Send it again: it will not be there twice.";

/** What the box holds beyond a prompt that was sent: whoever writes on does not wait for Athena. */
function sinceSent(now: string, sent: string): string {
  return now.startsWith(sent) ? now.slice(sent.length).trimStart() : now;
}

/** What goes with the text: files and pictures that are attached, and files that it mentions. */
function contentOf(
  text: string,
  attached: readonly Attachment[],
  mentioned: ReadonlyMap<string, string>,
): ContentBlock[] {
  const links = [...mentioned]
    .filter(([path]) => text.includes(`@${path}`))
    .map(([name, uri]): ContentBlock => ({ type: "resource_link", uri, name }));
  const others = attached.map(({ picture, ...file }): ContentBlock =>
    picture ? { type: "image", ...picture } : { type: "resource_link", ...file },
  );
  return [...others, ...links];
}

/** The keys that choose among what is offered; whether it was one. */
function choosesBy(
  event: KeyboardEvent,
  { offers, index, move, close }: Completion,
  pick: (index: number) => void,
): boolean {
  if (offers.length === 0 || event.shiftKey || event.ctrlKey || event.altKey) return false;
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => pick(index),
    Tab: () => pick(index),
    Escape: close,
  };
  const chosen = keys[event.key];
  if (!chosen) return false;
  event.preventDefault();
  chosen();
  return true;
}

interface AttachedProps {
  files: readonly Attachment[];
  onAttached: OnAttached;
}

function Attached({ files, onAttached }: AttachedProps) {
  if (files.length === 0) return null;
  return (
    <div class="places">
      {files.map((file) => (
        <button
          key={file.uri}
          type="button"
          class="chip"
          title="Remove"
          aria-label={`Remove ${file.name}`}
          onClick={() => onAttached((now) => now.filter((other) => other !== file))}
        >
          {file.picture ? (
            <img alt="" src={`data:${file.picture.mimeType};base64,${file.picture.data}`} />
          ) : (
            <Icon name="file" />
          )}{" "}
          {file.name} <Icon name="close" />
        </button>
      ))}
    </div>
  );
}

const URIS = "text/uri-list";

function onDragOver(event: DragEvent): void {
  const types = event.dataTransfer?.types ?? [];
  if (types.includes(URIS) || types.includes("Files")) event.preventDefault();
}

/** Files go with the prompt; the editor knows what its addresses mean. */
function onDrop(event: DragEvent): void {
  const list = event.dataTransfer?.getData(URIS) ?? "";
  const uris = list.split(/\r?\n/).filter((line) => line && !line.startsWith("#"));
  if (uris.length === 0) return;
  event.preventDefault();
  act({ do: "attach", uris });
}

function placeholder(agent: AgentDetail, working: boolean, canSteer: boolean): string {
  if (agent.archived) return "This agent is archived.";
  if (!working) {
    const again = agent.runId ? "" : ", which starts it again";
    return `Prompt ${agent.name}${again} (@ for a file, / for a command)`;
  }
  return canSteer ? "Queue a prompt, or Ctrl+Enter to steer now" : "Queue a prompt";
}

interface QueueProps {
  agentId: string;
  queue: readonly QueuedPrompt[];
  onProblem: (words: string) => void;
}

function Queue({ agentId, queue, onProblem }: QueueProps) {
  if (queue.length === 0) return null;
  return (
    <ul class="queue" aria-label="Prompts that wait">
      {queue.map(({ promptId, content }) => (
        <li key={promptId}>
          <Icon name="clock" />
          <span class="one-line">{plainText(content)}</span>
          <span class="spacer" />
          <IconButton
            icon="close"
            label="Withdraw"
            onClick={() => {
              request("athena/agent/withdraw", { agent: agentId, promptId }).catch((error: Error) =>
                onProblem(error.message),
              );
            }}
          />
        </li>
      ))}
    </ul>
  );
}
