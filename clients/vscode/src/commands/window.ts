import * as vscode from "vscode";
import { askLine, chooseOne } from "../asking.ts";
import type { AgentTree } from "../agents/tree.ts";
import { reportCommand, type Athena } from "../athena.ts";
import { answer, type Answer } from "../inbox/answer.ts";
import { worktreeIn } from "../review/places.ts";
import type { Review } from "../review/review.ts";
import { changeSetting, setting } from "../settings.ts";
import { SETTINGS } from "../settings.table.ts";
import type { WorkspaceTree } from "../workspaces/tree.ts";
import { givenBy } from "./given.ts";
import { NothingToChoose } from "./offers.ts";
import { withAgent } from "./specials.ts";

/** The commands of this window, which are no commands of the protocol. */
export function registerWindowCommands(
  athena: Athena,
  agents: AgentTree,
  workspaces: WorkspaceTree,
  review: Review,
): vscode.Disposable {
  const { server, panels, output } = athena;
  const actions: Record<string, (...given: never[]) => unknown> = {
    "athena.server.start": () => server.start(),
    "athena.server.restart": () => server.restart(),
    "athena.server.showLog": () => output.show(),
    "athena.server.openSettings": () =>
      vscode.commands.executeCommand("workbench.action.openSettings", "athena.server"),
    "athena.agents.groupBy": () => chooseGrouping(),
    "athena.agents.filter": () => askFilter(agents),
    "athena.agents.clearFilter": () => agents.setFilter(""),
    "athena.workspaces.refresh": () => workspaces.refresh(),
    "athena.workspace.openFolder": (node: unknown) => openFolder(athena, node),
    "athena.replay.open": async (node: unknown) => {
      const known = await withAgent(athena, "athena.transcript.open", givenBy(node));
      if (known) panels.show({ view: "transcript", agent: String(known["agent"]), replay: true });
    },
    "athena.request.answerWith": (requestId: string, said: Answer) =>
      answer(server, requestId, said),
    ...review.commands,
  };
  const registered = Object.entries(actions).map(([id, action]) =>
    vscode.commands.registerCommand(id, async (...given: never[]) => {
      try {
        return await action(...given);
      } catch (error) {
        reportCommand(athena, error);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

async function chooseGrouping(): Promise<void> {
  const row = SETTINGS["agents.groupBy"];
  const current = setting("agents.groupBy");
  const items = row.enum.map((value, index) => ({
    label: value === current ? `$(check) ${value}` : value,
    detail: row.enumDescriptions[index] ?? "",
    value,
  }));
  const picked = await chooseOne(items, { title: "Group Agents By" });
  if (picked) await changeSetting("agents.groupBy", picked.value);
}

async function askFilter(agents: AgentTree): Promise<void> {
  const text = await askLine({
    title: "Filter Agents",
    prompt: "Name, title, status, harness or project",
    value: agents.filterText,
  });
  if (text !== undefined) agents.setFilter(text);
}

async function openFolder({ feed }: Athena, node: unknown): Promise<void> {
  const given = givenBy(node) as { agent?: string; repository?: string; path?: string };
  const path = given.path ?? worktreeIn(feed.agent(given.agent ?? ""), given.repository);
  if (!path) throw new NothingToChoose("This agent has no workspace.");
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(path), {
    forceNewWindow: true,
  });
}
