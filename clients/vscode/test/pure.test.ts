import * as assert from "node:assert/strict";
import * as vscode from "vscode";
import { react, countQuick, type Ending } from "../src/server/ending.ts";
import { documentOf, documentUri } from "../src/review/uris.ts";
import { withEvents, withPage, EMPTY } from "../../webview/src/fold.ts";
import { Layout } from "../../webview/src/layout.ts";
import type { Event } from "../src/protocol.gen.ts";
import { listed } from "../src/commands/listings.ts";
import { costWords } from "../src/agents/status.ts";
import { remediesOf, withOurWords } from "../src/remedies.ts";
import { worded } from "../../webview/src/remedies.ts";

const ending = (change: Partial<Ending>): Ending => ({
  code: 0,
  signal: null,
  stderr: "",
  lived: 60_000,
  answered: true,
  ...change,
});

describe("what helps after an error", () => {
  const stop = {
    command: "athena.agent.stop",
    title: "Stop Agent",
    arguments: { agent: "a1" },
    commandLine: "athena agent stop '$&'",
  };
  const newer = { ...stop, command: "athena.agent.newer", commandLine: "athena newer" };
  const text = "It runs: stop it first (`athena agent stop '$&'`), or `athena newer`.";
  const ours = "It runs: stop it first (“Stop Agent”), or `athena newer`.";

  it("is named as in the palette, where it is known here", () => {
    const found = remediesOf({ remedies: [stop, newer] });
    assert.deepEqual(found, [stop]);
    assert.equal(worded(text, found), ours);
    assert.deepEqual(remediesOf(undefined), []);
  });

  it("is named so in notes as well", () => {
    const result = { done: true, notes: [text], remedies: [stop, newer] };
    assert.deepEqual(withOurWords(result), { ...result, notes: [ours] });
    assert.equal(withOurWords(undefined), undefined);
  });
});

describe("what a command answered", () => {
  it("is a table where it is a list", () => {
    const ranges = [{ path: "a.py", start: 1, end: 3 }];
    const collisions = [{ agentId: "1", otherId: "2", conflict: true, ranges }];
    const names: Record<string, string> = { 1: "weaver", 2: "dyer" };
    const text = listed("athena.collision.list", { collisions }, (id) => names[id] ?? id);
    assert.deepEqual(text.split("\n"), [
      "Agent   Other            Where",
      "weaver  dyer   conflict  a.py:1-3",
    ]);
    const none = listed("athena.collision.list", { collisions: [] }, String);
    assert.equal(none, "No agents collide.");
  });

  it("says first which harnesses are installed", () => {
    const harness = (name: string, installed: boolean) => ({ name, installed, protocol: "acp" });
    const harnesses = [harness("a", false), harness("b", true), harness("c", false)];
    const [, ...rows] = listed("athena.harness.list", { harnesses }, String).split("\n");
    assert.deepEqual(
      rows.map((row) => row[0]),
      ["b", "a", "c"],
    );
  });

  it("is its members, one a line, where it is no list", () => {
    const result = { version: "1", cache: { hits: 2 }, roots: ["/a"], rest: [] };
    const text = listed("athena.system.metrics", result, String);
    assert.deepEqual(text.split("\n"), [
      "version: 1",
      "cache",
      "  hits: 2",
      "roots:",
      "  /a",
      "rest: none",
    ]);
  });
});

describe("the end of the server's process", () => {
  it("asks for a new start at once when the daemon was lost, however often", () => {
    for (const quick of [0, 1]) {
      assert.deepEqual(react(ending({ code: 75 }), quick), { do: "restart", afterMs: 0 });
    }
    assert.equal(react(ending({ code: 75 }), 1000).do, "restart");
  });

  it("asks for nothing after a stop on purpose", () => {
    const stderr = "athena: The Athena daemon was stopped.\n";
    const why = "The Athena daemon was stopped.";
    assert.deepEqual(react(ending({ code: 69, stderr }), 0), { do: "rest", why });
  });

  it("explains another version, an old program and an unusable state directory", () => {
    assert.deepEqual(react(ending({ code: 76, stderr: "athena: Update it." }), 0), {
      do: "fail",
      why: "Update it.",
      remedy: "upgrade",
    });
    assert.match(JSON.stringify(react(ending({ code: 2 }), 0)), /too old/);
    assert.match(JSON.stringify(react(ending({ code: 73 }), 0)), /"log"/);
  });

  it("gives up on a program that dies in a loop, and says how it dies", () => {
    const dying = ending({ code: 1, lived: 10, stderr: "ImportError: no module\n" });
    let quick = 0;
    const pauses: number[] = [];
    for (;;) {
      quick = countQuick(quick, dying);
      const reaction = react(dying, quick);
      if (reaction.do !== "restart") {
        assert.match(JSON.stringify(reaction), /5 times in a row.*exit code 1.*ImportError/);
        break;
      }
      pauses.push(reaction.afterMs);
    }
    assert.deepEqual(pauses, [0, 200, 400, 800]);
    assert.equal(countQuick(4, ending({ lived: 60_000 })), 0);
    assert.equal(countQuick(4, ending({ lived: 60_000, answered: false })), 5);
  });
});

