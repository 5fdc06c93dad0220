import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Node } from "../src/agents/tree.ts";
import { landingOf, placeOf } from "../src/review/places.ts";
import { documentUri } from "../src/review/uris.ts";
import { athena, folder, reached, until } from "./support.ts";

/** The same file in both repositories, so that nothing can be taken for that of the other. */
const BOTH = `run echo of the project > shared.txt
run echo of the library > "\${ATHENA_WORKTREES#*:}/shared.txt"
run sed -i s/1/2/ "\${ATHENA_WORKTREES#*:}/lib.py"
say Done.`;

describe("an agent in several repositories", () => {
  const library = path.join(folder(), "..", "library");
  const gitIn = (cwd: string) => (words: string) => {
    execFileSync("git", words.split(" "), { cwd });
  };
  const git = gitIn(library);
  let id = "";

  const agent = async () => {
    const found = (await athena()).feed.agent(id);
    assert.ok(found);
    return found;
  };
  const changes = async (repository: string): Promise<Node> => ({
    kind: "changes",
    agent: await agent(),
    repository,
  });
  const filesBelow = async (node: Node) => {
    const { agentTree } = await athena();
    const files = await agentTree.getChildren(node);
    return files.map((file) => [
      file.kind === "file" ? file.file.path : file.kind,
      agentTree.getTreeItem(file).description,
    ]);
  };

  before(async () => {
    mkdirSync(library);
    git("init -q -b main");
    git("config user.name Tester");
    git("config user.email tester@example.com");
    writeFileSync(path.join(library, "lib.py"), "x = 1\n");
    for (const place of [library, folder()]) {
      writeFileSync(path.join(place, "shared.txt"), "of nobody\n");
      gitIn(place)("add .");
      gitIn(place)("commit -qm shared");
    }
    const { server } = await athena();
    ({ id } = await server.request("athena/agent/spawn", {
      name: "spanner",
      harness: "scripted",
      prompt: `both\n\`\`\`scenario\n${BOTH}\n\`\`\`\n`,
      project: folder(),
      workspace: { kind: "new", also: [library] },
    }));
    await reached(id, "idle");
  });

  it("shows what it changed in each, and in a turn in all", async () => {
    const { agentTree } = await athena();
    const below = await agentTree.getChildren({ kind: "agent", agent: await agent() });
    const labels = below.map((node) => agentTree.getTreeItem(node).label);
    const project = path.basename(folder());
    assert.deepEqual(labels.slice(0, 2), [`All changes in ${project}`, "All changes in library"]);
    assert.deepEqual(await filesBelow(await changes("")), [["shared.txt", "M  +1 −1"]]);
    assert.deepEqual(await filesBelow(await changes("library")), [
      ["lib.py", "M  +1 −1  library"],
      ["shared.txt", "M  +1 −1  library"],
    ]);
    const turn = below.find((node) => node.kind === "turn");
    assert.equal((await filesBelow(turn!)).length, 3);
  });

  it("opens the changes of all, or of the one that is meant", async () => {
    const { review } = await athena();
    const shown = async (given: { agent: string; repository?: string }) => {
      await vscode.commands.executeCommand("workbench.action.closeAllEditors");
      await review.openAll({ ...given, scope: "base" });
      return until("they are open", () => {
        const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input as
          { textDiffs?: { modified: vscode.Uri }[] } | undefined;
        return input?.textDiffs?.map(({ modified }) => modified.path);
      });
    };
    assert.deepEqual(await shown({ agent: id }), ["/shared.txt", "/lib.py", "/shared.txt"]);
    assert.deepEqual(await shown({ agent: id, repository: "library" }), ["/lib.py", "/shared.txt"]);
    assert.deepEqual(await shown({ agent: id, repository: "" }), ["/shared.txt"]);
  });

  it("judges hunks, and takes comments, where they are", async () => {
    const { server } = await athena();
    const changeset = { agent: id, repository: "library", scope: "base" } as const;
    const uri = documentUri({ changeset, path: "shared.txt", side: "new" });
    const document = await vscode.workspace.openTextDocument(uri);
    assert.equal(document.getText(), "of the library\n");
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      "vscode.executeCodeLensProvider",
      uri,
    );
    const reject = lenses.find(({ command }) => command?.command === "athena.hunk.reject");
    await vscode.commands.executeCommand("athena.hunk.reject", reject?.command?.arguments?.[0]);
    const verdicts = async (repository?: string) => {
      const asked = { agent: id, ...(repository ? { repository } : {}) };
      const { files } = await server.request("athena/changeset/get", asked);
      return files.map(({ path: file, verdict }) => `${file} ${verdict}`);
    };
    assert.deepEqual(await verdicts("library"), ["lib.py open", "shared.txt rejected"]);
    assert.deepEqual(await verdicts(), ["shared.txt open"]);
    const thread = { uri, range: new vscode.Range(0, 0, 0, 0), dispose: () => undefined };
    const reply = { thread, text: "Say it better" };
    await vscode.commands.executeCommand("athena.comment.add", reply);
    const { comments } = await server.request("athena/review/listComments", { agent: id });
    assert.deepEqual(
      comments.map(({ repository, path: file, line }) => [repository, file, line]),
      [["library", "shared.txt", 1]],
    );
  });

  it("accepts, and takes into the user's files, by the node of the tree", async () => {
    await vscode.commands.executeCommand("athena.review.accept", {
      agent: id,
      repository: "library",
      path: "lib.py",
    });
    await vscode.commands.executeCommand("athena.review.apply", await changes("library"));
    assert.equal(readFileSync(path.join(library, "lib.py"), "utf8"), "x = 2\n");
    const shared = readFileSync(path.join(library, "shared.txt"), "utf8");
    assert.equal(shared, "of nobody\n", "what was rejected is not");
    git("checkout -q .");
  });

  it("lists its worktrees apart, and opens its files where they are", async () => {
    const { workspaceTree, panels } = await athena();
    const rows = await workspaceTree.getChildren();
    const mine = rows.filter(({ workspace }) => workspace.agentId === id);
    const labels = mine.map((row) => workspaceTree.getTreeItem(row).label);
    assert.deepEqual(labels, ["spanner", "spanner in library"]);
    assert.ok(panels);
    const changeset = { agent: id, repository: "library", scope: "base" } as const;
    const uri = documentUri({ changeset, path: "lib.py", side: "new" });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
    await vscode.commands.executeCommand("athena.review.openWorkspaceFile");
    const [other] = (await agent()).workspace?.also ?? [];
    assert.equal(
      vscode.window.activeTextEditor?.document.uri.fsPath,
      path.join(other!.path, "lib.py"),
    );
  });

  it("commits in one, and merges it there", async () => {
    const { server } = await athena();
    await vscode.commands.executeCommand("athena.workspace.commit", await changes("library"));
    const state = async () => {
      const { workspaces } = await server.request("athena/workspace/list", { agent: id });
      return workspaces.map(({ changed, ahead }) => [changed, ahead]);
    };
    assert.deepEqual(await state(), [
      [1, 0],
      [0, 1],
    ]);
  });
});

