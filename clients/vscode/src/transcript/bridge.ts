import * as vscode from "vscode";
import {
  ALLOWED,
  type Action,
  type AllowedMethod,
  type FromView,
  type Subject,
  type ToView,
} from "../../../webview/src/messages.ts";
import type { Subscribed } from "../protocol.gen.ts";
import { showError } from "../remedies.ts";
import { codeOf, helpsFor, type Server } from "../server/server.ts";

/** What the editor does for a view. */
export type Actions = (action: Action, subject: Subject) => Promise<void>;

/** The requests that a user makes, while the others only show something. */
const DEEDS = new Set<AllowedMethod>([
  "athena/agent/interrupt",
  "athena/agent/prompt",
  "athena/agent/resume",
  "athena/agent/setMode",
  "athena/agent/setModel",
  "athena/agent/setOption",
  "athena/agent/steer",
]);

/** Carries a view's requests to Athena and Athena's notifications to the view. */
export class Bridge implements vscode.Disposable {
  private readonly listeners: vscode.Disposable[];
  private readonly subscriptions = new Set<string>();
  private subscribing = 0;
  private waiting: ToView[] | undefined = [];
  private isClosed = false;

  constructor(
    private readonly webview: vscode.Webview,
    private readonly server: Server,
    private readonly subject: Subject,
    private readonly actions: Actions,
  ) {
    this.listeners = [
      webview.onDidReceiveMessage((message: FromView) => void this.hear(message)),
      server.onState((state) => {
        this.subscriptions.clear();
        this.post({ type: "connection", connected: state.kind === "running", ...words(state) });
      }),
      server.onTold(({ method, params }) => {
        // While a subscription is being made its name is not known here, but to the view soon.
        const { subscriptionId } = params as { subscriptionId: string };
        if (this.subscribing === 0 && !this.subscriptions.has(subscriptionId)) return;
        this.post({ type: "told", method, params });
      }),
    ];
  }

  /** Scroll to an item or a turn. */
  reveal({ itemId, turnId }: { itemId?: string; turnId?: string }): void {
    if (itemId) this.post({ type: "reveal", itemId });
    else if (turnId) this.post({ type: "reveal", turnId });
  }

  /** Put files into the prompt. */
  attach(uris: readonly vscode.Uri[]): void {
    const files = uris.map((uri) => ({
      uri: uri.toString(),
      name: vscode.workspace.asRelativePath(uri),
    }));
    this.post({ type: "attach", files });
  }

  dispose(): void {
    this.isClosed = true;
    vscode.Disposable.from(...this.listeners).dispose();
    for (const subscriptionId of this.subscriptions) this.unsubscribe(subscriptionId);
  }

  private unsubscribe(subscriptionId: string): void {
    if (this.server.state.kind !== "running") return;
    // The connection may end meanwhile, and the subscription with it.
    this.server.request("athena/event/unsubscribe", { subscriptionId }).catch(() => undefined);
  }

  /** Messages before the view listens are kept for it. */
  private post(message: ToView): void {
    if (this.isClosed) return;
    if (this.waiting) this.waiting.push(message);
    else void this.webview.postMessage(message);
  }

  private async hear(message: FromView): Promise<void> {
    switch (message.type) {
      case "ready": {
        const { state } = this.server;
        const waiting = (this.waiting ?? []).filter(
          (m) => m.type === "reveal" || m.type === "attach",
        );
        this.waiting = undefined;
        this.post({ type: "subject", subject: this.subject });
        this.post({ type: "connection", connected: state.kind === "running", ...words(state) });
        for (const kept of waiting) this.post(kept);
        return;
      }
      case "request":
        return this.request(message);
      case "action":
        try {
          await this.actions(message.action, this.subject);
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error);
          void showError(words, helpsFor(error));
        }
    }
  }

  private async request({ id, method, params }: FromView & { type: "request" }): Promise<void> {
    const subscribes = method === "athena/event/subscribe";
    if (subscribes) this.subscribing++;
    try {
      if (!ALLOWED.includes(method)) throw new Error(`A view may not send ${String(method)}.`);
      const result: unknown = await this.server.request(method, params as never);
      if (subscribes) {
        const { subscriptionId } = result as Subscribed;
        if (this.isClosed) this.unsubscribe(subscriptionId);
        else this.subscriptions.add(subscriptionId);
      }
      this.post({ type: "result", id, result });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.post({ type: "error", id, code: codeOf(error), message: said });
      // The view has the words; a button that calls any command is not one of its own.
      const remedies = helpsFor(error);
      if (remedies.length > 0 && DEEDS.has(method)) void showError(said, remedies);
    } finally {
      if (subscribes) this.subscribing--;
    }
  }
}

function words(state: Server["state"]): { words?: string } {
  return "why" in state ? { words: state.why } : {};
}