describe("the address of a document", () => {
  it("comes back as what it was made from", () => {
    const ref = {
      changeset: { agent: "a1", scope: "turn", turnId: "a1.t1" },
      path: "src/a b#?%.py",
      side: "new",
    } as const;
    const uri = vscode.Uri.parse(documentUri(ref).toString(), true);
    assert.deepEqual(documentOf(uri), ref);
    assert.equal(documentOf(vscode.Uri.file("/x")), undefined);
  });
});

describe("money", () => {
  it("says what is an estimate", () => {
    assert.equal(costWords({ amount: 1.234, currency: "USD", source: "reported" }), "$1.23");
    assert.equal(costWords({ amount: 0.0041, currency: "USD", source: "estimated" }), "~$0.004");
    assert.equal(costWords(undefined), "");
  });
});

describe("a transcript of 100,000 items", () => {
  const MANY = 100_000;
  const event = (version: number, kind: string, data: Record<string, unknown>): Event => ({
    seq: version,
    agentId: "a",
    version,
    at: version,
    kind,
    v: 1,
    truncated: false,
    data,
  });
  const completed = (index: number) =>
    event(index, "itemCompleted", {
      itemId: `i${index}`,
      turnId: "t",
      item: { type: "message", text: `number ${index}` },
    });

  it("takes a new row within a frame, and keeps every row at its place", () => {
    const layout = new Layout();
    const keys = Array.from({ length: MANY }, (_, index) => `k${index}`);
    // Only what is in view is measured, so here the heights are known before the places.
    for (let index = 0; index < MANY; index++) layout.measure(`k${index}`, 20 + (index % 7));
    layout.place([...keys]);
    const height = layout.height;
    const began = performance.now();
    for (let round = 0; round < 10; round++) {
      keys.push(`n${round}`);
      layout.place([...keys]);
      layout.measure(`n${round}`, 100);
      assert.equal(layout.at(layout.height - 1), MANY + round);
    }
    const each = (performance.now() - began) / 10;
    assert.equal(layout.height, height + 1000);
    assert.equal(layout.at(layout.top(77_777)), 77_777);
    assert.ok(each < 40, `${each} ms for a row`);
  });

  it("does not move what is seen when older rows come before it", () => {
    const layout = new Layout();
    const seen = ["c", "d", "e"];
    layout.place(seen);
    for (const key of seen) layout.measure(key, 100);
    const before = layout.top(layout.find("d", 1));
    layout.place(["a", "b", ...seen]);
    layout.measure("a", 30);
    layout.measure("b", 40);
    assert.equal(layout.top(layout.find("d", 1)), before + 70);
  });

  it("holds each item once, whatever the order of pages and events", () => {
    const items = Array.from({ length: MANY }, (_, index) => completed(index + 1));
    const began = performance.now();
    const all = withEvents(EMPTY, items);
    const again = withEvents(all, items.slice(-50));
    assert.equal(again.items.length, MANY);
    assert.ok(performance.now() - began < 5_000);
    const paged = withPage(again, all.items.slice(10, 20), []);
    assert.deepEqual(
      paged.items.map(({ version }) => version),
      all.items.map(({ version }) => version),
    );
  });

  it("keeps the place of an item's beginning when its end is known first", () => {
    const started = event(5, "itemStarted", { itemId: "x", item: { type: "message", text: "" } });
    const ended = event(9, "itemCompleted", {
      itemId: "x",
      item: { type: "message", text: "all" },
    });
    const late = withEvents(EMPTY, [ended]).items;
    const early = withEvents(EMPTY, [started]).items;
    for (const order of [
      [late, early],
      [early, late],
    ]) {
      const merged = withPage(withPage(EMPTY, order[0] ?? [], []), order[1] ?? [], []).items;
      assert.equal(merged.length, 1);
      assert.equal(merged[0]?.version, 5);
      assert.equal(merged[0]?.item.type === "message" && merged[0].item.text, "all");
    }
  });
});
