import * as assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { CONNECTION_LOST } from "../../webview/src/messages.ts";
import { PROTOCOL_VERSION } from "../src/protocol.gen.ts";
import { setting } from "../src/settings.ts";
import { athena, play, reached, until, withCommand } from "./support.ts";

const LONG = `repeat 40:
    tool read: Step \${count} | ok
permit run echo end
say The end.`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the connection", () => {
  it("turns off what the window shows by itself, so that nothing comes twice", async () => {
    const { server, feed } = await athena();
    const folder = mkdtempSync(path.join(tmpdir(), "athena-"));
    const [said, heard] = [path.join(folder, "said"), path.join(folder, "heard")];
    const tap = `tee '${said}' | "$@" | tee '${heard}'`;
    await withCommand(["/bin/sh", "-c", tap, "tap", ...setting("server.command")], async () => {
      await until("it is connected", () => server.state.kind === "running");
      const { id } = await play("quietly", "permit run echo yes\nsay Finished.");
      await reached(id, "needsPermission");
      const request = feed.requests.find((one) => one.agentId === id);
      await vscode.commands.executeCommand("athena.request.allow", {
        requestId: request?.requestId,
      });
      await reached(id, "idle");
    });
    assert.match(
      readFileSync(said, "utf8"),
      /"athena":\{"commands":false,"requests":false,"progress":false,"messages":false\}/,
    );
    const words = readFileSync(heard, "utf8");
    assert.match(words, /"athena\/event\/batch"/);
    assert.doesNotMatch(words, /"method":\s*"(window\/|\$\/progress)/);
  });

  it("runs beside the agents, on the remote host where the folder is", async () => {
    const extension = vscode.extensions.getExtension("athena.athena-agents");
    // code-server is a remote host: the window is in a browser, and this code is not.
    assert.ok(vscode.env.remoteName, "the window is one of a remote host");
    assert.equal(extension?.extensionKind, vscode.ExtensionKind.Workspace);
    const { server } = await athena();
    assert.ok(server.pid && isAlive(server.pid), "athena lsp runs on this side");
  });
});

describe("starting and restarting at once", () => {
  it("leaves one process", async () => {
    const { server } = await athena();
    const pids = path.join(mkdtempSync(path.join(tmpdir(), "athena-")), "pids");
    const noting = ["/bin/sh", "-c", `echo $$ >> '${pids}'; exec "$@"`, "noting"];
    await withCommand([...noting, ...setting("server.command")], async () => {
      await until("it is connected", () => server.state.kind === "running");
      await Promise.all([server.restart(), server.start(), server.restart(), server.start()]);
      await until("it is connected again", () => server.state.kind === "running");
      const begun = readFileSync(pids, "utf8").trim().split("\n").map(Number);
      await until("the others are gone", () => begun.filter(isAlive).length === 1);
      assert.equal(server.pid, begun.find(isAlive));
    });
  });
});

describe("a server that was killed", () => {
  it("comes back by itself, and nothing is missing or told twice", async () => {
    const { server, feed } = await athena();
    const seen: number[] = [];
    const listener = feed.onChange(({ events, anew }) => {
      assert.ok(!anew, "the subscription goes on from its position");
      seen.push(...events.map((event) => event.seq));
    });
    const from = feed.position ?? 0;
    const { id } = await play("survivor", LONG);
    await until("it works", () => (feed.agent(id)?.version ?? 0) > 20);
    assert.ok(server.state.kind === "running");
    const { pid } = server.state.info;
    process.kill(pid, "SIGKILL");
    const began = Date.now();
    await until("another daemon answers", () => {
      const { state } = server;
      return state.kind === "running" && state.info.pid !== pid;
    });
    console.log(`connected again after ${Date.now() - began} ms`);
    await reached(id, "needsPermission");
    const request = feed.requests.find((one) => one.agentId === id);
    await vscode.commands.executeCommand("athena.request.allow", { requestId: request?.requestId });
    await reached(id, "idle");
    listener.dispose();
    const last = seen.at(-1) ?? 0;
    const all = Array.from({ length: last - from }, (_, index) => from + 1 + index);
    assert.deepEqual(seen, all, "every event once, in order");
  });
});

/** A server that answers only these methods, with fixed results. */
const FAKE = `
require("node:fs").writeFileSync(__filename + ".pid", String(process.pid));
const results = JSON.parse(process.argv[2]);
let text = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  text += chunk;
  for (let end; (end = text.indexOf("\\r\\n\\r\\n")) >= 0; ) {
    const length = Number(/\\d+/.exec(text.slice(0, end))[0]);
    if (text.length < end + 4 + length) return;
    const { id, method } = JSON.parse(text.slice(end + 4, end + 4 + length));
    text = text.slice(end + 4 + length);
    if (method === "exit") process.exit(0);
    if (id === undefined) continue;
    const result = results[method] ?? null;
    if (result === "die") process.exit(75);
    const answer = JSON.stringify({ jsonrpc: "2.0", id, result });
    process.stdout.write("Content-Length: " + Buffer.byteLength(answer) + "\\r\\n\\r\\n" + answer);
  }
});
process.stdin.on("end", () => process.exit(0));
`;

