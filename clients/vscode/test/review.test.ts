import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Applied } from "../src/protocol.gen.ts";
import { OWN } from "../src/review/places.ts";
import { documentUri } from "../src/review/uris.ts";
import { athena, folder, play, reached, until } from "./support.ts";

const CHANGES = `write poem.txt:
    one
    two
edit hello.py: print("hello") -> print("goodbye")
say Done.

turn 2:
    append poem.txt: three
    say You said: \${prompt}`;

describe("review", () => {
  let id = "";

  before(async () => {
    ({ id } = await play("poet", CHANGES));
    await reached(id, "idle");
  });

  it("shows what a turn and an agent changed, in the tree and as documents", async () => {
    const { agentTree, feed } = await athena();
    const agent = feed.agent(id);
    assert.ok(agent);
    const files = await agentTree.getChildren({ kind: "changes", agent, repository: OWN });
    const named = files.map((node) => (node.kind === "file" ? node.file.path : node.kind)).sort();
    assert.deepEqual(named, ["hello.py", "poem.txt"]);
    const changeset = { agent: id, scope: "base" } as const;
    const text = async (side: "old" | "new") => {
      const uri = documentUri({ changeset, path: "hello.py", side });
      return (await vscode.workspace.openTextDocument(uri)).getText();
    };
    assert.equal(await text("old"), 'print("hello")\n');
    assert.equal(await text("new"), 'print("goodbye")\n');
  });

  it("opens the native diffs, of one file and of all", async () => {
    const { review } = await athena();
    await review.openFile({ agent: id, scope: "base", path: "hello.py" });
    const tab = await until(
      "the diff is open",
      () => vscode.window.tabGroups.activeTabGroup.activeTab,
    );
    assert.ok(tab.input instanceof vscode.TabInputTextDiff);
    assert.equal(tab.label, "hello.py (poet)");
    await review.openAll({ agent: id, scope: "base" });
    await until("all changes are open", () =>
      vscode.window.tabGroups.activeTabGroup.activeTab?.label.startsWith("poet: all changes"),
    );
  });

  it("accepts and rejects by hunk with lenses", async () => {
    const { server } = await athena();
    const changeset = { agent: id, scope: "base" } as const;
    const uri = documentUri({ changeset, path: "hello.py", side: "new" });
    const lenses = async () =>
      (await vscode.commands.executeCommand<vscode.CodeLens[]>(
        "vscode.executeCodeLensProvider",
        uri,
      )) ?? [];
    await vscode.workspace.openTextDocument(uri);
    const [accept] = await lenses();
    assert.match(accept?.command?.title ?? "", /Accept/);
    await vscode.commands.executeCommand("athena.hunk.accept", accept?.command?.arguments?.[0]);
    const file = await server.request("athena/changeset/file", { ...changeset, path: "hello.py" });
    assert.equal(file.hunkList?.[0]?.verdict, "accepted");
    assert.match((await lenses())[0]?.command?.title ?? "", /Accepted/);
  });

  it("says in the tree what the user said of a file, which is no news of the agent", async () => {
    const { agentTree, feed, server, unread } = await athena();
    const agent = () => feed.agent(id)!;
    unread.look(id);
    const verdict = async (said: "accepted" | "open") => {
      const before = agent().version;
      await server.request("athena/review/verdict", { agent: id, path: "poem.txt", verdict: said });
      await until("it is told", () => agent().version > before);
    };
    const row = async () => {
      const nodes = await agentTree.getChildren({
        kind: "changes",
        agent: agent(),
        repository: OWN,
      });
      const node = nodes.find((one) => one.kind === "file" && one.file.path === "poem.txt");
      return node && agentTree.getTreeItem(node);
    };
    await verdict("accepted");
    await until("it is marked", async () => String((await row())?.description).startsWith("✓"));
    assert.equal((await row())?.contextValue, "file:accepted");
    assert.ok(!unread.has(agent()), "nothing new came of the agent");
    await verdict("open");
    await until("the mark is gone", async () => String((await row())?.description).startsWith("A"));
  });

  it("takes one hunk alone into the project", async () => {
    const file = path.join(folder(), "stanzas.txt");
    const stanzas = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    writeFileSync(file, `${stanzas.join("\n")}\n`);
    const git = (...words: string[]) => execFileSync("git", words, { cwd: folder() });
    git("add", "stanzas.txt");
    git("commit", "-qm", "Stanzas");
    const { id: other } = await play(
      "taker",
      "edit stanzas.txt: line 2 -> LINE 2\nedit stanzas.txt: line 18 -> LINE 18",
    );
    await reached(other, "idle");
    const changeset = { agent: other, scope: "base" } as const;
    const uri = documentUri({ changeset, path: "stanzas.txt", side: "new" });
    await vscode.workspace.openTextDocument(uri);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      "vscode.executeCodeLensProvider",
      uri,
    );
    const takes = lenses.filter(({ command }) => command?.command === "athena.hunk.take");
    assert.equal(takes.length, 2);
    const take = takes[1]?.command?.arguments?.[0] as unknown;
    await vscode.commands.executeCommand("athena.hunk.take", take);
    const text = () => readFileSync(file, "utf8");
    assert.ok(text().includes("LINE 18"));
    assert.ok(!text().includes("LINE 2\n"), "and the other hunk is not");
    await vscode.commands.executeCommand("athena.revert.undo", { agent: other });
    assert.equal(text(), `${stanzas.join("\n")}\n`);
  });

  it("sends a comment on a line to the same agent, which takes it as its next turn", async () => {
    const { server, feed } = await athena();
    await server.request("athena/review/comment", {
      agent: id,
      path: "poem.txt",
      line: 2,
      text: "Add a third line",
      send: true,
    });
    await until("the second turn is over", () => {
      const agent = feed.agent(id);
      return agent?.turns === 2 && agent.status === "idle";
    });
    const found = { agent: id, find: "Add a third line" };
    const { items } = await server.request("athena/transcript/page", found);
    assert.deepEqual([...new Set(items.map(({ item }) => item.type))], ["userMessage", "message"]);
  });

  it("marks the files of the project that agents changed", async () => {
    const file = vscode.Uri.file(path.join(folder(), "hello.py"));
    const { review } = await athena();
    await until("the file is marked", () => review.markOf(file)?.tooltip?.includes("poet"));
  });

  it("predicts a merge, and merges", async () => {
    const { server } = await athena();
    const predicted = await server.request("athena/merge/run", { agent: id, dryRun: true });
    assert.deepEqual(predicted.conflicts ?? [], []);
    const done = await server.request("athena/merge/run", {
      agent: id,
      how: "squash",
      message: "Poem",
    });
    assert.ok(done.done, JSON.stringify(done));
    const poem = vscode.Uri.file(path.join(folder(), "poem.txt"));
    assert.equal(String(await vscode.workspace.fs.readFile(poem)), "one\ntwo\nthree\n");
    const { review } = await athena();
    const file = vscode.Uri.file(path.join(folder(), "hello.py"));
    await until("the file is marked no more", () => review.markOf(file) === undefined);
  });

  it("undoes what was merged last, and then that", async () => {
    const { review } = await athena();
    const at = (name: string) => path.join(folder(), name);
    const git = (...words: string[]) =>
      execFileSync("git", words, { cwd: folder(), encoding: "utf8" }).trim();
    const merged = git("rev-parse", "HEAD");
    const undone = await vscode.commands.executeCommand<Applied>("athena.revert.undo", {
      agent: id,
    });
    assert.deepEqual([undone.branch, undone.commit], ["main", git("rev-parse", `${merged}^`)]);
    assert.equal(git("rev-parse", "HEAD"), undone.commit);
    assert.ok(!existsSync(at("poem.txt")));
    assert.equal(readFileSync(at("hello.py"), "utf8"), 'print("hello")\n');
    const file = vscode.Uri.file(at("hello.py"));
    await until("the file is marked again", () => review.markOf(file)?.tooltip?.includes("poet"));

    const redo = { agent: id, ref: undone.undo };
    await vscode.commands.executeCommand("athena.revert.undo", redo);
    assert.equal(git("rev-parse", "HEAD"), merged);
    assert.ok(existsSync(at("poem.txt")));
  });
});
