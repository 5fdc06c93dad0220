/** What the user is offered for each argument of a command, as `Source` says it. */
import * as vscode from "vscode";
import { askLine, chooseOne, chooseSeveral } from "../asking.ts";
import type { Feed } from "../agents/feed.ts";
import { byUrgency, look, statusWords } from "../agents/status.ts";
import type {
  AgentDetail,
  AgentView,
  Argument,
  Capabilities,
  Choice,
  Command,
  ContentBlock,
  Source,
} from "../protocol.gen.ts";
import type { Server } from "../server/server.ts";
import { named, OWN, placesOf } from "../review/places.ts";
import { plainText } from "../words.ts";
import { pickWorkspace } from "./workspaces.ts";

const MOST_COMPARED = 4;

/** What is known where a command was called: its parameters so far. */
export type Given = Record<string, unknown>;

export interface Asking {
  server: Server;
  feed: Feed;
  command: Command;
  argument: Argument;
  given: Given;
  /** The agent in view, if there is one. */
  activeAgent: string | undefined;
}

/** The value, or undefined when the user gave none. */
type Offer = (asking: Asking) => Promise<unknown>;

/** Thrown when there is nothing to choose from; the words say why. */
export class NothingToChoose extends Error {}

export const OFFERS: Partial<Record<Source, Offer>> = {
  agent: pickAgent,
  agents: pickAgents,
  archetype: async ({ server, argument }) => {
    const { archetypes } = await server.request("athena/archetype/list", projectHere());
    const items = archetypes.map((a) => ({
      label: a.name,
      detail: a.description ?? "",
      value: a.name,
    }));
    return pick(argument, items);
  },
  harness: async ({ server, argument }) => {
    const { harnesses } = await server.request("athena/harness/list", projectHere());
    const items = [...harnesses]
      .sort((a, b) => Number(b.installed) - Number(a.installed))
      .map((h) => ({
        label: `$(${h.installed ? "check" : "cloud-download"}) ${h.title}`,
        description: [h.version, h.protocol].filter(Boolean).join(" · "),
        detail: h.installed ? "" : (h.hint ?? "Not installed"),
        value: h.name,
      }));
    return pick(argument, items);
  },
  choice: ({ argument }) =>
    pick(
      argument,
      (argument.choices ?? []).map((value) => ({ label: value, value })),
    ),
  directory: async ({ argument }) => {
    const found = await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      title: argument.title,
    });
    return found?.[0]?.fsPath;
  },
  document: () => Promise.resolve(editor()?.document.uri.fsPath),
  file: async ({ argument }) =>
    (await vscode.window.showSaveDialog({ title: argument.title }))?.fsPath,
  firstLine: () => Promise.resolve(line("start")),
  lastLine: () => Promise.resolve(line("end")),
  documentText: () => {
    const document = editor()?.document;
    return Promise.resolve(document?.isDirty ? document.getText() : undefined);
  },
  flag: ({ argument }) =>
    pick(argument, [
      { label: "Yes", value: true },
      { label: "No", value: false },
    ]),
  line: ({ argument }) => input(argument),
  prompt: ({ argument, command }) => input(argument, command.title),
  branch: ({ argument }) => input(argument),
  mode: async (asking) => pickOrName(asking, (await abilities(asking))?.modes),
  model: async (asking) => pickOrName(asking, (await abilities(asking))?.models),
  option: (asking) =>
    pickCapability(asking, (agent) => agent.capabilities?.options ?? [], "options"),
  optionValue: async (asking) => {
    const options = (await detail(asking)).capabilities?.options ?? [];
    const option = options.find((one) => one.id === asking.given["option"]);
    const choices = option?.choices?.length
      ? option.choices.map(choiceItem)
      : [
          { label: "On", value: true },
          { label: "Off", value: false },
        ];
    return pick(asking.argument, choices);
  },
  queuedPrompt: async (asking) => {
    const queue = (await detail(asking)).queue ?? [];
    const items = queue.map((p) => ({ label: plainText(p.content), value: p.promptId }));
    return pick(asking.argument, items, "No prompt waits.");
  },
  repository: async ({ feed, command, argument, given }) => {
    const all = placesOf(feed.agent(String(given["agent"])));
    const places = all.filter((place) => !place.submodule);
    if (places.length < 2) return OWN;
    const items = places.map(({ name, title, branch }) => ({
      label: `$(repo) ${title}`,
      description: branch ?? "",
      value: name,
    }));
    return pick({ ...argument, title: `${command.title}: ${argument.title}` }, items);
  },
  request: ({ feed, argument }) => {
    const items = feed.requests.map((r) => ({
      label:
        r.request.type === "permission" ? r.request.title : (r.request.questions[0]?.text ?? ""),
      description: r.agentName ?? "",
      value: r.requestId,
    }));
    return items.length === 1
      ? Promise.resolve(items[0]?.value)
      : pick(argument, items, "Nothing waits for you.");
  },
  rescue: async ({ server, argument }) => {
    const { rescues } = await server.request("athena/rescue/list", {});
    const items = rescues.map((r) => ({
      label: r.reason,
      description: new Date(r.at).toLocaleString(),
      detail: [r.branch, r.path].filter(Boolean).join(" · "),
      value: r.ref,
    }));
    return pick(argument, items, "No work was captured.");
  },
  session: async ({ server, argument }) => {
    const { sessions } = await server.request("athena/session/list", {});
    const items = sessions
      .filter((session) => session.state === "new" || session.state === "changed")
      .map((session) => ({
        label: session.title || session.sessionId,
        description: `${session.harness} · ${new Date(session.modifiedAt).toLocaleString()}`,
        detail: session.cwd,
        value: session.sessionId,
      }));
    return pick(argument, items, "No session was made outside.");
  },
  rule: async () => {
    const note = "Allow without asking: a command line, such as `npm test*`";
    const command = await askLine({ title: "Permission Rule", prompt: note });
    return command && { decision: "allow", tool: "execute", command };
  },
  ruleIndex: async ({ server, argument }) => {
    const { rules } = await server.request("athena/rule/list", projectHere());
    const items = rules.map((rule, value) => {
      const what = [rule.tool, rule.name, rule.command, rule.path, rule.host].filter(Boolean);
      return { label: `${rule.decision} ${what.join(" ")}`, description: rule.source ?? "", value };
    });
    return pick(argument, items, "There are no permission rules.");
  },
  comment: async (asking) => {
    const { comments } = await asking.server.request("athena/review/listComments", agentOf(asking));
    const items = comments
      .filter((comment) => comment.state !== "resolved")
      .map((c) => ({ label: c.text, description: `${c.path}:${c.line}`, value: c.commentId }));
    return pick(asking.argument, items, "There are no open comments.");
  },
  changedFile: async (asking) => {
    const repository = String(asking.given["repository"] ?? OWN);
    const asked = named({ ...agentOf(asking), repository });
    const { files } = await asking.server.request("athena/changeset/get", asked);
    return pick(
      asking.argument,
      files.map((f) => ({ label: f.path, value: f.path })),
      "No file changed.",
    );
  },
  selection: () => Promise.resolve(selection()),
  workspace: pickWorkspace,
};

