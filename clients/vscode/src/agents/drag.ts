import * as vscode from "vscode";
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
    const uris = list
      .split(/\r?\n/)
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => vscode.Uri.parse(line, true));
    if (uris.length) this.panels.attach(uris, target.agent.id);
  }
}
