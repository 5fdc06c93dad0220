import * as path from "node:path";
import * as vscode from "vscode";
import type { Action, Subject } from "../../../webview/src/messages.ts";
import type { Athena } from "../athena.ts";
import { placeOf } from "../review/places.ts";
import type { Actions } from "./bridge.ts";

/** The commands that a view may call. */
const COMMANDS = new Set([
  "athena.agent.logs",
  "athena.agent.prompt",
  "athena.changeset.get",
  "athena.merge.run",
  "athena.replay.open",
  "athena.review.openFile",
  "athena.review.take",
  "athena.transcript.open",
]);

/** What the editor does for a view. */
export function actionsOf(athena: Athena): Actions {
  return async (action: Action, subject: Subject) => {
    switch (action.do) {
      case "openFile":
        return openFile(athena, subject, action.path, action.line);
      case "openDiff": {
        const { agent, turnId } = action;
        const [found, file] = placeOf(athena.feed.agent(agent), action.path);
        const repository = action.repository ?? found;
        const scope = turnId ? { scope: "turn", turnId } : { scope: "base" };
        const wanted = { agent, repository, path: file, ...scope };
        await vscode.commands.executeCommand("athena.review.openFile", wanted);
        return;
      }
      case "compareFile":
        await vscode.commands.executeCommand("athena.comparison.openFile", action);
        return;
      case "openLink":
        return openLink(action.url);
      case "pickFiles": {
        if (subject.view !== "transcript") return;
        const uris = await vscode.window.showOpenDialog({
          canSelectMany: true,
          title: "Attach Files",
        });
        if (uris) athena.panels.attach(uris, subject.agent);
        return;
      }
      case "attach": {
        if (subject.view !== "transcript") return;
        const uris = action.uris.flatMap((uri) => fileHere(uri) ?? []);
        if (uris.length) athena.panels.attach(uris, subject.agent);
        return;
      }
      case "command":
        if (!COMMANDS.has(action.command)) return;
        await vscode.commands.executeCommand(action.command, action.argument);
    }
  };
}

/** A file as this side knows it: the window of a remote host has an address of its own for it. */
export function fileHere(address: string): vscode.Uri | undefined {
  const uri = vscode.Uri.parse(address);
  if (uri.scheme === "file") return uri;
  return uri.scheme === "vscode-remote" ? vscode.Uri.file(uri.path) : undefined;
}

async function openFile(
  athena: Athena,
  subject: Subject,
  file: string,
  line: number | undefined,
): Promise<void> {
  // The share of another machine, which Windows would sign in to just by looking.
  if (/^[\\/]{2}/.test(file)) return;
  const root = subject.view === "transcript" && athena.feed.agent(subject.agent)?.workspace?.cwd;
  const uri = vscode.Uri.file(path.isAbsolute(file) ? file : path.join(root || "/", file));
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    void vscode.window.showInformationMessage(
      `${file} is not there any more. The changes of the agent still show what it held.`,
    );
    return;
  }
  const at = Math.max(0, (line ?? 1) - 1);
  await vscode.commands.executeCommand("vscode.open", uri, {
    viewColumn: vscode.ViewColumn.Beside,
    ...(line ? { selection: new vscode.Range(at, 0, at, 0) } : {}),
  } satisfies vscode.TextDocumentShowOptions);
}

/** Only links of the web: a transcript is written by others, and commands are links too. */
async function openLink(url: string): Promise<void> {
  const uri = vscode.Uri.parse(url, true);
  if (uri.scheme === "https" || uri.scheme === "http") await vscode.env.openExternal(uri);
}
