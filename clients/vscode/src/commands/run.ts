import * as vscode from "vscode";
import {
  COMMANDS,
  type Applied,
  type Argument,
  type Command,
  type CommandId,
} from "../protocol.gen.ts";
import { dataOf } from "../server/server.ts";
import { reportCommand, type Athena } from "../athena.ts";
import { givenBy } from "./given.ts";
import { OFFERS, projectHere, type Given } from "./offers.ts";
import { isApplying, tellApplied, type Whose } from "../review/applied.ts";
import { named } from "../review/places.ts";
import { present } from "./results.ts";

/** What replaces the general way for a command that needs more than a method and its arguments. */
export type Special = (given: Given) => Thenable<unknown>;

/** Registers every command of the protocol's table. */
export function registerCommands(
  athena: Athena,
  specials: Partial<Record<CommandId, Special>>,
): vscode.Disposable {
  const registered = COMMANDS.map((command) =>
    vscode.commands.registerCommand(command.id, async (argument: unknown) => {
      const given = givenBy(argument);
      try {
        return await (specials[command.id]?.(given) ?? run(athena, command, given));
      } catch (error) {
        reportCommand(athena, error);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** Ask for what is missing, send the request, show the result. */
export async function run(athena: Athena, command: Command, given: Given): Promise<unknown> {
  const params = await complete(athena, command, given);
  if (!params || !command.method) return undefined;
  if (command.destructive && !(await sure(athena, command, params))) return undefined;
  const method = command.method;
  const send = (more: Given) => athena.server.request(method, { ...params, ...more } as never);
  let result: unknown;
  try {
    result = await send({});
  } catch (error) {
    const insist = await offerToInsist(command, error);
    if (!insist) throw error;
    result = await send({ insist });
  }
  if (isApplying(method)) {
    tellApplied(athena, command.title, params as unknown as Whose, result as Applied);
  } else {
    // Nobody waits until a message is closed.
    const nameOf = (id: string) => athena.feed.agent(id)?.name ?? id;
    present(command, result, nameOf).catch((error: unknown) => reportCommand(athena, error));
  }
  return result;
}

/** The parameters of a command; undefined when the user left off. */
export async function complete(
  athena: Athena,
  command: Command,
  given: Given,
): Promise<Given | undefined> {
  const params: Given = { ...command.preset };
  for (const argument of command.arguments) {
    let value = given[argument.name];
    const quiet = ["selection", "firstLine", "lastLine", "documentText"].includes(argument.source);
    const needed =
      (argument.required || argument.source === "repository") &&
      !isReplaced(command, argument, given);
    if (value === undefined && (needed || quiet)) {
      const { server, feed, panels } = athena;
      value = await OFFERS[argument.source]?.({
        server,
        feed,
        command,
        argument,
        given: { ...given, ...params },
        activeAgent: panels.activeAgent,
      });
      if (value === undefined && needed) return undefined;
    }
    const isProject = argument.source === "directory" && argument.name === "project";
    if (value === undefined && isProject) value = projectHere().project;
    if (value !== undefined) params[argument.name] = value;
  }
  return named(params);
}

/** Whether another argument is given, which stands for it. */
function isReplaced(command: Command, { name }: Argument, given: Given): boolean {
  return command.arguments.some(
    (other) => other.insteadOf === name && given[other.name] !== undefined,
  );
}

async function sure(athena: Athena, command: Command, params: Given): Promise<boolean> {
  const agent = athena.feed.agent(String(params["agent"]));
  const yes = command.title;
  const what = agent?.name ?? (params["path"] as string | undefined);
  const words = what ? `${command.title}: ${what}?` : `${command.title}?`;
  const options = { modal: true, detail: command.summary };
  return (await vscode.window.showWarningMessage(words, options, yes)) === yes;
}

/** The hazards that a refusal names, when the user wants to go on in spite of them. */
async function offerToInsist(command: Command, error: unknown): Promise<string[] | undefined> {
  const hazards = dataOf(error)["hazards"];
  const mayInsist = command.arguments.some((argument) => argument.source === "hazards");
  if (!mayInsist || typeof hazards !== "object" || hazards === null) return undefined;
  const detail = Object.values(hazards).join("\n");
  const words = error instanceof Error ? error.message : command.title;
  const yes = "Go on in spite of it";
  const pressed = await vscode.window.showWarningMessage(words, { modal: true, detail }, yes);
  return pressed === yes ? Object.keys(hazards) : undefined;
}
