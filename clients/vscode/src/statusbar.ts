import * as vscode from "vscode";
import type { Feed } from "./agents/feed.ts";
import { costWords } from "./agents/status.ts";
import type { Spent } from "./protocol.gen.ts";
import type { Server } from "./server/server.ts";
import { count } from "./words.ts";

/** How many agents work, how many wait for the user, and what today cost. */
export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly listeners: vscode.Disposable;
  private today: Spent | undefined;
  private asking = false;
  private changed = false;
  private costs = "";

  constructor(
    private readonly server: Server,
    private readonly feed: Feed,
  ) {
    this.item = vscode.window.createStatusBarItem(
      "athena.status",
      vscode.StatusBarAlignment.Left,
      10,
    );
    this.item.name = "Athena";
    this.listeners = vscode.Disposable.from(
      this.item,
      server.onState(() => this.update()),
      feed.onChange(() => {
        this.update();
        void this.askAgain();
      }),
    );
    this.update();
    this.item.show();
  }

  /** What it shows. */
  get text(): string {
    return this.item.text;
  }

  dispose(): void {
    this.listeners.dispose();
  }

  /** Ask what today cost when a cost has changed; changes meanwhile wait for one more answer. */
  private async askAgain(): Promise<void> {
    const costs = this.feed.agents.map((agent) => agent.cost?.amount ?? 0).join();
    if (costs === this.costs) return;
    this.costs = costs;
    this.changed = true;
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.changed && this.server.state.kind === "running") {
        this.changed = false;
        const since = new Date().setHours(0, 0, 0, 0);
        this.today = await this.server.request("athena/cost/get", { since });
        this.update();
      }
    } catch {
      // The connection was lost: the next change asks again.
      this.costs = "";
    } finally {
      this.asking = false;
    }
  }

  private update(): void {
    const state = this.server.state;
    this.item.command = "athena.agent.list";
    this.item.backgroundColor = undefined;
    switch (state.kind) {
      case "running":
        this.counts();
        return;
      case "starting":
        this.show("$(loading~spin) Athena", state.slow ?? "Connecting to Athena");
        return;
      case "missing":
        this.alarm("Athena is not installed. Click for what to do.");
        return;
      case "failed":
        this.alarm(state.why);
        return;
      case "stopped":
        this.show("$(circle-slash) Athena", `${state.why} Click to start it.`);
        this.item.command = "athena.server.start";
    }
  }

  private alarm(words: string): void {
    this.show("$(warning) Athena", words);
    this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
  }

  private show(text: string, ...lines: string[]): void {
    this.item.text = text;
    this.item.tooltip = lines.join("\n");
    this.item.accessibilityInformation = { label: `Athena: ${lines.join(", ")}` };
  }

  private counts(): void {
    const agents = this.feed.agents.filter((agent) => !agent.archived);
    const working = agents.filter((a) => a.status === "working" || a.status === "starting").length;
    const waiting = this.feed.requests.length;
    const today = this.today?.cost;
    const parts = [
      working ? `$(loading~spin) ${working}` : "",
      waiting ? `$(bell-dot) ${waiting}` : "",
      today ? costWords(today) : "",
    ].filter(Boolean);
    this.show(
      parts.length ? parts.join("  ") : "$(hubot) Athena",
      `${count(working, "agent")} working`,
      `${count(waiting, "request")} waiting for you`,
      ...(today
        ? [
            `${costWords(today)} today (${today.source}), ${count(this.today?.agents ?? 0, "agent")}`,
          ]
        : []),
    );
    if (waiting) {
      this.item.command = "athena.request.list";
      this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    }
  }
}
