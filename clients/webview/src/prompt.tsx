/** The box for the next prompt: queue or steer, files, mode and model as the harness offers them. */
import { useEffect, useRef, useState } from "preact/hooks";
import { act, request } from "./host.ts";
import { Icon, IconButton } from "./icons.tsx";
import type { Attachment } from "./messages.ts";
import type { AgentDetail, ContentBlock, Option, QueuedPrompt, SlashCommand } from "./protocol.ts";
import { isWorking, plainText } from "./words.ts";

interface Props {
  agent: AgentDetail;
  attached: readonly Attachment[];
  onAttached: (files: readonly Attachment[]) => void;
  onSent: () => void;
}

const LONGEST_BOX = 240;

export function PromptBox({ agent, attached, onAttached, onSent }: Props) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const box = useRef<HTMLTextAreaElement>(null);
  const working = isWorking(agent);
  const canSteer = agent.capabilities?.steer !== "no";
  const ended = agent.archived ?? false;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(LONGEST_BOX, element.scrollHeight)}px`;
  }, [text]);

  const send = async (method: "athena/agent/prompt" | "athena/agent/steer") => {
    if (!text.trim() && attached.length === 0) return;
    const content: ContentBlock[] = attached.map((file) => ({ type: "resource_link", ...file }));
    try {
      await request(method, {
        agent: agent.id,
        commandId: crypto.randomUUID(),
        ...(text.trim() ? { text } : {}),
        ...(content.length ? { content } : {}),
      });
      setText("");
      setProblem(undefined);
      onAttached([]);
      onSent();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void send(
        working && canSteer && event.ctrlKey ? "athena/agent/steer" : "athena/agent/prompt",
      );
    }
    if (event.key === "@" && !event.isComposing) {
      // The sign itself is typed too; whoever does not want a file goes on typing.
      act({ do: "pickFiles" });
    }
  };

  return (
    <footer class="prompt">
      <Queue agentId={agent.id} queue={agent.queue ?? []} onProblem={setProblem} />
      {problem ? (
        <p class="problem" role="alert">
          <Icon name="error" /> {problem}
        </p>
      ) : null}
      <SlashCommands text={text} commands={agent.capabilities?.commands ?? []} onPick={setText} />
      <div class="prompt-box" onDragOver={onDragOver} onDrop={onDrop}>
        {attached.length ? (
          <div class="places">
            {attached.map((file) => (
              <button
                key={file.uri}
                type="button"
                class="chip"
                title="Remove"
                aria-label={`Remove ${file.name}`}
                onClick={() => onAttached(attached.filter((other) => other !== file))}
              >
                <Icon name="file" /> {file.name} <Icon name="close" />
              </button>
            ))}
          </div>
        ) : null}
        <textarea
          ref={box}
          id="prompt"
          rows={1}
          value={text}
          disabled={ended}
          aria-label="Prompt"
          placeholder={placeholder(agent, working, canSteer)}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <div class="prompt-tools">
          <IconButton
            icon="mention"
            label="Attach Files"
            onClick={() => act({ do: "pickFiles" })}
          />
          <Pickers agent={agent} onProblem={setProblem} />
          <span class="spacer" />
          {working && canSteer ? (
            <IconButton
              icon="milestone"
              label="Steer: Into the Running Turn (Ctrl+Enter)"
              disabled={!text.trim()}
              onClick={() => void send("athena/agent/steer")}
            />
          ) : null}
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
          <IconButton
            icon={working ? "list-ordered" : "send"}
            label={working ? "Queue (Enter)" : "Send (Enter)"}
            disabled={ended || (!text.trim() && attached.length === 0)}
            onClick={() => void send("athena/agent/prompt")}
          />
        </div>
      </div>
    </footer>
  );
}

const URIS = "text/uri-list";

function onDragOver(event: DragEvent): void {
  if (event.dataTransfer?.types.includes(URIS)) event.preventDefault();
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
  if (!working) return `Prompt ${agent.name}`;
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
            label="Take Back"
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

interface SlashProps {
  text: string;
  commands: readonly SlashCommand[];
  onPick: (text: string) => void;
}

function SlashCommands({ text, commands, onPick }: SlashProps) {
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase();
  const fitting =
    typed === undefined ? [] : commands.filter((c) => c.name.toLowerCase().startsWith(typed));
  if (fitting.length === 0) return null;
  return (
    <ul class="slash" aria-label="Commands of the harness">
      {fitting.slice(0, 8).map(({ name, description, hint }) => (
        <li key={name}>
          <button type="button" onClick={() => onPick(`/${name} `)}>
            <span class="mono">/{name}</span>{" "}
            <span class="faint">
              {hint ? `<${hint}> ` : ""}
              {description}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Mode, model and the other options that the harness offers. */
function Pickers({ agent, onProblem }: { agent: AgentDetail; onProblem: (words: string) => void }) {
  const { modes = [], models = [], options = [] } = agent.capabilities ?? {};
  const running = Boolean(agent.runId);
  const watch = (sent: Promise<unknown>) => {
    sent.catch((error: Error) => onProblem(error.message));
  };
  const others = options.filter((o: Option) => o.category !== "mode" && o.category !== "model");
  return (
    <>
      {modes.length ? (
        <Picker
          label="Mode"
          value={agent.mode ?? ""}
          choices={modes}
          disabled={!running}
          onPick={(mode) => watch(request("athena/agent/setMode", { agent: agent.id, mode }))}
        />
      ) : null}
      {models.length ? (
        <Picker
          label="Model"
          value={agent.model ?? ""}
          choices={models}
          disabled={!running}
          onPick={(model) => watch(request("athena/agent/setModel", { agent: agent.id, model }))}
        />
      ) : null}
      {others.map((option) =>
        option.choices?.length ? (
          <Picker
            key={option.id}
            label={option.name}
            value={String(option.current ?? "")}
            choices={option.choices}
            disabled={!running}
            onPick={(value) =>
              watch(
                request("athena/agent/setOption", { agent: agent.id, option: option.id, value }),
              )
            }
          />
        ) : null,
      )}
    </>
  );
}

interface PickerProps {
  label: string;
  value: string;
  choices: readonly { id: string; name: string; description?: string }[];
  disabled: boolean;
  onPick: (id: string) => void;
}

function Picker({ label, value, choices, disabled, onPick }: PickerProps) {
  const known = choices.some(({ id }) => id === value);
  return (
    <select
      class="picker"
      aria-label={label}
      title={label}
      disabled={disabled}
      value={value}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {known ? null : <option value={value}>{value || label}</option>}
      {choices.map(({ id, name, description }) => (
        <option key={id} value={id} title={description ?? ""}>
          {name}
        </option>
      ))}
    </select>
  );
}
