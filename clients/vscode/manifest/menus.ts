import { COMMANDS, type Command, type CommandId } from "../src/protocol.gen.ts";
import { OWN_COMMANDS } from "./commands.ts";

interface Entry {
  command: string;
  when?: string;
  group?: string;
}

/** What an agent's row shows beside its name; the order is theirs. */
const INLINE: readonly CommandId[] = [
  "athena.agent.interrupt",
  "athena.changeset.get",
  "athena.agent.prompt",
];

/** The groups of an agent's menu, in their order; what is not named is in the palette only. */
const GROUPS: Record<string, readonly CommandId[]> = {
  "1_open": ["athena.transcript.open", "athena.changeset.get", "athena.comparison.get"],
  "2_prompt": ["athena.agent.prompt", "athena.agent.steer", "athena.agent.withdraw"],
  "3_review": ["athena.review.send", "athena.review.apply"],
  "4_land": [
    "athena.merge.run",
    "athena.publish.run",
    "athena.workspace.commit",
    "athena.revert.run",
    "athena.revert.undo",
  ],
  "5_life": [
    "athena.agent.interrupt",
    "athena.agent.resume",
    "athena.agent.stop",
    "athena.agent.kill",
  ],
  "6_settings": [
    "athena.agent.rename",
    "athena.agent.setMode",
    "athena.agent.setModel",
    "athena.agent.setOption",
    "athena.agent.move",
    "athena.agent.fork",
  ],
  "7_more": ["athena.agent.logs", "athena.checkpoint.list"],
  "8_away": ["athena.workspace.remove", "athena.agent.archive", "athena.agent.restore"],
};

/** The command's own condition as a pattern over the row's context value (`agents/tree.ts`). */
function agentPattern({ when }: Command): string {
  const statuses = when?.statuses?.length ? `(${when.statuses.join("|")})` : "[a-zA-Z]+";
  const either = (value: boolean | undefined, yes: string, no: string) =>
    value === undefined ? `(${yes}|${no})` : value ? yes : no;
  const running = either(when?.running, "running", "ended");
  const archived = either(when?.archived, "archived", "kept");
  return `^agent:${statuses}:${running}:${archived}$`;
}

function onAgent(id: CommandId, group: string): Entry {
  const command = COMMANDS.find((one) => one.id === id);
  if (!command) throw new Error(`no command ${id}`);
  return {
    command: id,
    when: `view == athena.agents && viewItem =~ /${agentPattern(command)}/`,
    group,
  };
}

const agentItems: Entry[] = [
  ...INLINE.map((id, index) => onAgent(id, `inline@${index}`)),
  ...Object.entries(GROUPS).flatMap(([group, ids]) =>
    ids.map((id, index) => onAgent(id, `${group}@${index}`)),
  ),
  {
    command: "athena.replay.open",
    when: "view == athena.agents && viewItem =~ /^agent:/",
    group: "1_open@9",
  },
  {
    command: "athena.workspace.openFolder",
    when: "view == athena.agents && viewItem =~ /^agent:/",
    group: "7_more@9",
  },
];

const on = (view: string, item: string) => `view == athena.${view} && viewItem =~ /${item}/`;

