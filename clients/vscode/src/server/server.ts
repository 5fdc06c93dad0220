import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  type LanguageClientOptions,
} from "vscode-languageclient/node";
import {
  PROTOCOL_VERSION,
  type Method,
  type Methods,
  type Notifications,
  type Remedy,
  type SystemInfo,
} from "../protocol.gen.ts";
import { CONNECTION_LOST } from "../../../webview/src/messages.ts";
import { worded } from "../../../webview/src/remedies.ts";
import { remediesOf, withOurWords } from "../remedies.ts";
import { countQuick, lastWords, react, type Ending, type Reaction } from "./ending.ts";
import { environment, findProgram, type Program } from "./program.ts";

export type ServerState =
  /** `slow`: it was waited for so long that the user should know for what. */
  | { kind: "starting"; slow?: string }
  | { kind: "running"; info: SystemInfo; program: Program }
  | { kind: "missing" }
  | { kind: "stopped"; why: string }
  | { kind: "failed"; why: string; remedy: "settings" | "log" | "upgrade" };

type Signal = keyof Notifications;

const STDERR_KEPT = 4_000;
const SLOW_MS = 10_000;

/**
 * The connection to Athena. Each connection is a process `athena lsp` and a language client of its
 * own; when the process ends, its exit code decides what follows (`ending.ts`).
 */
export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly told = new vscode.EventEmitter<{ method: Signal; params: unknown }>();
  private current: ServerState = { kind: "stopped", why: "Athena was not started yet." };
  private client: LanguageClient | undefined;
  private process: ChildProcess | undefined;
  private quick = 0;
  private generation = 0;

  /** The state, after each change. `running` comes once for every new connection. */
  readonly onState = this.changed.event;
  /** Athena's own notifications, in the order in which they came. */
  readonly onTold = this.told.event;

  constructor(private readonly output: vscode.LogOutputChannel) {}

  get state(): ServerState {
    return this.current;
  }

  /** Connect, and stay connected. Does nothing when it is connected or just connecting. */
  async start(): Promise<void> {
    if (this.current.kind === "running" || this.current.kind === "starting") return;
    this.quick = 0;
    await this.connect();
  }

  /** Connect anew, whatever was before. */
  async restart(): Promise<void> {
    if (!(await this.left())) return;
    this.quick = 0;
    await this.connect();
  }

  /** Waits for a connection that is being made; without one it throws `NotConnected`. */
  async request<M extends Method>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]> {
    await this.ready();
    const { client } = this;
    if (!client) throw new NotConnected();
    try {
      return withOurWords(await client.sendRequest<Methods[M]["result"]>(method, params));
    } catch (error) {
      const isOver = client !== this.client || !client.isRunning();
      if (isOver || codeOf(error) === CONNECTION_LOST) throw new ConnectionLost();
      if (error instanceof Error) error.message = worded(error.message, helpsFor(error));
      throw error;
    }
  }

  /** Resolves when it is connected, rejects when that needs the user. */
  async ready(): Promise<SystemInfo> {
    const state = this.current;
    if (state.kind === "running") return state.info;
    if (state.kind !== "starting") throw new NotConnected();
    return new Promise((resolve, reject) => {
      const listener = this.onState((next) => {
        if (next.kind === "starting") return;
        listener.dispose();
        if (next.kind === "running") resolve(next.info);
        else reject(new NotConnected());
      });
    });
  }

  /** The process of the connection, for tests. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  dispose(): void {
    void this.disconnect();
    this.changed.dispose();
    this.told.dispose();
  }

  async disconnect(): Promise<void> {
    this.generation++;
    const { client, process } = this;
    this.client = undefined;
    this.process = undefined;
    this.set({ kind: "stopped", why: "Athena was disconnected from this window." });
    await client?.dispose().catch((error: unknown) => this.output.debug(String(error)));
    // One that never answered gets no farewell, and one that hears none is ended all the same.
    process?.kill();
  }

  /** Disconnect; false when somebody connected before that was done. */
  private async left(): Promise<boolean> {
    const leaving = this.disconnect();
    const { generation } = this;
    await leaving;
    return generation === this.generation;
  }

  private set(state: ServerState): void {
    this.current = state;
    this.changed.fire(state);
  }

  private async connect(): Promise<void> {
    const generation = ++this.generation;
    this.set({ kind: "starting" });
    try {
      await this.open(generation);
    } catch (error) {
      // A setting may be such that no process can be made of it.
      if (generation !== this.generation) return;
      this.set({ kind: "failed", why: String(error), remedy: "settings" });
    }
  }

  private async open(generation: number): Promise<void> {
    const program = await findProgram();
    if (generation !== this.generation) return;
    if (!program) {
      this.set({ kind: "missing" });
      return;
    }
    const began = Date.now();
    let answered = false;
    const child = spawn(program.command, [...program.args, "lsp"], {
      env: environment(),
      cwd: folderOnDisk(),
    });
    this.process = child;
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
      this.output.info(text.trimEnd());
      if (this.isSlow(generation)) this.waitOn(stderr);
    });
    const patience = setTimeout(() => {
      if (this.isStarting(generation)) this.waitOn(stderr);
    }, SLOW_MS);
    const ended = new Promise<Ending>((resolve) => {
      child.on("error", (error) => {
        resolve({ code: null, signal: null, stderr: error.message, lived: 0, answered });
      });
      child.on("close", (code, signal) => {
        resolve({ code, signal, stderr, lived: Date.now() - began, answered });
      });
    });
    void ended.then((ending) => {
      clearTimeout(patience);
      this.ended(generation, program, ending);
    });
    const client = new QuietClient(
      "athena",
      "Athena",
      () => Promise.resolve(child),
      this.options(),
    );
    for (const method of SIGNALS) {
      client.onNotification(method, (params: unknown) => {
        if (generation === this.generation) this.told.fire({ method, params });
      });
    }
    this.client = client;
    try {
      await client.start();
      await this.greet(generation, program, client);
      answered = true;
    } catch (error) {
      // The end of the process says why; a process that lives on and does not answer is ended.
      this.output.warn(`No connection: ${String(error)}`);
      child.kill();
    } finally {
      clearTimeout(patience);
    }
  }

  private isStarting(generation: number): boolean {
    return generation === this.generation && this.current.kind === "starting";
  }

  private isSlow(generation: number): boolean {
    return this.isStarting(generation) && "slow" in this.current;
  }

  /** Tell what Athena is busy with, in its own words, while it does not answer. */
  private waitOn(stderr: string): void {
    const slow = lastWords(stderr) || "Athena does not answer yet.";
    this.set({ kind: "starting", slow });
  }

  private async greet(generation: number, program: Program, client: LanguageClient): Promise<void> {
    const info = await client.sendRequest<SystemInfo>("athena/system/info", {});
    if (generation !== this.generation) return;
    if (info.protocol !== PROTOCOL_VERSION) {
      const newer = info.protocol > PROTOCOL_VERSION;
      if (!(await this.left())) return;
      this.set({
        kind: "failed",
        why: `Athena ${info.version} speaks protocol ${info.protocol}, this extension ${PROTOCOL_VERSION}. ${newer ? "Update the extension." : "Update Athena."}`,
        remedy: "upgrade",
      });
      return;
    }
    this.set({ kind: "running", info, program });
  }

  private ended(generation: number, program: Program, ending: Ending): void {
    if (generation !== this.generation) return;
    this.client = undefined;
    this.process = undefined;
    this.quick = countQuick(this.quick, ending);
    const reaction = notFound(ending, program) ?? react(ending, this.quick);
    this.output.info(
      `athena lsp ended: ${ending.signal ?? ending.code ?? "not started"}; ${reaction.do}`,
    );
    switch (reaction.do) {
      case "restart":
        this.set({ kind: "starting" });
        setTimeout(() => {
          if (generation === this.generation) void this.connect();
        }, reaction.afterMs);
        return;
      case "rest":
        this.set({ kind: "stopped", why: reaction.why });
        return;
      case "fail":
        this.set({ kind: "failed", why: reaction.why, remedy: reaction.remedy });
    }
  }

  private options(): LanguageClientOptions {
    return {
      // Which lines an agent wrote, and review comments, concern any file on disk.
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // Commands, requests, progress and results have views of their own here.
      initializationOptions: {
        athena: { commands: false, requests: false, progress: false, messages: false },
      },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    };
  }
}

