import { randomUUID } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import { chooseFolder, chooseOne } from "../asking.ts";
import type { AgentDetail, Command, SpawnAgent, WorkspaceSpec } from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { NotConnected } from "../server/server.ts";
import { folderInView, OFFERS, selection, type Given } from "./offers.ts";
import { commandOf } from "./table.ts";

/** What is chosen by a button of its own, and what is behind the last one. */
type Chosen = "harness" | "archetype" | "project" | "workspace" | Rest;
type Rest = "model" | "mode" | "name";

interface ChoiceButton extends vscode.QuickInputButton {
  chooses: Chosen | "rest";
}

const HARNESS: ChoiceButton = {
  chooses: "harness",
  iconPath: new vscode.ThemeIcon("server-process"),
  tooltip: "Choose the Harness",
};
const ARCHETYPE: ChoiceButton = {
  chooses: "archetype",
  iconPath: new vscode.ThemeIcon("organization"),
  tooltip: "Choose the Archetype",
};
const FOLDER: ChoiceButton = {
  chooses: "project",
  iconPath: new vscode.ThemeIcon("root-folder"),
  tooltip: "Choose the Folder",
};
const WORKSPACE: ChoiceButton = {
  chooses: "workspace",
  iconPath: new vscode.ThemeIcon("repo"),
  tooltip: "Choose the Workspace: a Worktree, in Several Repositories, or None",
};
const REST: ChoiceButton = {
  chooses: "rest",
  iconPath: new vscode.ThemeIcon("settings-gear"),
  tooltip: "Choose Model, Mode and Name",
};

/**
 * Ask what is to be done, and start an agent that does it. What was typed is kept until it works. With
 * nothing typed the agent waits for its first prompt, which is written in its transcript.
 */
export async function spawnAgent(athena: Athena, given: Given): Promise<AgentDetail | undefined> {
  const command = commandOf("athena.agent.spawn");
  const project = (given["project"] as string | undefined) ?? folderInView()?.uri.fsPath;
  const wanted: SpawnAgent = { ...(project ? { project } : {}), ...given };
  const content = wanted.content ?? selection();
  if (content) wanted.content = content;
  if (!wanted.project && vscode.workspace.workspaceFolders) {
    const chosen = await askFolder();
    if (!chosen) return undefined;
    wanted.project = chosen;
  }
  let draft = wanted.prompt ?? "";
  let isFinal = draft.trim() !== "";
  let problem = "";
  let request: SpawnAgent | undefined;
  for (;;) {
    while (!isFinal) {
      const said = await askPrompt(wanted, draft, problem);
      if (!said) return undefined;
      draft = said.text;
      if (said.choose) {
        const name = said.choose === "rest" ? await chooseRest(command, wanted) : said.choose;
        const chosen = name && (await choose(athena, command, name, wanted));
        if (chosen) take(wanted, name, chosen);
      } else {
        isFinal = true;
      }
    }
    try {
      request = named({ ...wanted, ...(draft.trim() ? { prompt: draft } : {}) }, request);
      return await athena.server.request("athena/agent/spawn", request);
    } catch (error) {
      if (error instanceof NotConnected) throw error;
      problem = error instanceof Error ? error.message : String(error);
      isFinal = false;
    }
  }
}

/** A request that is sent again has the name that it had, so that it starts one agent. */
function named(wanted: SpawnAgent, before: SpawnAgent | undefined): SpawnAgent {
  const request = { ...wanted, commandId: before?.commandId ?? randomUUID() };
  const isSame = JSON.stringify(request) === JSON.stringify(before);
  return isSame ? request : { ...request, commandId: randomUUID() };
}

interface Said {
  text: string;
  choose?: Chosen | "rest";
}

/** The prompt, or what the user wants to choose first; undefined when they left off. */
function askPrompt(wanted: SpawnAgent, draft: string, problem: string): Promise<Said | undefined> {
  const box = vscode.window.createInputBox();
  const isOneOfSeveral = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const folder = isOneOfSeveral && wanted.project ? `in ${path.basename(wanted.project)}` : "";
  const { archetype, harness, model, mode, name, workspace } = wanted;
  const chosen = [name, folder, workspaceWords(workspace), archetype, harness, model, mode];
  box.title = ["New Agent", ...chosen].filter(Boolean).join(" · ");
  box.prompt = wanted.content
    ? "The selection goes with the prompt."
    : "With nothing written, Enter opens the agent's own prompt: for lines, files and pictures.";
  box.validationMessage = problem;
  box.placeholder = "What should be done?";
  box.value = draft;
  box.buttons = [...(isOneOfSeveral ? [FOLDER] : []), WORKSPACE, HARNESS, ARCHETYPE, REST];
  box.ignoreFocusOut = true;
  return new Promise((resolve) => {
    const end = (said: Said | undefined) => {
      resolve(said);
      box.dispose();
    };
    box.onDidChangeValue(() => (box.validationMessage = ""));
    box.onDidAccept(() => {
      // A selection alone asks for nothing.
      if (box.value.trim() || !wanted.content) end({ text: box.value });
    });
    box.onDidTriggerButton((button) => {
      end({ text: box.value, choose: (button as ChoiceButton).chooses });
    });
    box.onDidHide(() => end(undefined));
    box.show();
  });
}

async function askFolder(): Promise<string | undefined> {
  const placeHolder = "Where should the agent work?";
  return (await chooseFolder(placeHolder))?.uri.fsPath;
}

async function choose(
  { server, feed, panels }: Athena,
  command: Command,
  name: Chosen,
  wanted: SpawnAgent,
): Promise<unknown> {
  if (name === "project") return askFolder();
  const argument = command.arguments.find((one) => one.name === name);
  if (!argument) return undefined;
  const { activeAgent } = panels;
  const asking = { server, feed, command, argument, given: { ...wanted }, activeAgent };
  return OFFERS[argument.source]?.(asking);
}

/** What has no button of its own. */
async function chooseRest(command: Command, wanted: SpawnAgent): Promise<Rest | undefined> {
  const names: Rest[] = ["model", "mode", "name"];
  const items = names.map((name) => ({
    label: command.arguments.find((one) => one.name === name)?.title ?? name,
    description: wanted[name] ?? (name === "name" ? "made of the prompt" : "the harness's own"),
    name,
  }));
  return (await chooseOne(items, { title: command.title }))?.name;
}

function take(wanted: SpawnAgent, name: Chosen, value: unknown): void {
  if (name === "harness") {
    // These are named by the harness.
    delete wanted.model;
    delete wanted.mode;
  }
  Object.assign(wanted, { [name]: value });
}

/** Where the agent is to work, unless that is a new worktree of the folder. */
function workspaceWords(wanted: WorkspaceSpec | undefined): string {
  if (wanted?.kind === "none") return "no worktree";
  if (wanted?.kind === "existing") return "another's worktree";
  return wanted?.also?.length
    ? `also in ${wanted.also.map((at) => path.basename(at)).join(", ")}`
    : "";
}