const otherItems: Entry[] = [
  { command: "athena.changeset.get", when: on("agents", "^(turn|changes)"), group: "inline@1" },
  { command: "athena.revert.run", when: on("agents", "^(turn:ended|file)"), group: "2_undo@1" },
  { command: "athena.review.accept", when: on("agents", "^file:open"), group: "inline@1" },
  { command: "athena.review.reject", when: on("agents", "^file:open"), group: "inline@2" },
  {
    command: "athena.review.reopen",
    when: on("agents", "^file:(accepted|rejected)"),
    group: "inline@1",
  },
  { command: "athena.merge.run", when: on("agents", "^changes"), group: "inline@2" },
  { command: "athena.review.accept", when: on("agents", "^changes"), group: "1_review@1" },
  { command: "athena.review.apply", when: on("agents", "^changes"), group: "1_review@2" },
  { command: "athena.workspace.commit", when: on("agents", "^changes"), group: "2_land@1" },
  { command: "athena.publish.run", when: on("agents", "^changes"), group: "2_land@2" },
  { command: "athena.revert.run", when: on("agents", "^changes"), group: "2_undo@1" },
  { command: "athena.revert.undo", when: on("agents", "^changes"), group: "2_undo@2" },
  { command: "athena.request.allow", when: on("inbox", "^request:permission"), group: "inline@1" },
  { command: "athena.request.reject", when: on("inbox", "^request:permission"), group: "inline@2" },
  { command: "athena.request.answer", when: on("inbox", "^request:"), group: "inline@3" },
  { command: "athena.request.dismiss", when: on("inbox", "^request:"), group: "1_more@1" },
  {
    command: "athena.workspace.openFolder",
    when: on("workspaces", "(agent|orphan)"),
    group: "inline@1",
  },
  { command: "athena.workspace.commit", when: on("workspaces", "agent"), group: "1_work@1" },
  { command: "athena.merge.run", when: on("workspaces", "agent"), group: "1_work@2" },
  { command: "athena.publish.run", when: on("workspaces", "agent"), group: "1_work@3" },
  {
    command: "athena.workspace.remove",
    when: on("workspaces", "(agent|orphan)"),
    group: "2_away@1",
  },
];

const titles: Entry[] = [
  { command: "athena.agent.spawn", when: "view == athena.agents", group: "navigation@1" },
  {
    command: "athena.agents.filter",
    when: "view == athena.agents && !athena.filtered",
    group: "navigation@2",
  },
  {
    command: "athena.agents.clearFilter",
    when: "view == athena.agents && athena.filtered",
    group: "navigation@2",
  },
  { command: "athena.agents.groupBy", when: "view == athena.agents", group: "1_list@1" },
  { command: "athena.comparison.get", when: "view == athena.agents", group: "1_list@2" },
  { command: "athena.system.doctor", when: "view == athena.agents", group: "2_server@1" },
  { command: "athena.server.restart", when: "view == athena.agents", group: "2_server@2" },
  { command: "athena.server.showLog", when: "view == athena.agents", group: "2_server@3" },
  { command: "athena.workspaces.refresh", when: "view == athena.workspaces", group: "navigation" },
  { command: "athena.rescue.list", when: "view == athena.workspaces", group: "1_more" },
];

const NEW_SIDE = "resourceScheme == athena-change";

export const MENUS: Record<string, Entry[]> = {
  "view/title": titles,
  "view/item/context": [...agentItems, ...otherItems],
  "editor/title": [
    { command: "athena.review.openWorkspaceFile", when: NEW_SIDE, group: "navigation" },
  ],
  "editor/context": [
    { command: "athena.hunk.accept", when: NEW_SIDE, group: "1_athena@1" },
    { command: "athena.hunk.reject", when: NEW_SIDE, group: "1_athena@2" },
    { command: "athena.hunk.reopen", when: NEW_SIDE, group: "1_athena@3" },
    { command: "athena.hunk.take", when: NEW_SIDE, group: "1_athena@4" },
    { command: "athena.agent.spawn", when: "editorHasSelection", group: "z_athena@1" },
    { command: "athena.agent.prompt", when: "editorHasSelection", group: "z_athena@2" },
    { command: "athena.line.authors", when: "resourceScheme == file", group: "z_athena@3" },
  ],
  "comments/commentThread/context": [
    {
      command: "athena.comment.addAndSend",
      when: "commentController == athena.review && commentThreadIsEmpty",
      group: "inline@1",
    },
    {
      command: "athena.comment.add",
      when: "commentController == athena.review && commentThreadIsEmpty",
      group: "inline@2",
    },
  ],
  "comments/commentThread/title": [
    {
      command: "athena.comment.resolve",
      when: "commentController == athena.review && commentThread =~ /pending|sent/",
      group: "navigation",
    },
  ],
  commandPalette: OWN_COMMANDS.filter((command) => command.inner).map(({ id }) => ({
    command: id,
    when: "false",
  })),
};
