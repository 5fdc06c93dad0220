import * as assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { setting } from "../src/settings.ts";
import { athena, folder, play, reached, until, withCommand } from "./support.ts";

/**
 * Runs a server and holds back its first answer to one method until a file is there. That it holds
 * one, and that it has let it go, is told by files beside that.
 */
const HOLDING = `
const { spawn } = require("node:child_process");
const { existsSync, writeFileSync } = require("node:fs");
const [method, gate, command, ...words] = process.argv.slice(2);
const server = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
let held;
function each(stream, hear) {
  let rest = Buffer.alloc(0);
  stream.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end; (end = rest.indexOf("\\r\\n\\r\\n")) >= 0; ) {
      const length = Number(/Content-Length: *(\\d+)/i.exec(rest.subarray(0, end).toString())[1]);
      const stop = end + 4 + length;
      if (rest.length < stop) return;
      hear(JSON.parse(rest.subarray(end + 4, stop).toString()), rest.subarray(0, stop));
      rest = rest.subarray(stop);
    }
  });
}
each(process.stdin, (asked, frame) => {
  if (asked.method === method) held ??= asked.id;
  server.stdin.write(frame);
});
each(server.stdout, (said, frame) => {
  if (said.method !== undefined || said.id === undefined || said.id !== held) {
    process.stdout.write(frame);
    return;
  }
  writeFileSync(gate + ".held", "");
  const timer = setInterval(() => {
    if (!existsSync(gate)) return;
    clearInterval(timer);
    process.stdout.write(frame);
    writeFileSync(gate + ".gone", "");
  }, 20);
});
process.stdin.on("end", () => server.stdin.end());
server.on("exit", (code) => process.exit(code ?? 1));
`;

/** How the explorer marks a file of the project. */
async function markOf(name: string): Promise<vscode.FileDecoration | undefined> {
  const { review } = await athena();
  return review.markOf(vscode.Uri.file(path.join(folder(), name)));
}

async function prompt(id: string, turn: number): Promise<void> {
  const { server, feed } = await athena();
  await server.request("athena/agent/prompt", { agent: id, text: "Go on" });
  await until(`turn ${turn} is over`, () => {
    const agent = feed.agent(id);
    return agent?.turns === turn && agent.status === "idle";
  });
}

describe("the explorer's marks", () => {
  it("are those of the last answer, also when the one before comes late", async () => {
    const { server } = await athena();
    const turns = "say Ready.\n\nturn 2:\n    write first.txt: 1\n\nturn 3:\n    run rm first.txt";
    const { id } = await play("marker", `${turns}\n    write second.txt: 2`);
    await reached(id, "idle");
    const place = mkdtempSync(path.join(tmpdir(), "athena-"));
    const [script, gate] = [path.join(place, "holding.cjs"), path.join(place, "gate")];
    writeFileSync(script, HOLDING);
    const holding = [process.execPath, script, "athena/merge/run", gate];
    await withCommand([...holding, ...setting("server.command")], async () => {
      await until("it is connected", () => server.state.kind === "running");
      await prompt(id, 2);
      await until("an answer is held back", () => existsSync(`${gate}.held`));
      await prompt(id, 3);
      // By then whoever had asked a second time would have been answered.
      await server.request("athena/merge/run", { agent: id, how: "merge", dryRun: true });
      writeFileSync(gate, "");
      await until("the answer is let go", () => existsSync(`${gate}.gone`));
      await server.request("athena/system/info", {});
      await until("the new file is marked", () => markOf("second.txt"));
      assert.equal(await markOf("first.txt"), undefined);
    });
  });

  it("name the agents in one order, and as they are called now", async () => {
    const { server } = await athena();
    const scenario = "write both.txt: 1\n\nother turns:\n    append both.txt: 2";
    const ids: string[] = [];
    for (const name of ["zebra", "ant"]) {
      const { id } = await play(name, scenario);
      await reached(id, "idle");
      ids.push(id);
    }
    const says = (words: string) => async () => (await markOf("both.txt"))?.tooltip === words;
    await until("both are named", says("Changed by ant, zebra, not merged"));
    assert.equal((await markOf("both.txt"))?.badge, "A2");
    const [zebra = "", ant = ""] = ids;
    await prompt(ant, 2);
    await server.request("athena/agent/rename", { agent: zebra, name: "aardvark" });
    await until("the new name is there", says("Changed by aardvark, ant, not merged"));
  });
});