describe("an agent at work in a submodule", () => {
  const outer = path.join(folder(), "..", "outer");
  const inner = path.join(folder(), "..", "inner");
  const git = (cwd: string, ...words: string[]) => {
    execFileSync("git", ["-c", "protocol.file.allow=always", ...words], { cwd });
  };
  let id = "";

  before(async () => {
    for (const place of [inner, outer]) {
      mkdirSync(place);
      git(place, "init", "-q", "-b", "main");
      git(place, "config", "user.name", "Tester");
      git(place, "config", "user.email", "tester@example.com");
      writeFileSync(path.join(place, "lib.py"), "x = 1\n");
      git(place, "add", ".");
      git(place, "commit", "-qm", "one");
    }
    git(outer, "submodule", "--quiet", "add", inner, "deps/lib");
    git(outer, "commit", "-qm", "with a submodule");
    const { server } = await athena();
    ({ id } = await server.request("athena/agent/spawn", {
      name: "diver",
      harness: "scripted",
      prompt: "dive\n```scenario\nedit deps/lib/lib.py: x = 1 -> x = 2\n```\n",
      project: outer,
      workspace: { kind: "new" },
    }));
    await reached(id, "idle");
  });

  it("shows what it changed there, and merges it with what is around it", async () => {
    const { agentTree, feed, server } = await athena();
    const agent = feed.agent(id);
    assert.ok(agent);
    const below = await agentTree.getChildren({ kind: "agent", agent });
    const labels = below.map((node) => agentTree.getTreeItem(node).label);
    assert.deepEqual(labels.slice(0, 2), ["All changes in outer", "All changes in deps/lib"]);
    const files = await agentTree.getChildren({ kind: "changes", agent, repository: "deps/lib" });
    assert.deepEqual(
      files.map((file) => file.kind === "file" && file.file.path),
      ["lib.py"],
    );
    const file = path.join(agent.workspace?.path ?? "", "deps/lib/lib.py");
    assert.deepEqual(placeOf(agent, file), ["deps/lib", "lib.py"]);
    assert.equal(landingOf(agent, "deps/lib"), undefined);
    const { files: ahead } = await server.request("athena/merge/run", { agent: id, dryRun: true });
    assert.deepEqual(ahead, ["deps/lib"]);
  });
});
