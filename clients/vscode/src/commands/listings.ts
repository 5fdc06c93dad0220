/** What a command answered, as a table to read. */
import type {
  Archetype,
  CheckpointView,
  Collision,
  CommandId,
  CommentView,
  HarnessView,
  RescueView,
  Rule,
  SessionView,
} from "../protocol.gen.ts";

/** The name of an agent, by its id. */
export type NameOf = (agentId: string) => string;

interface Listing {
  /** The member of the result that holds the rows. */
  member: string;
  headings: string[];
  cells: (row: never, nameOf: NameOf) => (string | undefined)[];
  none: string;
  /** Where it is another than that in which they came. */
  order: ((a: never, b: never) => number) | undefined;
}

function listing<Row>(
  member: string,
  headings: string[],
  cells: (row: Row, nameOf: NameOf) => (string | undefined)[],
  none: string,
  order?: (a: Row, b: Row) => number,
): Listing {
  return { member, headings, cells, none, order };
}

const LISTINGS: Partial<Record<CommandId, Listing>> = {
  "athena.harness.list": listing<HarnessView>(
    "harnesses",
    ["Harness", "Protocol", "Installed", ""],
    (row) => [
      row.name,
      row.protocol,
      row.installed ? (row.version ?? "yes") : "no",
      row.installed ? row.path : row.hint,
    ],
    "No harness is known.",
    (a, b) => Number(b.installed) - Number(a.installed),
  ),
  "athena.archetype.list": listing<Archetype>(
    "archetypes",
    ["Archetype", "From", ""],
    (row) => [row.name, row.source, row.description],
    "There are no archetypes.",
  ),
  "athena.rule.list": listing<Rule>(
    "rules",
    ["Decision", "Tool", "What", "From", "Note"],
    (rule) => [
      rule.decision,
      rule.tool ?? rule.name,
      [rule.path, rule.command, rule.host, rule.harness].filter(Boolean).join(" "),
      rule.source,
      rule.note,
    ],
    "There are no permission rules.",
  ),
  "athena.review.listComments": listing<CommentView>(
    "comments",
    ["Where", "State", "By", "Comment"],
    (row) => [`${row.path}:${row.line}`, row.state, row.by, row.text],
    "There are no comments.",
  ),
  "athena.session.list": listing<SessionView>(
    "sessions",
    ["Changed", "Harness", "Here", "Title", "Session"],
    (row) => [timeWords(row.modifiedAt), row.harness, row.state, row.title, row.sessionId],
    "No session was made outside.",
  ),
  "athena.rescue.list": listing<RescueView>(
    "rescues",
    ["At", "Reason", "Branch", "Path", "Ref"],
    (row) => [timeWords(row.at), row.reason, row.branch, row.path, row.ref],
    "No work was captured.",
  ),
  "athena.checkpoint.list": listing<CheckpointView>(
    "checkpoints",
    ["At", "Turn", "Edge", "Commit"],
    (row) => [timeWords(row.at), row.turnId, row.edge, row.commit.slice(0, 12)],
    "There are no checkpoints.",
  ),
  "athena.collision.list": listing<Collision>(
    "collisions",
    ["Agent", "Other", "", "Where"],
    (row, nameOf) => [
      nameOf(row.agentId),
      nameOf(row.otherId),
      row.conflict ? "conflict" : "collide",
      row.ranges.map((range) => `${range.path}:${range.start}-${range.end}`).join(" "),
    ],
    "No agents collide.",
  ),
};

const asTheyCame = () => 0;

/** The answer of a command as lines of text: a table where it is a list, else its members. */
export function listed(command: CommandId, result: unknown, nameOf: NameOf): string {
  const known = LISTINGS[command];
  const members = (result ?? {}) as Record<string, unknown>;
  if (!known) return described(members).join("\n");
  const rows = [...((members[known.member] ?? []) as never[])].sort(known.order ?? asTheyCame);
  if (rows.length === 0) return known.none;
  return tabulated([known.headings, ...rows.map((row) => known.cells(row, nameOf))]).join("\n");
}

/** Columns as wide as their longest cell. */
function tabulated(rows: (string | undefined)[][]): string[] {
  const lines = rows.map((row) => row.map((cell) => (cell ?? "").replace(/\s+/g, " ").trim()));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Members and values, one a line. */
function described(members: Record<string, unknown>): string[] {
  return Object.entries(members).flatMap(([name, value]) => {
    if (Array.isArray(value)) {
      const lines = value.map((one) => `  ${isMembers(one) ? JSON.stringify(one) : String(one)}`);
      return lines.length ? [`${name}:`, ...lines] : [`${name}: none`];
    }
    if (isMembers(value)) return [name, ...described(value).map((line) => `  ${line}`)];
    const isTime = name.endsWith("At") && typeof value === "number";
    return [`${name}: ${isTime ? timeWords(value) : String(value)}`];
  });
}

function isMembers(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function timeWords(at: number): string {
  return new Date(at).toLocaleString();
}
