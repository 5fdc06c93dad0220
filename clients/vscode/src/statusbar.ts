import * as vscode from "vscode";
import type { Feed } from "./agents/feed.ts";
import { costWords } from "./agents/status.ts";
import type { AgentView, Cost } from "./protocol.gen.ts";
import type { Server } from "./server/server.ts";
import { count } from "./words.ts";

/** How many agents work, how many wait for the user, and what today's agents cost. */
export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly listeners: vscode.Disposable;

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
      feed.onChange(() => this.update()),
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
    const today = costOfToday(agents);
    const parts = [
      working ? `$(loading~spin) ${working}` : "",
      waiting ? `$(bell-dot) ${waiting}` : "",
      today ? costWords(today) : "",
    ].filter(Boolean);
    this.show(
      parts.length ? parts.join("  ") : "$(hubot) Athena",
      `${count(working, "agent")} working`,
      `${count(waiting, "request")} waiting for you`,
      ...(today ? [`${costWords(today)} for agents used today (${today.source})`] : []),
    );
    if (waiting) {
      this.item.command = "athena.request.list";
      this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    }
  }
}

/** The cost of the agents that did something today, marked with the weakest of their sources. */
function costOfToday(agents: readonly AgentView[]): Cost | undefined {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const costs = agents.filter((a) => a.updatedAt >= midnight).flatMap((a) => a.cost ?? []);
  const [first] = costs;
  if (!first) return undefined;
  const same = costs.filter((cost) => cost.currency === first.currency);
  const weakest = (["estimated", "priced", "reported"] as const).find((source) =>
    same.some((cost) => cost.source === source),
  );
  const amount = same.reduce((sum, cost) => sum + cost.amount, 0);
  return { ...first, amount, source: weakest ?? first.source };
}
