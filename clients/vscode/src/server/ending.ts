/** What the end of the server's process means, and what is to be done about it. Pure. */

/** The exit codes of `athena lsp`; numbers follow sysexits(3) where it has one that fits. */
const Exit = {
  Usage: 2,
  BadArguments: 64,
  Stopped: 69,
  NoStart: 70,
  StateDirectory: 73,
  Lost: 75,
  Version: 76,
  NotPermitted: 77,
} as const;

export interface Ending {
  code: number | null;
  signal: string | null;
  /** The last lines of its standard error. */
  stderr: string;
  /** How long the process lived, in milliseconds. */
  lived: number;
  /** Whether Athena ever answered through it. */
  answered: boolean;
}

export type Reaction =
  | { do: "restart"; afterMs: number }
  | { do: "rest"; why: string }
  | { do: "fail"; why: string; remedy: "settings" | "log" | "upgrade" };

const QUICK_MS = 2_000;
const MOST_QUICK = 5;
const LONGEST_PAUSE_MS = 5_000;

/**
 * `quick` counts the ends in a row, this one included, that came within two seconds of the start,
 * or later without any answer.
 * The code for a lost daemon asks for a new start at once, however often it comes; only when even
 * the starts are lost there is a pause between them, so that no loop burns the processor.
 */
export function react(ending: Ending, quick: number): Reaction {
  const said = lastWords(ending.stderr);
  switch (ending.code) {
    case Exit.Lost:
      return { do: "restart", afterMs: pause(quick) };
    case Exit.Stopped:
      return { do: "rest", why: said || "Athena was stopped." };
    case Exit.Version:
      return {
        do: "fail",
        why: said || "The running Athena is another version.",
        remedy: "upgrade",
      };
    case Exit.Usage:
    case Exit.BadArguments:
      return {
        do: "fail",
        why: `This \`athena\` does not know the command \`lsp\`: it is too old, or another program. ${said}`,
        remedy: "upgrade",
      };
    case Exit.StateDirectory:
    case Exit.NotPermitted:
    case Exit.NoStart:
      return { do: "fail", why: said || "Athena does not start.", remedy: "log" };
    default:
      if (quick < MOST_QUICK) return { do: "restart", afterMs: pause(quick) };
      return {
        do: "fail",
        why: `Athena ended ${quick} times in a row without having worked (${how(ending)}). ${said}`,
        remedy: "log",
      };
  }
}

/** What the process said last, without its name. */
export function lastWords(stderr: string): string {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return last.replace(/^athena: /, "");
}

/** The next count of quick ends. */
export function countQuick(quick: number, ending: Ending): number {
  return ending.lived < QUICK_MS || !ending.answered ? quick + 1 : 0;
}

function pause(quick: number): number {
  return quick <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, 100 * 2 ** (quick - 1));
}

function how({ code, signal }: Ending): string {
  return signal ? `signal ${signal}` : `exit code ${code ?? "unknown"}`;
}
