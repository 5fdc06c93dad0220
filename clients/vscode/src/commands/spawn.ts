import { randomUUID } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import type { AgentDetail, Command, SpawnAgent } from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { NotConnected } from "../server/server.ts";
import { folderInView, OFFERS, selection, type Given } from "./offers.ts";
import { commandOf } from "./table.ts";

type Chosen = "harness" | "archetype" | "project";

interface ChoiceButton extends vscode.QuickInputButton {
  chooses: Chosen;
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

/** Ask what is to be done, and start an agent that does it. What was typed is kept until it works. */
export async function spawnAgent(athena: Athena, given: Given): Promise<AgentDetail | undefined> {
  const command = commandOf("athena.agent.spawn");
  const project = (given["project"] as string | undefined) ?? folderInView()?.uri.fsPath;
  const wanted: SpawnAgent = { ...(project ? { project } : {}), ...given };
  const content = wanted.content ?? selection();
  if (content) wanted.content = content;
  if (!wanted.project && vscode.workspace.workspaceFolders) {
    const chosen = await chooseFolder();
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
        const chosen = await choose(athena, command, said.choose);
        if (chosen) wanted[said.choose] = chosen;
      } else {
        isFinal = draft.trim() !== "";
      }
    }
    try {
      request = named({ ...wanted, prompt: draft }, request);
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
  choose?: Chosen;
}

/** The prompt, or what the user wants to choose first; undefined when they left off. */
function askPrompt(wanted: SpawnAgent, draft: string, problem: string): Promise<Said | undefined> {
  const box = vscode.window.createInputBox();
  const isOneOfSeveral = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
  const folder = isOneOfSeveral && wanted.project ? `in ${path.basename(wanted.project)}` : "";
  box.title = ["New Agent", folder, wanted.archetype, wanted.harness].filter(Boolean).join(" · ");
  box.prompt = wanted.content ? "The selection goes with the prompt." : "";
  box.validationMessage = problem;
  box.placeholder = "What should be done?";
  box.value = draft;
  box.buttons = [...(isOneOfSeveral ? [FOLDER] : []), HARNESS, ARCHETYPE];
  box.ignoreFocusOut = true;
  return new Promise((resolve) => {
    const end = (said: Said | undefined) => {
      resolve(said);
      box.dispose();
    };
    box.onDidChangeValue(() => (box.validationMessage = ""));
    box.onDidAccept(() => {
      if (box.value.trim()) end({ text: box.value });
    });
    box.onDidTriggerButton((button) => {
      end({ text: box.value, choose: (button as ChoiceButton).chooses });
    });
    box.onDidHide(() => end(undefined));
    box.show();
  });
}

async function chooseFolder(): Promise<string | undefined> {
  const placeHolder = "Where should the agent work?";
  return (await vscode.window.showWorkspaceFolderPick({ placeHolder }))?.uri.fsPath;
}

async function choose(
  { server, feed, panels }: Athena,
  command: Command,
  name: Chosen,
): Promise<string | undefined> {
  if (name === "project") return chooseFolder();
  const argument = command.arguments.find((one) => one.name === name);
  if (!argument) return undefined;
  const { activeAgent } = panels;
  const asking = { server, feed, command, argument, given: {}, activeAgent };
  return (await OFFERS[name]?.(asking)) as string | undefined;
}
