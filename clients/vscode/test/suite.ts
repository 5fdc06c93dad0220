/** Runs in the extension host of a real workbench: `extensionTestsPath` names this file. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import { athena } from "./support.ts";

/** Where the words of the run go for those who started the workbench. */
const REPORT = process.env["ATHENA_TEST_REPORT"];

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", color: false, timeout: 60_000, reporter: "spec" });
  mocha.suite.emit("pre-require", globalThis, "suite", mocha);
  await import("./pure.test.ts");
  await import("./agents.test.ts");
  await import("./review.test.ts");
  await import("./marks.test.ts");
  await import("./repositories.test.ts");
  await import("./server.test.ts");
  const words: string[] = [];
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("pass", (test) => words.push(`ok     ${test.fullTitle()} (${test.duration} ms)`));
    runner.on("fail", (test, error: Error) =>
      words.push(`FAILED ${test.fullTitle()}\n${error.stack ?? error.message}`),
    );
  });
  const { activationMs } = await athena();
  words.push(`activation: ${activationMs.toFixed(1)} ms`);
  if (REPORT) writeFileSync(REPORT, `${words.join("\n")}\n`);
  if (failures) throw new Error(`${failures} failed`);
}
