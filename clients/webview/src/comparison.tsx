import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { act, listen, request } from "./host.ts";
import { Icon, IconButton } from "./icons.tsx";
import { Prose } from "./items.tsx";
import type {
  ChangedFile,
  ComparedAgent,
  Comparison,
  EventBatch,
  Status,
  TranscriptItem,
} from "./protocol.ts";
import { costWords, countWords, durationWords, isWorking, STATUS, tokenWords } from "./words.ts";

/** A changed file; `repository` names one of the agent's others. */
type FileHere = ChangedFile & { repository?: string };

interface Known {
  comparison: Comparison;
  files: ReadonlyMap<string, readonly FileHere[]>;
  messages: ReadonlyMap<string, readonly TranscriptItem[]>;
}

const MOST_MESSAGES = 50;

/** What changes a column. What an agent writes and does meanwhile is read in its transcript. */
const KINDS = ["turnStarted", "turnEnded", "runEnded", "itemCompleted", "requestOpened"];

/** Two to four agents side by side: what they said, took and changed. */
export function ComparisonView({ agents }: { agents: readonly string[] }) {
  const [known, setKnown] = useState<Known>();
  const [problem, setProblem] = useState<string>();

  const loading = useRef<"no" | "yes" | "again">("no");
  const load = useCallback(async (): Promise<void> => {
    // A comparison reads whole transcripts: what changes while one is on its way waits for it.
    if (loading.current !== "no") {
      loading.current = "again";
      return;
    }
    loading.current = "yes";
    try {
      const comparison = await request("athena/comparison/get", { agents: [...agents] });
      const sets = await Promise.all(agents.map(filesOf));
      const said = await Promise.all(agents.map(messagesOf));
      setKnown({
        comparison,
        files: new Map(agents.map((agent, index) => [agent, sets[index] ?? []])),
        messages: new Map(agents.map((agent, index) => [agent, said[index] ?? []])),
      });
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
    const again = (loading.current as string) === "again";
    loading.current = "no";
    if (again) return load();
  }, [agents.join()]);

  useEffect(() => {
    let subscription: string | undefined;
    const stop = listen((message) => {
      if (message.type === "connection" && message.connected) {
        void load();
        request("athena/event/subscribe", {
          agents: [...agents],
          kinds: KINDS,
          intervalMs: 1000,
        }).then(
          (begun) => (subscription = begun.subscriptionId),
          (error: Error) => setProblem(error.message),
        );
      }
      if (
        message.type === "told" &&
        (message.params as EventBatch).subscriptionId === subscription
      ) {
        void load();
      }
    });
    return () => {
      stop();
    };
  }, [load]);

  if (problem && !known) {
    return (
      <p class="banner bad" role="alert">
        <Icon name="error" /> {problem}
      </p>
    );
  }
  if (!known) return <p class="empty">Loading…</p>;
  const { comparison, files, messages } = known;
  const best = bestOf(comparison.agents.filter(isOver));
  return (
    <main class="comparison" style={{ "--columns": comparison.agents.length }}>
      {comparison.agents.map((agent) => (
        <Column
          key={agent.agentId}
          agent={agent}
          best={isOver(agent) ? best : {}}
          files={files.get(agent.agentId) ?? []}
          alsoIn={(file) =>
            comparison.agents.filter(
              (other) =>
                other.agentId !== agent.agentId &&
                files.get(other.agentId)?.some((one) => keyOf(one) === keyOf(file)),
            )
          }
          messages={messages.get(agent.agentId) ?? []}
        />
      ))}
    </main>
  );
}

type Best = Partial<Record<keyof ComparedAgent, number>>;

interface ColumnProps {
  agent: ComparedAgent;
  best: Best;
  files: readonly FileHere[];
  /** The other agents that changed a file. */
  alsoIn: (file: FileHere) => readonly ComparedAgent[];
  messages: readonly TranscriptItem[];
}

function Column({ agent, best, files, alsoIn, messages }: ColumnProps) {
  const status = STATUS[agent.status as Status];
  const id = agent.agentId;
  return (
    <section class="column" aria-label={agent.name}>
      <header class="column-head">
        <h2 class="one-line">{agent.name}</h2>
        <span class={`badge ${status?.tone ?? ""}`}>
          <Icon name={status?.icon ?? "circle-outline"} /> {status?.words ?? agent.status}
        </span>
        <p class="faint one-line">{[agent.harness, agent.model].filter(Boolean).join(" · ")}</p>
        <div class="buttons">
          <button
            type="button"
            class="primary"
            disabled={files.length === 0}
            title={files.length === 0 ? "It changed no file" : ""}
            onClick={() =>
              act({ do: "command", command: "athena.merge.run", argument: { agent: id } })
            }
          >
            Take This One
          </button>
          <IconButton
            icon="diff"
            label="Show Changes"
            onClick={() =>
              act({ do: "command", command: "athena.changeset.get", argument: { agent: id } })
            }
          />
          <IconButton
            icon="comment-discussion"
            label="Open Transcript"
            onClick={() =>
              act({ do: "command", command: "athena.transcript.open", argument: { agent: id } })
            }
          />
        </div>
      </header>
      <dl class="numbers">
        <Figure name="Changes">
          {agent.files} {agent.files === 1 ? "file" : "files"}{" "}
          <span class="plus">+{agent.additions}</span> <span class="minus">−{agent.deletions}</span>
        </Figure>
        <Figure name="Commands" best={best.failedCommands === agent.failedCommands}>
          {agent.commands} run, {agent.failedCommands} failed
        </Figure>
        <Figure name="Tests" best={agent.testsPassed === true && best.testsPassed === 1}>
          <Tests agent={agent} />
        </Figure>
        <Figure name="Tool calls">{agent.toolCalls}</Figure>
        <Figure name="Turns">{agent.turns}</Figure>
        <Figure name="Time" best={best.durationMs === agent.durationMs}>
          {timeWords(agent)}
        </Figure>
        <Figure name="Tokens" best={best.outputTokens === agent.outputTokens}>
          {tokenWords(agent.inputTokens)} in, {tokenWords(agent.outputTokens)} out
        </Figure>
        <Figure name="Cost" best={agent.cost !== undefined && best.cost === agent.cost.amount}>
          {agent.cost ? `${costWords(agent.cost)} (${agent.cost.source})` : "not known"}
        </Figure>
      </dl>
      <h3>Files</h3>
      <ul class="files">
        {files.map((file) => (
          <li key={keyOf(file)}>
            <button
              type="button"
              class="link one-line"
              title={keyOf(file)}
              onClick={() => act({ do: "openDiff", agent: id, ...placeOf(file) })}
            >
              {keyOf(file)}
            </button>
            <span class="counts">
              <span class="plus">+{file.additions ?? 0}</span>{" "}
              <span class="minus">−{file.deletions ?? 0}</span>
            </span>
            {alsoIn(file).map((other) => (
              <IconButton
                key={other.agentId}
                icon="git-compare"
                label={`Compare with ${other.name}`}
                onClick={() =>
                  act({ do: "compareFile", agents: [id, other.agentId], ...placeOf(file) })
                }
              />
            ))}
            <IconButton
              icon="desktop-download"
              label={`Take ${keyOf(file)}`}
              onClick={() =>
                act({
                  do: "command",
                  command: "athena.review.take",
                  argument: { agent: id, repository: file.repository, paths: [file.path] },
                })
              }
            />
          </li>
        ))}
        {files.length === 0 ? <li class="faint">No file changed</li> : null}
      </ul>
      <Messages said={messages} />
    </section>
  );
}

/** Whether an agent has ended what it does; before that its numbers are no result. */
function isOver(agent: ComparedAgent): boolean {
  return !isWorking(agent as { status: Status }) && agent.status !== "starting";
}

/** The time of the turns that are over. */
function timeWords(agent: ComparedAgent): string {
  if (isOver(agent)) return durationWords(agent.durationMs);
  return agent.durationMs ? `${durationWords(agent.durationMs)} so far` : "running";
}

/** How the last run of tests ended, as far as a command says that it is one. */
function Tests({ agent }: { agent: ComparedAgent }) {
  if (!agent.testRuns) return <>none run</>;
  const { testsPassed: passed } = agent;
  const words = passed === undefined ? "running" : passed ? "passed" : "failed";
  const runs = agent.testRuns > 1 ? `, ${countWords(agent.testRuns, "run")}` : "";
  return (
    <span class={passed === false ? "minus" : ""} title={agent.lastTest ?? ""}>
      {words}
      {runs}
    </span>
  );
}

/** The last message; those before it unfold. */
function Messages({ said }: { said: readonly TranscriptItem[] }) {
  const [all, setAll] = useState(false);
  const texts = said.flatMap(({ itemId, item }) =>
    item.type === "message" && item.text ? [{ itemId, text: item.text }] : [],
  );
  const shown = all ? texts : texts.slice(-1);
  return (
    <>
      <h3>{all ? "Messages" : "Last message"}</h3>
      {texts.length > 1 ? (
        <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Only the last" : `Show ${countWords(texts.length - 1, "earlier message")}`}
        </button>
      ) : null}
      {shown.map(({ itemId, text }) => (
        <Prose key={itemId} text={text} writing={false} />
      ))}
      {texts.length === 0 ? <p class="faint">Nothing was said.</p> : null}
    </>
  );
}

/** What an agent changed, in its own repository and in its others. */
async function filesOf(agent: string): Promise<readonly FileHere[]> {
  const { workspace } = await request("athena/agent/get", { agent });
  const places = [...(workspace?.also ?? []), ...(workspace?.submodules ?? [])];
  const others = places.map(({ name }) => ({ repository: name }));
  const sets = [{}, ...others].map(async (place) => {
    const asked = { agent, ...place, scope: "base" } as const;
    const { files } = await request("athena/changeset/get", asked);
    return files.map((file) => ({ ...file, ...place }));
  });
  return (await Promise.all(sets)).flat();
}

function placeOf({ repository, path }: FileHere): { repository?: string; path: string } {
  return repository ? { repository, path } : { path };
}

/** A file by where it is, as it is shown. */
function keyOf({ repository, path }: FileHere): string {
  return repository ? `${repository}/${path}` : path;
}

async function messagesOf(agent: string): Promise<readonly TranscriptItem[]> {
  const asked = { agent, types: ["message"], limit: MOST_MESSAGES };
  return (await request("athena/transcript/page", asked)).items;
}

function Figure({
  name,
  best,
  children,
}: {
  name: string;
  best?: boolean;
  children: ComponentChildren;
}) {
  return (
    <>
      <dt>{name}</dt>
      <dd class={best ? "best" : ""}>{children}</dd>
    </>
  );
}

/** The least of each number, where the agents differ in it. */
function bestOf(agents: readonly ComparedAgent[]): Best {
  const least = (values: number[]) => {
    const found = Math.min(...values);
    return values.some((value) => value !== found) ? found : undefined;
  };
  const best: Best = {};
  const time = least(agents.map((agent) => agent.durationMs));
  const failed = least(agents.map((agent) => agent.failedCommands));
  const cost = least(agents.flatMap((agent) => agent.cost?.amount ?? []));
  if (time !== undefined) best.durationMs = time;
  if (failed !== undefined) best.failedCommands = failed;
  if (cost !== undefined) best.cost = cost;
  const tokens = least(agents.map((agent) => agent.outputTokens).filter(Boolean));
  if (tokens !== undefined) best.outputTokens = tokens;
  const passed = agents.map((agent) => agent.testsPassed);
  if (passed.includes(true) && !passed.every(Boolean)) best.testsPassed = 1;
  return best;
}
