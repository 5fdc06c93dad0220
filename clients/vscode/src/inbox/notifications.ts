import * as vscode from "vscode";
import type { Feed } from "../agents/feed.ts";
import type { OpenRequest } from "../protocol.gen.ts";
import type { Server } from "../server/server.ts";
import { setting } from "../settings.ts";
import { answer, askFor, title, type Answer } from "./answer.ts";

const MOST_BUTTONS = 4;

/**
 * Shows each open request once as a notification with the harness's own options. Closing it
 * answers nothing: the request stays in the inbox. What is answered elsewhere goes out of the way.
 */
export class RequestNotifications implements vscode.Disposable {
  private readonly told = new Set<string>();
  /** The requests whose notifications were not pressed or closed yet. */
  private readonly standing = new Map<string, OpenRequest>();
  private readonly listener: vscode.Disposable;

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
    private readonly report: (error: unknown) => void,
  ) {
    this.listener = feed.onChange(() => this.update());
  }

  dispose(): void {
    this.listener.dispose();
  }

  private update(): void {
    const open = this.feed.requests;
    const ids = new Set(open.map((request) => request.requestId));
    for (const id of this.told) if (!ids.has(id)) this.told.delete(id);
    const over = [...this.standing.keys()].filter((id) => !ids.has(id));
    for (const id of over) this.standing.delete(id);
    if (over.length) this.clear().catch(this.report);
    for (const request of open) {
      if (this.told.has(request.requestId)) continue;
      this.told.add(request.requestId);
      if (setting("requests.notify")) this.show(request).catch(this.report);
    }
  }

  /**
   * Put away what was answered elsewhere. An editor has no way to take back one notification, so
   * all toasts go into its list, and those that still stand come again: an equal one replaces them.
   */
  private async clear(): Promise<void> {
    await vscode.commands.executeCommand("notifications.hideToasts");
    for (const request of this.standing.values()) this.show(request).catch(this.report);
  }

  private async show(request: OpenRequest): Promise<void> {
    const buttons = buttonsOf(request);
    const asks = request.request.type === "permission" ? "asks for permission" : "asks";
    const words = `${request.agentName || "An agent"} ${asks}: ${title(request)}`;
    // A copy, to know this notification from the one that may replace it.
    const mine = { ...request };
    this.standing.set(request.requestId, mine);
    const pressed = await vscode.window.showInformationMessage(words, ...buttons.keys());
    if (this.standing.get(request.requestId) === mine) this.standing.delete(request.requestId);
    if (pressed === undefined) return;
    const said = buttons.get(pressed) ?? (await askFor(request));
    if (said) await answer(this.server, request.requestId, said);
  }
}

/** The buttons and what they answer; one without an answer asks on. */
function buttonsOf({ request }: OpenRequest): Map<string, Answer | undefined> {
  if (request.type === "permission") {
    return new Map(request.options.map((option) => [option.name, { option: option.id }]));
  }
  const [question, ...others] = request.questions;
  const choices = question?.choices ?? [];
  const fits = choices.length > 0 && choices.length <= MOST_BUTTONS;
  if (!question || others.length > 0 || question.several || !fits) {
    return new Map([["Answer…", undefined]]);
  }
  return new Map(choices.map(({ label }) => [label, { answers: { [question.id]: [label] } }]));
}