/** The command line of a server that speaks another version of the protocol. */
function speaking(protocol: number): string[] {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "athena-")), "fake.cjs");
  writeFileSync(file, FAKE);
  const results = {
    initialize: { capabilities: {} },
    "athena/event/subscribe": { subscriptionId: "one", cursor: 0, agents: [] },
    "athena/workspace/list": { workspaces: [] },
    "athena/rescue/list": "die",
    "athena/system/info": { version: "9.9.9", protocol, database: "other", cursor: 0, pid: 1 },
  };
  return [process.execPath, file, JSON.stringify(results)];
}

describe("a connection that ends before an answer", () => {
  it("is told as that, since nobody knows what was done", async () => {
    const { server } = await athena();
    await withCommand(speaking(PROTOCOL_VERSION), async () => {
      await until("it is connected", () => server.state.kind === "running");
      await assert.rejects(server.request("athena/rescue/list", {}), { code: CONNECTION_LOST });
    });
  });
});

describe("a server that is not as it should be", () => {
  for (const [protocol, remedy] of [
    [PROTOCOL_VERSION + 1, "Update the extension."],
    [PROTOCOL_VERSION - 1, "Update Athena."],
  ] as const) {
    it(`says which side is too old when Athena speaks protocol ${protocol}`, async () => {
      const { server } = await athena();
      const command = speaking(protocol);
      await withCommand(command, async () => {
        const state = await until("it fails", () => server.state.kind === "failed" && server.state);
        assert.equal(state.remedy, "upgrade");
        assert.ok(state.why.startsWith(`Athena 9.9.9 speaks protocol ${protocol}`), state.why);
        assert.ok(state.why.endsWith(remedy), state.why);
        const pid = Number(readFileSync(`${command[1]}.pid`, "utf8"));
        await until("its process is gone", () => !isAlive(pid));
      });
    });
  }

  it("says that it waits for a program that does not answer, and leaves none behind", async () => {
    const { server } = await athena();
    const silent = "echo 'this is no language server'; echo 'athena: Upgrading …' >&2; exec cat";
    let pid = 0;
    await withCommand(["/bin/sh", "-c", silent], async () => {
      const state = await until("it is slow", () => {
        const { state } = server;
        return state.kind === "starting" && state.slow !== undefined && state;
      });
      assert.equal(state.slow, "Upgrading …");
      assert.ok(server.pid);
      pid = server.pid;
    });
    await until("its process is gone", () => !isAlive(pid));
  });

  it("explains a program that is not Athena at all", async () => {
    const { server } = await athena();
    await withCommand(["/bin/sh", "-c", "echo 'no such verb: lsp' >&2; exit 2"], async () => {
      const state = await until("it fails", () => server.state.kind === "failed" && server.state);
      assert.match(state.why, /too old, or another program. no such verb: lsp/);
    });
  });

  it("says that it is nowhere when it is nowhere", async () => {
    const { server } = await athena();
    const settings = vscode.workspace.getConfiguration("athena");
    const place = vscode.ConfigurationTarget.Global;
    await withCommand([], async () => {
      try {
        await settings.update("server.environment", { PATH: "/nowhere" }, place);
        await until("it is missing", () => server.state.kind === "missing");
        await vscode.commands.executeCommand("athena.system.doctor");
        const text = vscode.window.activeTextEditor?.document.getText() ?? "";
        assert.match(text, /# Athena is not installed[^]*uv tool install/);
      } finally {
        await settings.update("server.environment", undefined, place);
      }
    });
  });

  it("says what to do when the program is not there", async () => {
    const { server } = await athena();
    await withCommand(["/nowhere/athena"], async () => {
      const state = await until("it fails", () => server.state.kind === "failed" && server.state);
      assert.equal(state.remedy, "settings");
      assert.match(state.why, /\/nowhere\/athena cannot be started/);
    });
  });

  it("says so when no process can be made of the setting", async () => {
    const { server } = await athena();
    await withCommand(["\0"], async () => {
      const state = await until("it fails", () => server.state.kind === "failed" && server.state);
      assert.equal(state.remedy, "settings");
    });
  });

  it("does not start a dying program for ever", async () => {
    const { server } = await athena();
    await withCommand(["/bin/sh", "-c", "echo broken >&2; exit 1"], async () => {
      const state = await until(
        "it gives up",
        () => server.state.kind === "failed" && server.state,
      );
      assert.match(state.why, /5 times in a row.*broken/);
    });
  });

  it("explains another version", async () => {
    const { server } = await athena();
    await withCommand(["/bin/sh", "-c", "echo 'athena: Update Athena.' >&2; exit 76"], async () => {
      const state = await until("it fails", () => server.state.kind === "failed" && server.state);
      assert.deepEqual([state.why, state.remedy], ["Update Athena.", "upgrade"]);
    });
  });

  it("stays stopped when it was stopped on purpose, and starts when asked", async () => {
    const { server } = await athena();
    await withCommand(["/bin/sh", "-c", "echo 'athena: Stopped.' >&2; exit 69"], async () => {
      await until("it rests", () => {
        const { state } = server;
        return state.kind === "stopped" && state.why === "Stopped.";
      });
    });
  });
});
