import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { AgentDetail, Command, SpawnAgent } from "../protocol.gen.ts";
import type { Athena } from "../athena.ts";
import { OFFERS, projectHere, selection, type Given } from "./offers.ts";
import { commandOf } from "./table.ts";

type Chosen = "harness" | "archetype";

interface ChoiceButton extends vscode.QuickInputButton {
  chooses: Chosen;
}

const BUTTONS: readonly ChoiceButton[] = [
  {
    chooses: "harness",
    iconPath: new vscode.ThemeIcon("server-process"),
    tooltip: "Choose the Harness",
  },
  {
    chooses: "archetype",
    iconPath: new vscode.ThemeIcon("organization"),
    tooltip: "Choose the Archetype",
  },
];

/** Ask what is to be done, and start an agent that does it. */
export async function spawnAgent(athena: Athena, given: Given): Promise<AgentDetail | undefined> {
  const command = commandOf("athena.agent.spawn");
  const wanted: SpawnAgent = { ...projectHere(), ...given };
  const content = wanted.content ?? selection();
  if (content) wanted.content = content;
  let draft = wanted.prompt ?? "";
  let isFinal = draft.trim() !== "";
  while (!isFinal) {
    const said = await askPrompt(wanted, draft);
    if (!said) return undefined;
    draft = said.text;
    if (said.choose) {
      const chosen = await choose(athena, command, said.choose);
      if (chosen) wanted[said.choose] = chosen;
    } else {
      isFinal = draft.trim() !== "";
    }
  }
  const request = { ...wanted, prompt: draft, commandId: randomUUID() };
  return athena.server.request("athena/agent/spawn", request);
}

interface Said {
  text: string;
  choose?: Chosen;
}

/** The prompt, or what the user wants to choose first; undefined when they left off. */
function askPrompt(wanted: SpawnAgent, draft: string): Promise<Said | undefined> {
  const box = vscode.window.createInputBox();
  box.title = ["New Agent", wanted.archetype, wanted.harness].filter(Boolean).join(" · ");
  box.prompt = wanted.content ? "The selection goes with the prompt." : "";
  box.placeholder = "What should be done?";
  box.value = draft;
  box.buttons = BUTTONS;
  box.ignoreFocusOut = true;
  return new Promise((resolve) => {
    const end = (said: Said | undefined) => {
      resolve(said);
      box.dispose();
    };
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

async function choose(
  { server, feed, panels }: Athena,
  command: Command,
  name: Chosen,
): Promise<string | undefined> {
  const argument = command.arguments.find((one) => one.name === name);
  if (!argument) return undefined;
  const { activeAgent } = panels;
  const asking = { server, feed, command, argument, given: {}, activeAgent };
  return (await OFFERS[name]?.(asking)) as string | undefined;
}
