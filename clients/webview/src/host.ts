/** The host on the other side: VS Code's web view API here; other editors give the same object. */
export { CONNECTION_LOST } from "./messages.ts";
import type { Action, AllowedMethod, FromView, Params, Result, ToView } from "./messages.ts";

interface HostApi {
  postMessage(message: FromView): void;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): HostApi;

const api = acquireVsCodeApi();
const waiting = new Map<
  number,
  { resolve: (result: never) => void; reject: (error: Error) => void }
>();
const listeners = new Set<(message: ToView) => void>();
let lastId = 0;
/** For those who begin to listen after it was said. */
let connection: ToView | undefined;
/** What the user did before the transcript was drawn. */
let early: ToView[] | undefined = [];

/** An answer that is an error, with its code. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly code: number | undefined,
  ) {
    super(message);
  }
}

window.addEventListener("message", ({ data }: MessageEvent<ToView>) => {
  if (data.type === "result" || data.type === "error") {
    const open = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.type === "result") open?.resolve(data.result as never);
    else open?.reject(new RequestError(data.message, data.code));
    return;
  }
  if (data.type === "connection") connection = data;
  if (data.type === "attach" || data.type === "reveal") early?.push(data);
  for (const listener of listeners) listener(data);
});

export function request<M extends AllowedMethod>(method: M, params: Params<M>): Promise<Result<M>> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    api.postMessage({ type: "request", id, method, params });
  });
}

export function act(action: Action): void {
  api.postMessage({ type: "action", action });
}

/**
 * Hear what the host says by itself, first how the connection is, and with `late` also what the
 * user did before. Returns how to stop.
 */
export function listen(listener: (message: ToView) => void, late = false): () => void {
  listeners.add(listener);
  if (connection) listener(connection);
  if (late) {
    const before = early ?? [];
    early = undefined;
    for (const message of before) listener(message);
  }
  return () => listeners.delete(listener);
}

export function ready(): void {
  api.postMessage({ type: "ready" });
}

/** What brings this view back after the window was loaded anew. */
export function remember(state: unknown): void {
  api.setState(state);
}
