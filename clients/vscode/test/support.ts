import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import type { Api } from "../src/extension.ts";
import { setting } from "../src/settings.ts";
import type { AgentDetail, AgentView, Status } from "../src/protocol.gen.ts";

let known: Api | undefined;

/** The extension, active and connected. */
export async function athena(): Promise<Api> {
  if (!known) {
    const extension = vscode.extensions.getExtension<Api>("athena.athena-agents");
    assert.ok(extension, "the extension is here");
    known = await extension.activate();
  }
  await known.server.ready();
  return known;
}

/** Wait for a condition; events of the feed ask again, and a slow clock in case there are none. */
export async function until<T>(
  what: string,
  found: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 45_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await found();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not come true within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Start an agent that plays a scenario. */
export async function play(name: string, scenario: string): Promise<AgentDetail> {
  const { server } = await athena();
  return server.request("athena/agent/spawn", {
    name,
    harness: "scripted",
    prompt: `${name}\n\`\`\`scenario\n${scenario}\n\`\`\`\n`,
    project: folder(),
  });
}

export function folder(): string {
  const first = vscode.workspace.workspaceFolders?.[0];
  assert.ok(first, "a folder is open");
  return first.uri.fsPath;
}

export async function reached(id: string, ...statuses: Status[]): Promise<AgentView> {
  const { feed } = await athena();
  return until(`${id} is ${statuses.join(" or ")}`, () => {
    const agent = feed.agent(id);
    return agent && statuses.includes(agent.status) && !agent.queue?.length ? agent : undefined;
  });
}

/** Put something else in the place of the server, and take it back whatever happens. */
export async function withCommand(command: string[], then: () => Promise<void>): Promise<void> {
  const { server } = await athena();
  const settings = vscode.workspace.getConfiguration("athena");
  const before = setting("server.command");
  const place = vscode.ConfigurationTarget.Global;
  try {
    await settings.update("server.command", command, place);
    await then();
  } finally {
    await settings.update("server.command", before, place);
    await until("it is connected again", () => server.state.kind === "running");
  }
}
