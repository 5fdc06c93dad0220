import * as vscode from "vscode";
import { AGENT_SCHEME, AgentTree } from "./agents/tree.ts";
import { AgentMarks } from "./agents/marks.ts";
import { AgentDrag } from "./agents/drag.ts";
import { Feed } from "./agents/feed.ts";
import { Unread } from "./agents/unread.ts";
import { reportCommand, reporter, type Athena } from "./athena.ts";
import { registerCommands } from "./commands/run.ts";
import { specials } from "./commands/specials.ts";
import { registerTexts } from "./commands/texts.ts";
import { registerWindowCommands } from "./commands/window.ts";
import { RequestNotifications } from "./inbox/notifications.ts";
import { InboxTree } from "./inbox/tree.ts";
import { registerReview, type Review } from "./review/review.ts";
import { tellFailure } from "./server/failure.ts";
import { Server } from "./server/server.ts";
import { onSetting } from "./settings.ts";
import { StatusBar } from "./statusbar.ts";
import { actionsOf } from "./transcript/actions.ts";
import { Panels } from "./transcript/panels.ts";
import { WorkspaceTree } from "./workspaces/tree.ts";

/** What the extension gives to tests and to other extensions. */
export interface Api extends Athena {
  agentTree: AgentTree;
  inboxTree: InboxTree;
  workspaceTree: WorkspaceTree;
  unread: Unread;
  review: Review;
  statusBar: StatusBar;
  /** The processor time of `activate`, in milliseconds. */
  activationMs: number;
}

export function activate(context: vscode.ExtensionContext): Api {
  const began = process.cpuUsage();
  const output = vscode.window.createOutputChannel("Athena", { log: true });
  const report = reporter(output);
  const server = new Server(output);
  const feed = new Feed(server, report);
  const panels: Panels = new Panels(context.extensionUri, server, feed, (action, subject) =>
    actionsOf(athena)(action, subject),
  );
  const athena: Athena = { server, feed, panels, output, report };
  const unread = new Unread(context.globalState, feed, (id) => panels.isInView(id));
  const agentTree = new AgentTree(server, feed, unread);
  const inboxTree = new InboxTree(feed);
  const workspaceTree = new WorkspaceTree(server, feed);
  const review = registerReview(athena);
  const statusBar = new StatusBar(server, feed);
  const agentsView = vscode.window.createTreeView("athena.agents", {
    treeDataProvider: agentTree,
    dragAndDropController: new AgentDrag(panels),
    showCollapseAll: true,
  });
  const inboxView = vscode.window.createTreeView("athena.inbox", { treeDataProvider: inboxTree });
  context.subscriptions.push(
    output,
    server,
    feed,
    panels,
    unread,
    agentTree,
    inboxTree,
    workspaceTree,
    review,
    agentsView,
    inboxView,
    vscode.window.registerTreeDataProvider("athena.workspaces", workspaceTree),
    vscode.window.registerFileDecorationProvider(new AgentMarks(AGENT_SCHEME)),
    statusBar,
    new RequestNotifications(server, feed, (error) => reportCommand(athena, error)),
    panels.onLook((agentId) => unread.look(agentId)),
    server.onState((state) => {
      const isSlow = state.kind === "starting" && state.slow !== undefined;
      const shown = isSlow ? "slow" : state.kind;
      void vscode.commands.executeCommand("setContext", "athena.server", shown);
      if (state.kind === "failed") tellFailure(state).catch(report);
    }),
    feed.onChange(() => {
      const waiting = feed.requests.length;
      const tooltip = `${waiting} waiting for you`;
      inboxView.badge = waiting ? { value: waiting, tooltip } : undefined;
    }),
    onSetting(["server.command", "server.environment"], () => void server.restart().catch(report)),
    registerTexts(),
    registerCommands(athena, specials(athena, review)),
    registerWindowCommands(athena, agentTree, workspaceTree, review),
  );
  server.start().catch(report);
  const { user, system } = process.cpuUsage(began);
  const activationMs = (user + system) / 1000;
  output.info(`activated in ${activationMs.toFixed(1)} ms`);
  return {
    ...athena,
    agentTree,
    inboxTree,
    workspaceTree,
    unread,
    review,
    statusBar,
    activationMs,
  };
}
