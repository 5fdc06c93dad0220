import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import { setting } from "../src/settings.ts";
import { athena, play, reached, until } from "./support.ts";

const LONG = `repeat 40:
    tool read: Step \${count} | ok
permit run echo end
say The end.`;

/** Put something else in the place of the server, and take it back whatever happens. */
async function withCommand(command: string[], then: () => Promise<void>): Promise<void> {
  const { server } = await athena();
  const settings = vscode.workspace.getConfiguration("athena");
  const before = setting("server.command");
  const place = vscode.ConfigurationTarget.Global;
  try {
    await settings.update("server.command", command, place);
    await then();
  } finally {
    await settings.update("server.command", before, place);
    await until("it is connected again", () => server.state.kind === "running");
  }
}

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

describe("a server that is not as it should be", () => {
  it("says what to do when the program is not there", async () => {
    const { server } = await athena();
    await withCommand(["/nowhere/athena"], async () => {
      const state = await until("it fails", () => server.state.kind === "failed" && server.state);
      assert.equal(state.remedy, "settings");
      assert.match(state.why, /\/nowhere\/athena cannot be started/);
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
