/**
 * What a web view and its host say to each other. The view is a client of the protocol: the host
 * carries its requests and Athena's notifications, and does in the editor what only it can do.
 */
import type { Method, Methods, Notifications } from "./protocol.ts";

/** The requests that a view may send; the host refuses all others. */
export const ALLOWED = [
  "athena/agent/get",
  "athena/agent/interrupt",
  "athena/agent/list",
  "athena/agent/prompt",
  "athena/agent/resume",
  "athena/agent/setMode",
  "athena/agent/setModel",
  "athena/agent/setOption",
  "athena/agent/steer",
  "athena/agent/withdraw",
  "athena/changeset/get",
  "athena/comparison/get",
  "athena/event/subscribe",
  "athena/event/unsubscribe",
  "athena/item/get",
  "athena/request/answer",
  "athena/transcript/locate",
  "athena/transcript/page",
  "athena/workspace/files",
] as const satisfies readonly Method[];

export type AllowedMethod = (typeof ALLOWED)[number];

/** What a view shows. */
export type Subject =
  | {
      view: "transcript";
      agent: string;
      replay?: boolean;
      itemId?: string;
      turnId?: string;
      /** A prompt that was begun and not sent, in a view that comes back. */
      draft?: string;
      /** The files that go with it. */
      attached?: Attachment[];
    }
  | { view: "comparison"; agents: string[] };

/** What a view asks the editor to do. */
export type Action =
  | { do: "openFile"; path: string; line?: number | undefined }
  | {
      do: "openDiff";
      agent: string;
      path: string;
      /** Another repository of the agent; without one the path says it, where it is absolute. */
      repository?: string | undefined;
      turnId?: string | undefined;
    }
  | { do: "compareFile"; agents: string[]; repository?: string | undefined; path: string }
  | { do: "openLink"; url: string }
  | { do: "pickFiles" }
  | { do: "attach"; uris: string[] }
  | { do: "command"; command: string; argument: unknown };

/** The code of an error: the connection ended before Athena answered. */
export const CONNECTION_LOST = -32097;

export type FromView =
  | { type: "ready" }
  | { type: "request"; id: number; method: AllowedMethod; params: unknown }
  | { type: "action"; action: Action };

export type ToView =
  | { type: "subject"; subject: Subject }
  | { type: "connection"; connected: boolean; words?: string }
  | { type: "result"; id: number; result: unknown }
  | { type: "error"; id: number; code: number | undefined; message: string }
  | { type: "told"; method: keyof Notifications; params: unknown }
  | { type: "reveal"; itemId?: string; turnId?: string }
  | { type: "attach"; files: Attachment[] };

/** A file, some lines of one, or a picture, that goes with a prompt. */
export interface Attachment {
  uri: string;
  name: string;
  line?: number;
  endLine?: number;
  /** What is no file: `data` in base64. */
  picture?: { mimeType: string; data: string };
}

export type Result<M extends AllowedMethod> = Methods[M]["result"];
export type Params<M extends AllowedMethod> = Methods[M]["params"];
