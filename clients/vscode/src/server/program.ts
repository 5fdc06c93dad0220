import { constants } from "node:fs";
import { access } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { setting } from "../settings.ts";

/** A way to run Athena, and where it was found. */
export interface Program {
  command: string;
  args: string[];
  from: "setting" | "PATH" | "Python environment";
}

const NAMES = process.platform === "win32" ? ["athena.exe", "athena.cmd"] : ["athena"];

/** What the setting says, else `athena` on the PATH, else in the active Python environment. */
export async function findProgram(): Promise<Program | undefined> {
  const [command, ...args] = setting("server.command");
  if (command) return { command: expand(command), args, from: "setting" };
  for (const folder of (environment()["PATH"] ?? "").split(path.delimiter)) {
    const found = folder && (await executableIn(folder));
    if (found) return { command: found, args: [], from: "PATH" };
  }
  const bin = await pythonFolder();
  const found = bin && (await executableIn(bin));
  return found ? { command: found, args: [], from: "Python environment" } : undefined;
}

/** The environment that Athena gets, and with it every agent that it starts. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ...setting("server.environment") };
}

function expand(command: string): string {
  const home = process.env["HOME"] ?? "";
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return command.replace(/^~(?=\/)/, home).replaceAll("${workspaceFolder}", folder);
}

async function executableIn(folder: string): Promise<string | undefined> {
  for (const name of NAMES) {
    const file = path.join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next place may have it.
    }
  }
  return undefined;
}

/** The part of the Python extension's public API that is used here. */
interface PythonApi {
  environments: { getActiveEnvironmentPath(): { path: string } };
}

async function pythonFolder(): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) return undefined;
  const python = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!python) return undefined;
  try {
    const api = await python.activate();
    const active = api.environments.getActiveEnvironmentPath().path;
    return path.isAbsolute(active) ? path.dirname(active) : undefined;
  } catch {
    // One that does not start, or is too old to tell, names no environment.
    return undefined;
  }
}
