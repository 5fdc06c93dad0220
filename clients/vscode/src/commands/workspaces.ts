/** Where a new agent is to work: a worktree of its own, in several repositories, or somewhere else. */
import * as path from "node:path";
import * as vscode from "vscode";
import { chooseOne, chooseSeveral } from "../asking.ts";
import type { WorkspaceSpec } from "../protocol.gen.ts";
import type { Asking } from "./offers.ts";

interface Item extends vscode.QuickPickItem {
  choose: () => WorkspaceSpec | Promise<WorkspaceSpec | undefined>;
}

/** The user's choice; undefined when they left off. */
export async function pickWorkspace(asking: Asking): Promise<WorkspaceSpec | undefined> {
  const { feed, argument, given } = asking;
  const where = feed.agents.filter((agent) => agent.workspace && !agent.archived);
  const items: Item[] = [
    {
      label: "$(git-branch) New worktree",
      detail: "On a branch of its own; your files stay as they are.",
      choose: () => ({ kind: "new" }),
    },
    {
      label: "$(repo-clone) New worktree, in other repositories too…",
      detail: "For work that spans several repositories: a worktree in each.",
      choose: () => pickRepositories(asking),
    },
    {
      label: "$(root-folder) The folder itself",
      detail: "No worktree: the agent changes the files that you have open.",
      choose: () => ({ kind: "none" }),
    },
    ...where.map((agent) => ({
      label: `$(repo) Where ${agent.name} works`,
      description: agent.workspace?.branch ?? "",
      detail: agent.workspace?.path ?? "",
      choose: () => ({ kind: "existing", agent: agent.id }) as const,
    })),
  ];
  const project = given["project"];
  const title = project ? `${argument.title} of ${path.basename(String(project))}` : argument.title;
  return (await chooseOne(items, { title }))?.choose();
}

interface Folder extends vscode.QuickPickItem {
  folder: string | undefined;
}

/** Folders of other repositories: those that are open here or that agents work in, or any other. */
async function pickRepositories(asking: Asking): Promise<WorkspaceSpec | undefined> {
  const project = String(asking.given["project"] ?? "");
  const before = (asking.given["workspace"] as WorkspaceSpec | undefined)?.also ?? [];
  const open = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  const known = asking.feed.agents.map((agent) => agent.project);
  const folders = new Set([...before, ...open, ...known]);
  folders.delete(project);
  const items: Folder[] = [...folders].map((folder) => ({
    label: `$(repo) ${path.basename(folder)}`,
    description: path.dirname(folder),
    picked: before.includes(folder),
    folder,
  }));
  const another: Folder = { label: "$(folder-opened) Another folder…", folder: undefined };
  const picked = items.length
    ? await chooseSeveral([...items, another], {
        title: "Repositories That the Agent Has a Worktree In, Too",
        matchOnDescription: true,
      })
    : [another];
  if (!picked) return undefined;
  const also = picked.flatMap(({ folder }) => folder ?? []);
  if (picked.includes(another)) {
    const title = "A Folder of Another Repository";
    const found = await vscode.window.showOpenDialog({ canSelectFolders: true, title });
    also.push(...(found ?? []).map((uri) => uri.fsPath));
  }
  return also.length ? { kind: "new", also } : { kind: "new" };
}
