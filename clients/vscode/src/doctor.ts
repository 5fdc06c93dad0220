import { execFile } from "node:child_process";
import type { Athena } from "./athena.ts";
import { showText } from "./commands/texts.ts";
import { environment, findProgram } from "./server/program.ts";

const INSTALL = `# Athena is not installed

Install it from a checkout of Athena with one of

    uv tool install .
    pipx install .
    pip install .        # into the active Python environment

then run the command "Athena: Restart Server". If it is installed at a place that is not on the
PATH, name it in the setting "athena.server.command".
`;

/** What is missing here and how to get it: the words of \`athena doctor\`. */
export async function showDoctor({ server, output }: Athena): Promise<void> {
  const program = await findProgram();
  if (!program) return showText(INSTALL, "markdown", "Install Athena");
  const said = await new Promise<string>((resolve) => {
    execFile(
      program.command,
      [...program.args, "doctor"],
      { env: { ...environment(), NO_COLOR: "1", COLUMNS: "100" }, timeout: 30_000 },
      (error, stdout, stderr) => resolve(stdout || stderr || String(error)),
    );
  });
  const { state } = server;
  const window = "why" in state ? `${state.kind}: ${state.why}` : state.kind;
  output.debug(said);
  await showText(
    `This window: ${window}\nProgram: ${program.command} (${program.from})\n\n${said}`,
    "plaintext",
    "Athena Doctor",
  );
}
