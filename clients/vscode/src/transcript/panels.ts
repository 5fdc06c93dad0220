import * as vscode from "vscode";
import type { Subject } from "../../../webview/src/messages.ts";
import type { Feed } from "../agents/feed.ts";
import type { Server } from "../server/server.ts";
import { Bridge, type Actions } from "./bridge.ts";
import { page } from "./page.ts";

const TYPE = "athena.view";

interface Open {
  panel: vscode.WebviewPanel;
  bridge: Bridge;
  subject: Subject;
}

/** The open transcripts, replays and comparisons: one panel each, brought back with the window. */
export class Panels implements vscode.WebviewPanelSerializer<Subject>, vscode.Disposable {
  private readonly open = new Map<string, Open>();
  private readonly looked = new vscode.EventEmitter<string>();
  private readonly listeners: vscode.Disposable;

  /** The user looks at the transcript of this agent now. */
  readonly onLook = this.looked.event;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
    private readonly feed: Feed,
    private readonly actions: Actions,
  ) {
    this.listeners = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(TYPE, this),
      feed.onChange(() => this.retitle()),
    );
  }

  /** Show the subject in its panel; a new panel comes beside the code. */
  show(subject: Subject): void {
    const known = this.open.get(keyOf(subject));
    if (known) {
      known.panel.reveal(undefined, false);
      if (subject.view === "transcript") known.bridge.reveal(subject);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      TYPE,
      this.titleOf(subject),
      { viewColumn: vscode.ViewColumn.Active },
      { enableFindWidget: false, retainContextWhenHidden: true },
    );
    this.adopt(panel, subject);
  }

  /** Whether the user sees the transcript of an agent. */
  isInView(agentId: string): boolean {
    return [...this.open.values()].some(
      ({ panel, subject }) =>
        panel.visible && subject.view === "transcript" && subject.agent === agentId,
    );
  }

  /** The agent of the panel that has the focus. */
  get activeAgent(): string | undefined {
    for (const { panel, subject } of this.open.values()) {
      if (panel.active && subject.view === "transcript") return subject.agent;
    }
    return undefined;
  }

  /** Put files into the prompt of the focused transcript. */
  attach(uris: readonly vscode.Uri[], agentId: string): void {
    const subject: Subject = { view: "transcript", agent: agentId };
    this.show(subject);
    this.open.get(keyOf(subject))?.bridge.attach(uris);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, subject?: Subject): Promise<void> {
    if (!subject?.view || this.open.has(keyOf(subject))) panel.dispose();
    else this.adopt(panel, subject);
    return Promise.resolve();
  }

  dispose(): void {
    this.listeners.dispose();
    for (const { panel } of this.open.values()) panel.dispose();
    this.looked.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, subject: Subject): void {
    const roots = vscode.Uri.joinPath(this.extension, "dist", "webview");
    panel.webview.options = { enableScripts: true, localResourceRoots: [roots] };
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media", "tab.svg");
    const bridge = new Bridge(panel.webview, this.server, subject, this.actions);
    const key = keyOf(subject);
    this.open.set(key, { panel, bridge, subject });
    panel.onDidDispose(() => {
      bridge.dispose();
      this.open.delete(key);
    });
    panel.onDidChangeViewState(() => this.look(panel, subject));
    panel.title = this.titleOf(subject);
    panel.webview.html = page(panel.webview, roots);
    this.look(panel, subject);
  }

  private look(panel: vscode.WebviewPanel, subject: Subject): void {
    if (panel.visible && subject.view === "transcript") this.looked.fire(subject.agent);
  }

  private retitle(): void {
    for (const { panel, subject } of this.open.values()) {
      const title = this.titleOf(subject);
      if (panel.title !== title) panel.title = title;
    }
  }

  private titleOf(subject: Subject): string {
    const name = (id: string) => this.feed.agent(id)?.name ?? "Agent";
    if (subject.view === "comparison") return subject.agents.map(name).join(" ↔ ");
    return subject.replay ? `Replay: ${name(subject.agent)}` : name(subject.agent);
  }
}

function keyOf(subject: Subject): string {
  return subject.view === "comparison"
    ? `comparison:${subject.agents.join()}`
    : `${subject.replay ? "replay" : "transcript"}:${subject.agent}`;
}
