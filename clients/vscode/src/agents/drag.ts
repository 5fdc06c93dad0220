import type * as vscode from "vscode";
import { fileHere } from "../transcript/actions.ts";
import type { Panels } from "../transcript/panels.ts";
import type { Node } from "./tree.ts";

const FILES = "text/uri-list";

/** Files dropped on an agent go into its prompt; changed files can be dragged into editors. */
export class AgentDrag implements vscode.TreeDragAndDropController<Node> {
  readonly dropMimeTypes = [FILES];
  readonly dragMimeTypes = [FILES];

  constructor(private readonly panels: Panels) {}

  async handleDrop(target: Node | undefined, data: vscode.DataTransfer): Promise<void> {
    if (target?.kind !== "agent" && target?.kind !== "turn") return;
    const list = (await data.get(FILES)?.asString()) ?? "";
    // Rows of the list are dragged as addresses, too: those of agents are no files.
    const uris = list
      .split(/\r?\n/)
      .filter((line) => line && !line.startsWith("#"))
      .flatMap((line) => fileHere(line) ?? []);
    if (uris.length) this.panels.attach(uris, target.agent.id);
  }
}
