import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { OpenRequest, PermissionOption } from "../protocol.gen.ts";
import { optionIcon, title, type Answer } from "./answer.ts";

export type InboxNode =
  | { kind: "request"; request: OpenRequest }
  | { kind: "choice"; requestId: string; label: string; icon: string; answer: Answer };

/** What waits for the user over all agents, each with its answers below it. */
export class InboxTree implements vscode.TreeDataProvider<InboxNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly listener: vscode.Disposable;
  private shown = "";

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly feed: Feed) {
    this.listener = feed.onChange(() => {
      const ids = feed.requests.map((request) => request.requestId).join();
      if (ids === this.shown) return;
      this.shown = ids;
      this.changed.fire(undefined);
    });
  }

  getChildren(node?: InboxNode): InboxNode[] {
    if (!node) return this.feed.requests.map((request) => ({ kind: "request", request }));
    return node.kind === "request" ? choicesOf(node.request) : [];
  }

  getTreeItem(node: InboxNode): vscode.TreeItem {
    return node.kind === "request" ? requestItem(node.request) : choiceItem(node);
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }
}

function requestItem(request: OpenRequest): vscode.TreeItem {
  const isPermission = request.request.type === "permission";
  const item = new vscode.TreeItem(title(request), vscode.TreeItemCollapsibleState.Expanded);
  item.id = request.requestId;
  item.description = request.agentName ?? "";
  item.iconPath = new vscode.ThemeIcon(
    isPermission ? "bell-dot" : "question",
    new vscode.ThemeColor("notificationsWarningIcon.foreground"),
  );
  item.contextValue = isPermission ? "request:permission" : "request:inquiry";
  item.tooltip = tooltip(request);
  item.accessibilityInformation = {
    label: `${request.agentName ?? "An agent"} ${isPermission ? "asks for permission" : "asks"}: ${title(request)}`,
  };
  item.command = {
    command: "athena.transcript.open",
    title: "Open Transcript",
    arguments: [{ agent: request.agentId, itemId: request.itemId }],
  };
  return item;
}

function tooltip({ request, agentName }: OpenRequest): vscode.MarkdownString {
  const words = new vscode.MarkdownString();
  words
    .appendMarkdown("**")
    .appendText(agentName ?? "An agent")
    .appendMarkdown("**\n\n");
  if (request.type === "permission") {
    words.appendText(request.title);
    const input = request.toolCall?.input;
    if (input !== undefined) words.appendCodeblock(JSON.stringify(input, null, 2), "json");
    return words;
  }
  for (const question of request.questions) words.appendText(question.text).appendMarkdown("\n\n");
  return words;
}

function choicesOf(request: OpenRequest): InboxNode[] {
  const { requestId } = request;
  const body = request.request;
  if (body.type === "permission") {
    return body.options.map((option: PermissionOption) => ({
      kind: "choice",
      requestId,
      label: option.name,
      icon: optionIcon(option),
      answer: { option: option.id },
    }));
  }
  const [question, ...others] = body.questions;
  if (!question || others.length > 0 || question.several) return [];
  return (question.choices ?? []).map(({ label }) => ({
    kind: "choice",
    requestId,
    label,
    icon: "reply",
    answer: { answers: { [question.id]: [label] } },
  }));
}

function choiceItem(node: InboxNode & { kind: "choice" }): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label);
  item.iconPath = new vscode.ThemeIcon(node.icon);
  item.contextValue = "choice";
  item.command = {
    command: "athena.request.answerWith",
    title: node.label,
    arguments: [node.requestId, node.answer],
  };
  return item;
}