/** The library's client, whose errors go to the log: the views tell what the user must know. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

const SIGNALS: readonly Signal[] = [
  "athena/event/batch",
  "athena/event/delta",
  "athena/event/lagged",
];

/** There is no connection now; the views say why and what to do. */
export class NotConnected extends Error {
  constructor() {
    super("Athena is not running. The Athena view says what to do.");
  }
}

/** The connection ended before Athena answered; whether it was carried out is not known. */
export class ConnectionLost extends Error {
  readonly code = CONNECTION_LOST;

  constructor() {
    super("The connection was lost before Athena answered. Please try again.");
  }
}

/** Whether a request failed only since there is no connection: what it was for is done anew. */
export function isLost(error: unknown): boolean {
  return error instanceof ConnectionLost || error instanceof NotConnected;
}

/** The code of an answer that is an error, else undefined. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number"
    ? error.code
    : undefined;
}

/** The data of an answer that is an error. */
export function dataOf(error: unknown): Record<string, unknown> {
  const data = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>) : {};
}

/** The commands that help after an answer that is an error. */
export function helpsFor(error: unknown): Remedy[] {
  return remediesOf(dataOf(error));
}

/** Where the window is, for Athena; a process cannot begin in a folder that is gone. */
function folderOnDisk(): string | undefined {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.map(({ uri }) => uri.fsPath).find((folder) => existsSync(folder));
}

function notFound(ending: Ending, program: Program): Reaction | undefined {
  if (!/ENOENT|EACCES/.test(ending.stderr) || ending.code !== null) return undefined;
  return {
    do: "fail",
    why: `${program.command} cannot be started (${ending.stderr}). It comes from: ${program.from}.`,
    remedy: "settings",
  };
}
