import * as assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { AgentDrag } from "../src/agents/drag.ts";
import { AGENT_SCHEME } from "../src/agents/tree.ts";
import { answer } from "../src/inbox/answer.ts";
import { COMMANDS } from "../src/protocol.gen.ts";
import { helpsFor } from "../src/server/server.ts";
import { athena, folder, play, reached, until } from "./support.ts";

const ASKS = `say I ask first.
permit run echo allowed
on success:
    say It said \${output}
on reject:
    say Then not.
usage input=100 output=10 cost=0.5`;

describe("the extension", () => {
  it("activates within 100 ms of its own time", async () => {
    const { activationMs } = await athena();
    assert.ok(activationMs < 100, `${activationMs} ms`);
    console.log(`activation ${activationMs.toFixed(1)} ms`);
  });

  it("has every command of the protocol in the editor", async () => {
    await athena();
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = COMMANDS.filter(({ id }) => !known.has(id)).map(({ id }) => id);
    assert.deepEqual(missing, []);
  });
});

describe("agents", () => {
  it("appear in the tree with their status, their turns and a request in the inbox", async () => {
    const { agentTree, inboxTree, feed, server } = await athena();
    const { id } = await play("asker", ASKS);
    await reached(id, "needsPermission");
    const node = await until("it is in the tree", async () =>
      (await agentTree.getChildren()).find((n) => n.kind === "agent" && n.agent.id === id),
    );
    const item = agentTree.getTreeItem(node);
    assert.equal(item.label, "asker");
    assert.match(item.contextValue ?? "", /^agent:needsPermission:running:kept$/);
    assert.match(item.accessibilityInformation?.label ?? "", /asker, needs permission/);
    assert.equal((item.iconPath as vscode.ThemeIcon).id, "bell-dot");
    assert.equal(item.description, "echo allowed");

    const [request] = inboxTree.getChildren();
    assert.ok(request?.kind === "request");
    const choices = inboxTree.getChildren(request).map((n) => n.kind === "choice" && n.label);
    assert.deepEqual(choices, ["Allow once", "Always allow", "Reject"]);

    await vscode.commands.executeCommand("athena.request.allow", request);
    await reached(id, "idle");
    assert.equal(feed.requests.length, 0);
    assert.equal(feed.agent(id)?.cost?.amount, 0.5);

    const turns = await agentTree.getChildren({ kind: "agent", agent: feed.agent(id)! });
    assert.deepEqual(
      turns.map((n) => n.kind),
      ["changes", "turn"],
    );
    assert.equal(turns[1]?.kind === "turn" && turns[1].title, "asker");
    const page = await server.request("athena/transcript/page", {
      agent: id,
      find: "It said",
      types: ["message"],
    });
    assert.equal(page.items.length, 1);
  });

  it("are forked, with their conversation", async () => {
    const { feed } = await athena();
    const { id } = await play("original", "say Done.");
    await reached(id, "idle");
    const copy = (await vscode.commands.executeCommand("athena.agent.fork", {
      agent: id,
      worktree: false,
      name: "the-copy",
    })) as { id: string; forkedFrom?: string };
    assert.equal(copy.forkedFrom, id);
    await reached(copy.id, "idle");
    assert.equal(feed.agent(copy.id)?.name, "the-copy");

    // Both are in one folder, and each has a row of its own.
    const { workspaceTree } = await athena();
    const rows = (await workspaceTree.getChildren()).map((row) => ({
      ...row.workspace,
      ...workspaceTree.getTreeItem(row),
    }));
    const theirs = rows.filter(({ agentId }) => agentId === id || agentId === copy.id);
    assert.equal(new Set(theirs.map((row) => row.path)).size, 1);
    assert.equal(new Set(theirs.map((row) => row.id)).size, 2);
  });

  it("take files that are dropped on them, and not each other", async () => {
    const { panels } = await athena();
    const [first, second] = [await play("first", "say Done."), await play("second", "say Done.")];
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    const drag = new AgentDrag(panels);
    const drop = async (id: string, address: string) => {
      const data = new vscode.DataTransfer();
      data.set("text/uri-list", new vscode.DataTransferItem(address));
      await drag.handleDrop({ kind: "agent", agent: await reached(id, "idle") }, data);
    };
    await drop(first.id, `${AGENT_SCHEME}:/${second.id}`);
    await drop(second.id, vscode.Uri.file(path.join(folder(), "hello.py")).toString());
    const tabs = () =>
      vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label));
    await until("its prompt is there", () => tabs().includes("second"));
    assert.deepEqual(tabs(), ["second"]);
  });

  it("are never answered twice: the second answer is told, not thrown", async () => {
    const { feed, server } = await athena();
    const { id } = await play("twice", ASKS);
    await reached(id, "needsPermission");
    const request = feed.requests.find((one) => one.agentId === id);
    assert.ok(request);
    await answer(server, request.requestId, { option: "reject-once" });
    await answer(server, request.requestId, { option: "allow-once" });
    await reached(id, "idle");
    const { items } = await server.request("athena/transcript/page", {
      agent: id,
      find: "Then not",
      types: ["message"],
    });
    assert.equal(items.length, 1);
  });

  it("are unread when they came to rest, until somebody looks", async () => {
    const { unread, feed, panels } = await athena();
    const { id } = await play("quiet", "say Done.");
    const agent = await reached(id, "idle");
    await until("it is unread", () => unread.has(feed.agent(id) ?? agent));
    panels.show({ view: "transcript", agent: id });
    await until("it is read", () => !unread.has(feed.agent(id) ?? agent));
  });

  it("are filtered", async () => {
    const { agentTree } = await athena();
    agentTree.setFilter("QUIET");
    const names = agentTree.shown.map((agent) => agent.name);
    agentTree.setFilter("");
    assert.deepEqual(names, ["quiet"]);
  });

  it("say why they ended, where that is not as it should be", async () => {
    const { agentTree } = await athena();
    const { id } = await play("breaker", "crash 3");
    const agent = await reached(id, "dead");
    const { description } = agentTree.getTreeItem({ kind: "agent", agent });
    assert.match(String(description), /exited with status 3/);
  });

  it("get a worktree that vanished back by the command that the error names", async () => {
    const { server } = await athena();
    const { id } = await play("bereft", "write here.txt: kept");
    const place = (await reached(id, "idle")).workspace?.path;
    assert.ok(place);
    rmSync(place, { recursive: true });
    const refused: unknown = await server
      .request("athena/workspace/commit", { agent: id })
      .catch((error: unknown) => error);
    assert.ok(refused instanceof Error);
    assert.equal(refused.message, `${place} is gone. “Recover Captured Work” brings it back.`);
    const [help] = helpsFor(refused);
    assert.ok(help);
    await vscode.commands.executeCommand(help.command, help.arguments);
    assert.equal(readFileSync(path.join(place, "here.txt"), "utf8"), "kept\n");
  });

  it("are counted in the status bar while they work", async () => {
    const { statusBar, server } = await athena();
    const { id } = await play("busy", "gate go-on");
    await reached(id, "working");
    await until("it is counted", () => /loading~spin\) 1/.test(statusBar.text));
    await server.request("athena/agent/interrupt", { agent: id });
    await reached(id, "idle", "interrupted");
    await until("it is counted no more", () => !statusBar.text.includes("loading"));
  });

  it("are grouped by project, by status and by parent", async () => {
    const { agentTree, feed, server } = await athena();
    const parent = feed.agents.find((agent) => agent.name === "quiet");
    assert.ok(parent);
    const child = await server.request("athena/agent/spawn", {
      name: "child",
      harness: "scripted",
      project: folder(),
      parentId: parent.id,
    });
    await reached(child.id, "idle");
    const settings = vscode.workspace.getConfiguration("athena");
    const grouped = async (by: string | undefined) => {
      await settings.update("agents.groupBy", by, vscode.ConfigurationTarget.Global);
      return agentTree.getChildren();
    };
    const labels = (nodes: Awaited<ReturnType<typeof grouped>>) =>
      nodes.map((node) => agentTree.getTreeItem(node).label);
    try {
      assert.deepEqual(labels(await grouped("project")), [path.basename(folder())]);
      const byStatus = await grouped("status");
      assert.ok(labels(byStatus).includes("Idle") && byStatus.every((n) => n.kind === "group"));
      const top = await grouped("parent");
      assert.ok(!labels(top).includes("child"));
      const node = top.find((n) => n.kind === "agent" && n.agent.id === parent.id);
      assert.ok(labels(await agentTree.getChildren(node)).includes("child"));
    } finally {
      await grouped(undefined);
    }
  });
});