/** The folder that the user works in, as a project: that of the file in view, else the first. */
export function projectHere(): { project?: string } {
  const folder = folderInView() ?? vscode.workspace.workspaceFolders?.[0];
  return folder ? { project: folder.uri.fsPath } : {};
}

/** The folder of the file in view, or the only one that is open. */
export function folderInView(): vscode.WorkspaceFolder | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const uri = editor()?.document.uri;
  return (uri && vscode.workspace.getWorkspaceFolder(uri)) ?? (folders[1] ? undefined : folders[0]);
}

/** A link to what is selected in the editor, for a prompt. */
export function selection(): ContentBlock[] | undefined {
  const active = editor();
  if (!active || active.selection.isEmpty || active.document.uri.scheme !== "file")
    return undefined;
  return [
    {
      type: "resource_link",
      uri: active.document.uri.toString(),
      name: vscode.workspace.asRelativePath(active.document.uri),
      line: active.selection.start.line + 1,
      endLine: active.selection.end.line + 1,
    },
  ];
}

/** The agents for which a command makes sense now. */
export function fitting(command: Command, agents: readonly AgentView[]): AgentView[] {
  const { statuses, running, archived } = command.when ?? {};
  return agents.filter(
    (agent) =>
      (!statuses?.length || statuses.includes(agent.status)) &&
      (running === undefined || running === Boolean(agent.runId)) &&
      (archived === undefined || archived === Boolean(agent.archived)),
  );
}

