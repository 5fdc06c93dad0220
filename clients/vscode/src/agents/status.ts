import { ThemeColor, ThemeIcon } from "vscode";
import type { AgentView, Cost, Status } from "../protocol.gen.ts";

interface Look {
  words: string;
  icon: string;
  color?: string;
  /** Lists show lower ones first: what waits for the user before what works before what rests. */
  rank: number;
}

const LOOKS: Record<Status, Look> = {
  needsPermission: {
    words: "needs permission",
    icon: "bell-dot",
    color: "notificationsWarningIcon.foreground",
    rank: 0,
  },
  needsInput: {
    words: "asks you",
    icon: "question",
    color: "notificationsWarningIcon.foreground",
    rank: 0,
  },
  working: { words: "working", icon: "loading~spin", color: "charts.blue", rank: 1 },
  starting: { words: "starting", icon: "loading~spin", color: "charts.blue", rank: 1 },
  failed: { words: "failed", icon: "error", color: "notificationsErrorIcon.foreground", rank: 2 },
  dead: { words: "died", icon: "error", color: "notificationsErrorIcon.foreground", rank: 2 },
  interrupted: { words: "interrupted", icon: "debug-pause", color: "charts.orange", rank: 2 },
  idle: { words: "idle", icon: "circle-large-outline", color: "charts.green", rank: 3 },
  done: { words: "done", icon: "pass", color: "charts.green", rank: 4 },
  imported: { words: "imported, read-only", icon: "repo-pull", rank: 5 },
};

const UNKNOWN: Look = { words: "unknown", icon: "circle-outline", rank: 6 };

/** How a status looks; one that a newer Athena knows and we do not looks plain. */
export function look(status: Status): Look {
  return LOOKS[status] ?? UNKNOWN;
}

export function icon(agent: AgentView): ThemeIcon {
  if (agent.archived) return new ThemeIcon("archive");
  const { icon: name, color } = look(agent.status);
  if (agent.stalled) return new ThemeIcon("watch", new ThemeColor("charts.orange"));
  return new ThemeIcon(name, color ? new ThemeColor(color) : undefined);
}

/** The status in words, with the reason for it. */
export function statusWords(agent: AgentView): string {
  const words = agent.stalled ? `${look(agent.status).words}, silent` : look(agent.status).words;
  return agent.reason && agent.reason !== words ? `${words}: ${agent.reason}` : words;
}

const MARKS: Record<Cost["source"], string> = { reported: "", priced: "", estimated: "~" };

/** An amount of money; `~` marks an estimate. */
export function costWords(cost: Cost | undefined): string {
  if (!cost) return "";
  const digits = cost.amount !== 0 && Math.abs(cost.amount) < 0.1 ? 3 : 2;
  const amount = new Intl.NumberFormat("en", {
    style: "currency",
    currency: cost.currency ?? "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(cost.amount);
  return `${MARKS[cost.source] ?? ""}${amount}`;
}

/** The order of a list: what waits for the user first, then what changed last. */
export function byUrgency(a: AgentView, b: AgentView): number {
  return look(a.status).rank - look(b.status).rank || b.updatedAt - a.updatedAt;
}
