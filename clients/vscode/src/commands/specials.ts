import { randomUUID } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import { chooseOne } from "../asking.ts";
import { costWords } from "../agents/status.ts";
import { answer, askFor } from "../inbox/answer.ts";
import type {
  AgentDetail,
  CommandId,
  FileAuthors,
  ForkAgent,
  ReadAuthors,
} from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { showDoctor } from "../doctor.ts";
import { undo, type Whose } from "../review/applied.ts";
import { named } from "../review/places.ts";
import type { Review } from "../review/review.ts";
import { setting } from "../settings.ts";
import { OFFERS, type Given } from "./offers.ts";
import { complete, run, type Special } from "./run.ts";
import { spawnAgent } from "./spawn.ts";
import { commandOf } from "./table.ts";

/** The commands that open something here instead of only sending a request. */
export function specials(athena: Athena, review: Review): Partial<Record<CommandId, Special>> {
  const { server, panels } = athena;
  const focus = (view: string) => () => vscode.commands.executeCommand(`${view}.focus`);
  const shown = (agent: AgentDetail | undefined) => {
    if (agent && setting("transcript.openOnSpawn")) {
      panels.show({ view: "transcript", agent: agent.id });
    }
    return agent;
  };
  return {
    "athena.agent.list": focus("athena.agents"),
    "athena.request.list": focus("athena.inbox"),
    "athena.workspace.list": focus("athena.workspaces"),
    "athena.system.doctor": () => showDoctor(athena),
    "athena.agent.spawn": async (given) => shown(await spawnAgent(athena, given)),
    "athena.agent.fork": async (given) => {
      const known = await complete(athena, commandOf("athena.agent.fork"), given);
      if (!known) return undefined;
      const request = { ...known, commandId: randomUUID() } as unknown as ForkAgent;
      return shown(await server.request("athena/agent/fork", request));
    },
    "athena.transcript.open": async (given) => {
      const known = await withAgent(athena, "athena.transcript.open", given);
      if (!known) return;
      const { agent, itemId, turnId } = known as {
        agent: string;
        itemId?: string;
        turnId?: string;
      };
      panels.show({
        view: "transcript",
        agent,
        ...(itemId ? { itemId } : {}),
        ...(turnId ? { turnId } : {}),
      });
    },
    "athena.comparison.get": async (given) => {
      const known = await complete(athena, commandOf("athena.comparison.get"), given);
      if (known) panels.show({ view: "comparison", agents: known["agents"] as string[] });
    },
    "athena.request.answer": async (given) => {
      const command = commandOf("athena.request.answer");
      if (given["option"] ?? given["answers"]) return run(athena, command, given);
      const known = await complete(athena, command, given);
      const request = athena.feed.request(String(known?.["requestId"]));
      const said = request && (await askFor(request));
      if (said) await answer(server, request.requestId, said);
      return undefined;
    },
    "athena.line.authors": async (given) => {
      const known = await complete(athena, commandOf("athena.line.authors"), given);
      const found =
        known && (await server.request("athena/line/authors", known as unknown as ReadAuthors));
      return found && chooseTurn(found, known["start"] !== known["end"]);
    },
    "athena.changeset.get": async (given) => {
      const known = await withAgent(athena, "athena.changeset.get", given);
      if (known) await review.openAll(known as { agent: string });
    },
    "athena.merge.run": async (given) => {
      const known = await withRepository(athena, "athena.merge.run", given);
      if (known) await review.merge(taken("athena.merge.run", known) as { agent: string });
    },
    "athena.revert.run": async (given) => {
      const known = await withRepository(athena, "athena.revert.run", given);
      if (known) await review.revert(known as { agent: string });
    },
    "athena.workspace.remove": async (given) => {
      const command = commandOf("athena.workspace.remove");
      const { path } = given;
      if (path === undefined) return run(athena, command, given);
      // What was left of an agent that is not known any more has a path, and no agent.
      const others = command.arguments.filter(({ source }) => source !== "agent");
      const orphan = { ...command, preset: { path }, arguments: others };
      const done = await run(athena, orphan, given);
      // No event tells of what belongs to no agent.
      await vscode.commands.executeCommand("athena.workspaces.refresh");
      return done;
    },
    "athena.revert.undo": async (given) => {
      const known = await withRepository(athena, "athena.revert.undo", given);
      if (!known) return undefined;
      // Without one it is the last, which Athena knows.
      const ref = known["ref"] as string | undefined;
      return undo(athena, known as unknown as Whose, ref);
    },
  };
}

/** Say which turns wrote the lines; the one that is chosen opens in its transcript. */
async function chooseTurn({ path: file, runs }: FileAuthors, several: boolean): Promise<void> {
  if (runs.length === 0) {
    const what = several ? "these lines" : "this line";
    void vscode.window.showInformationMessage(`No agent wrote ${what}.`);
    return;
  }
  const items = runs.map((run) => ({
    label: `$(comment) ${run.prompt.split("\n", 1)[0]}`,
    description: [run.agentName, costWords(run.cost)].filter(Boolean).join(" · "),
    detail: [
      run.start === run.end ? `line ${run.start}` : `lines ${run.start}–${run.end}`,
      run.model ? `${run.harness}, ${run.model}` : run.harness,
      new Date(run.at).toLocaleString(),
    ].join(" · "),
    run,
  }));
  const title = `Who Wrote This: ${path.basename(file)}`;
  const placeHolder = "Choose a turn to read it";
  const picked = await chooseOne(items, { title, placeHolder });
  if (!picked) return;
  const { agentId: agent, turnId, itemId } = picked.run;
  const wanted = { agent, turnId, ...(itemId ? { itemId } : {}) };
  await vscode.commands.executeCommand("athena.transcript.open", wanted);
}

/** Of what is known where a command was called, that which it takes. */
function taken(id: CommandId, given: Given): Given {
  const names = commandOf(id).arguments.map((argument) => argument.name);
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

/** The parameters with an agent in them, and a repository where it works in several. */
async function withRepository(
  athena: Athena,
  id: CommandId,
  given: Given,
): Promise<Given | undefined> {
  const known = await withAgent(athena, id, given);
  if (!known || known["repository"] !== undefined) return known && named(known);
  const command = commandOf(id);
  const argument = command.arguments.find((one) => one.source === "repository");
  if (!argument) return known;
  const { server, feed, panels } = athena;
  const { activeAgent } = panels;
  const asking = { server, feed, command, argument, given: known, activeAgent };
  const repository = await OFFERS.repository?.(asking);
  return repository === undefined ? undefined : named({ ...known, repository });
}

/** The parameters with an agent in them: the one in view, else the user's choice. */
export async function withAgent(
  { server, feed, panels }: Athena,
  id: CommandId,
  given: Given,
): Promise<Given | undefined> {
  if (given["agent"]) return given;
  const command = commandOf(id);
  const argument = command.arguments.find((one) => one.source === "agent");
  if (!argument) return given;
  const { activeAgent } = panels;
  const agent = await OFFERS.agent?.({ server, feed, command, argument, given, activeAgent });
  return agent ? { ...given, agent } : undefined;
}
