import * as vscode from "vscode";
import type {
  Applied,
  BackedUp,
  Command,
  Exported,
  Logs,
  Pruned,
  Published,
  Rescued,
  Restored,
  VerifyReport,
} from "../protocol.gen.ts";
import { count } from "../words.ts";
import { listed, type NameOf } from "./listings.ts";
import { showText } from "./texts.ts";

/** Shows the result of a command: what was asked to be seen, or that it was done. */
export async function present(
  command: Command,
  result: unknown,
  nameOf: NameOf = String,
): Promise<void> {
  switch (command.method) {
    case "athena/agent/logs":
      return showText((result as Logs).text || "The harness wrote nothing.", "log", "Harness Log");
    case "athena/publish/run": {
      const { branch, remote, url, notes } = result as Published;
      const words = [`Published ${branch} to ${remote}.`, ...(notes ?? [])].join(" ");
      return tell(words, url ? { "Open Pull Request": () => openLink(url) } : {});
    }
    case "athena/workspace/remove": {
      const { rescue, movedTo } = result as Rescued;
      if (movedTo) return tell(`The worktree is removed. What was in it is in ${movedTo}.`, {});
      if (!rescue) return tell("The worktree is removed.", {});
      const recover = { command: "athena.workspace.restore", argument: { ref: rescue.ref } };
      return tell("The worktree is removed. What was in it is kept.", {
        Recover: () => vscode.commands.executeCommand(recover.command, recover.argument),
      });
    }
    case "athena/workspace/restore": {
      const { path, notes } = result as Restored;
      return tell([`The work is back in ${path}.`, ...(notes ?? [])].join(" "), {});
    }
    case "athena/checkpoint/prune": {
      const { checkpoints, left } = result as Pruned;
      return tell(`${count(checkpoints.length, "checkpoint")} pruned, ${left} left.`, {});
    }
    case "athena/log/export": {
      const { path, events } = result as Exported;
      return tell(`${count(events, "event")} written to ${path}.`, {});
    }
    case "athena/log/backup":
      return tell(`Backed up to ${(result as BackedUp).path}.`, {});
    case "athena/log/verify": {
      const { ok, events, problems } = result as VerifyReport;
      if (ok) return tell(`The log is whole, ${count(events, "event")}.`, {});
      return showText(["The log is damaged:", "", ...problems].join("\n"), "plaintext", "Log");
    }
    default:
      if (isReading(command))
        return showText(listed(command.id, result, nameOf), "plaintext", command.title);
      vscode.window.setStatusBarMessage(`$(check) ${command.title}: done`, 3_000);
  }
}

/** What became of a change, in words. */
export function appliedWords(title: string, result: Applied): string {
  const conflicts = result.conflicts ?? [];
  if (conflicts.length) {
    const files = [...new Set(conflicts.map((conflict) => conflict.path))];
    const conflicting = `${count(conflicts.length, "conflict")} in ${files.join(", ")}.`;
    // With an undo the conflicts are in the agent's worktree now, for it to resolve.
    const then = result.undo ? (result.notes ?? []) : ["Nothing was changed."];
    return [`${title}: ${conflicting}`, ...then].join(" ");
  }
  return [`${title}: ${doneWords(title, result)}.`, ...(result.notes ?? [])].join(" ");
}

function doneWords(title: string, { done, files, branch, commit }: Applied): string {
  if (!done) return "nothing to do";
  // What is given up of a merge that was handed over are no files of the user's.
  if (!files?.length && !branch) return "done";
  const changed = count((files ?? []).length, "file");
  const at = commit?.slice(0, 8);
  const isBack = title === "Undo" || title === "Redo";
  if (isBack && branch && at) return `${branch} is at ${at} again, ${changed} changed`;
  return `${changed}${branch ? ` on ${branch}` : ""}${at ? `, commit ${at}` : ""}`;
}

/** A message with buttons that do something. */
export async function tell(words: string, buttons: Record<string, () => unknown>): Promise<void> {
  const pressed = await vscode.window.showInformationMessage(words, ...Object.keys(buttons));
  if (pressed !== undefined) await buttons[pressed]?.();
}

function openLink(url: string): Thenable<boolean> {
  return vscode.env.openExternal(vscode.Uri.parse(url, true));
}

function isReading(command: Command): boolean {
  return /\/(list\w*|info|metrics)$/.test(command.method ?? "");
}