async function pickAgent({ feed, command, argument, activeAgent }: Asking): Promise<unknown> {
  const agents = fitting(command, feed.agents).sort(byUrgency);
  if (activeAgent && agents.some((agent) => agent.id === activeAgent)) return activeAgent;
  const title = `${command.title}: ${argument.title}`;
  const none = "There is no agent that this is possible for.";
  return pick({ ...argument, title }, agents.map(agentItem), none);
}

/** Two to four agents; the one that was clicked is chosen already. */
async function pickAgents({ feed, command, given, activeAgent }: Asking): Promise<unknown> {
  const chosen = given["agent"] ?? activeAgent;
  const items = feed.agents
    .filter((agent) => !agent.archived || agent.id === chosen)
    .sort((a, b) => Number(b.id === chosen) - Number(a.id === chosen) || byUrgency(a, b))
    .map((agent) => ({ ...agentItem(agent), picked: agent.id === chosen }));
  if (items.length < 2) throw new NothingToChoose("It takes two agents to compare.");
  const picked = await chooseSeveral(items, {
    title: command.title,
    placeHolder: "Choose two to four agents",
  });
  if (!picked) return undefined;
  if (picked.length < 2 || picked.length > MOST_COMPARED)
    throw new NothingToChoose(`Two to four agents can be compared, and not ${picked.length}.`);
  return picked.map((item) => item.value);
}

interface Item extends vscode.QuickPickItem {
  value: unknown;
}

function agentItem(agent: AgentView): Item & { value: string } {
  return {
    label: `$(${look(agent.status).icon}) ${agent.name}`,
    description: statusWords(agent),
    detail: agent.title ?? "",
    value: agent.id,
  };
}

function choiceItem(choice: { id: string; name: string; description?: string }): Item {
  return { label: choice.name, detail: choice.description ?? "", value: choice.id };
}

async function pick(argument: Argument, items: Item[], none?: string): Promise<unknown> {
  if (items.length === 0)
    throw new NothingToChoose(none ?? `There is no ${argument.title.toLowerCase()}.`);
  const picked = await chooseOne(items, {
    title: argument.title,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.value;
}

async function input(argument: Argument, title?: string): Promise<string | undefined> {
  const text = await askLine({
    title: title ?? argument.title,
    prompt: argument.title,
  });
  return text === "" ? undefined : text;
}

function agentOf({ given }: Asking): { agent: string } {
  return { agent: String(given["agent"]) };
}

async function detail(asking: Asking): Promise<AgentDetail> {
  return asking.server.request("athena/agent/get", agentOf(asking));
}

/** What the agent can, or the chosen harness of one that is not there yet. */
async function abilities(asking: Asking): Promise<Capabilities | undefined> {
  if (asking.given["agent"]) return (await detail(asking)).capabilities;
  const wanted = asking.given["harness"];
  const { harnesses } = await asking.server.request("athena/harness/list", projectHere());
  return harnesses.find((harness) => harness.name === wanted)?.capabilities;
}

/** One of what a harness offers, or what the user names where it tells nothing. */
async function pickOrName(
  { argument, given }: Asking,
  choices: readonly Choice[] | undefined,
): Promise<unknown> {
  if (choices?.length) return pick(argument, choices.map(choiceItem));
  if (given["agent"] && argument.source === "mode")
    throw new NothingToChoose("The harness of this agent offers no modes.");
  return input(argument);
}

async function pickCapability(
  asking: Asking,
  choices: (agent: AgentDetail) => readonly { id: string; name: string; description?: string }[],
  noun: string,
): Promise<unknown> {
  const items = choices(await detail(asking)).map(choiceItem);
  return pick(asking.argument, items, `The harness of this agent offers no ${noun}.`);
}

function editor(): vscode.TextEditor | undefined {
  return vscode.window.activeTextEditor;
}

function line(edge: "start" | "end"): number | undefined {
  const active = editor();
  return active && active.selection[edge].line + 1;
}
