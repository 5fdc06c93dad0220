import { FILTERS, type Filter } from "./filters.ts";
import { act } from "./host.ts";
import { Icon, IconButton } from "./icons.tsx";
import type { AgentDetail } from "./protocol.ts";
import type { Search } from "./search.ts";
import { costTip, costWords, countWords, STATUS, tokenWords } from "./words.ts";

interface Props {
  agent: AgentDetail | undefined;
  connected: boolean;
  problem: string | undefined;
  replay: boolean;
  search: Search;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

export function Header({ agent, connected, problem, replay, search, filter, onFilter }: Props) {
  return (
    <header class="header">
      <div class="header-row">
        {agent ? <Summary agent={agent} replay={replay} /> : <span class="faint">Loading…</span>}
        <span class="spacer" />
        <input
          id="search"
          type="search"
          class="search"
          placeholder="Search"
          aria-label="Search the transcript"
          value={search.text}
          onInput={(event) => search.set(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") search.set("");
          }}
        />
        <select
          class="picker"
          aria-label="Filter by kind"
          title="Filter by kind"
          value={filter}
          onChange={(event) => onFilter(event.currentTarget.value as Filter)}
        >
          {Object.entries(FILTERS).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {agent ? <Tools agent={agent} replay={replay} /> : null}
      </div>
      {!connected ? (
        <p class="banner" role="status">
          <Icon name={problem ? "warning" : "loading~spin"} />{" "}
          {problem ?? "Not connected; trying again. Agents go on working."}
        </p>
      ) : problem ? (
        <p class="banner bad" role="alert">
          <Icon name="error" /> {problem}
        </p>
      ) : null}
      {search.found ? (
        <p class="banner" role="status">
          {search.more ? "The newest " : ""}
          {countWords(search.found.length, "item")} with “{search.text.trim()}”
        </p>
      ) : null}
    </header>
  );
}

function Summary({ agent, replay }: { agent: AgentDetail; replay: boolean }) {
  const status = STATUS[agent.status];
  const { usage, context } = agent;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  const place = (
    <span class="faint one-line" title={agent.workspace?.path ?? agent.project}>
      {[agent.harness, agent.workspace?.branch].filter(Boolean).join(" · ")}
    </span>
  );
  // What the agent is and costs now says nothing of the moment that a replay shows.
  if (replay) {
    return (
      <>
        <span class="badge busy">
          <Icon name="debug-rerun" /> Replay
        </span>
        {place}
      </>
    );
  }
  const full = context?.size ? Math.round((100 * context.used) / context.size) : undefined;
  return (
    <>
      <span class={`badge ${agent.stalled ? "waits" : status.tone}`} title={agent.reason ?? ""}>
        <Icon name={agent.stalled ? "watch" : status.icon} />{" "}
        {agent.stalled ? "Silent" : status.words}
      </span>
      {place}
      {agent.cost ? (
        <span class="number-tag" title={costTip(agent.cost)}>
          {costWords(agent.cost)}
        </span>
      ) : null}
      {tokens ? (
        <span class="number-tag" title={`${usage?.inputTokens} in, ${usage?.outputTokens} out`}>
          {tokenWords(tokens)} tokens
        </span>
      ) : null}
      {full !== undefined ? (
        <span class="number-tag" title={`${context?.used} of ${context?.size} tokens of context`}>
          {full} % context
        </span>
      ) : null}
    </>
  );
}

function Tools({ agent, replay }: { agent: AgentDetail; replay: boolean }) {
  const run = (command: string) => () =>
    act({ do: "command", command, argument: { agent: agent.id } });
  return (
    <>
      <IconButton icon="diff" label="Show Changes" onClick={run("athena.changeset.get")} />
      <IconButton icon="git-merge" label="Merge Work" onClick={run("athena.merge.run")} />
      {replay ? (
        <IconButton
          icon="comment-discussion"
          label="Open Transcript"
          onClick={run("athena.transcript.open")}
        />
      ) : (
        <IconButton icon="debug-rerun" label="Open Replay" onClick={run("athena.replay.open")} />
      )}
    </>
  );
}
