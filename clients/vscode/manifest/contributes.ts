import { COMMANDS, type Command } from "../src/protocol.gen.ts";
import { SETTINGS } from "../src/settings.table.ts";
import { OWN_COMMANDS } from "./commands.ts";
import { MENUS } from "./menus.ts";
import { WALKTHROUGH } from "./walkthrough.ts";
import { WELCOME } from "./welcome.ts";

const PREFIX = { key: "ctrl+alt+a", mac: "cmd+alt+a" };

const configuration = {
  title: "Athena",
  properties: Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { description, ...row }]) => [
      `athena.${name}`,
      { ...row, markdownDescription: description },
    ]),
  ),
};

const commands = [
  ...COMMANDS.map(({ id, title, icon }) => ({
    command: id,
    title,
    category: "Athena",
    icon: `$(${icon})`,
  })),
  ...OWN_COMMANDS.map(({ id, title, icon }) => ({
    command: id,
    title,
    category: "Athena",
    ...(icon ? { icon: `$(${icon})` } : {}),
  })),
];

const keybindings = [
  ...COMMANDS.filter((command): command is Command & { key: string } => Boolean(command.key)).map(
    ({ id, key }) => ({
      command: id,
      key: `${PREFIX.key} ${key}`,
      mac: `${PREFIX.mac} ${key}`,
    }),
  ),
  ...[
    { command: "athena.hunk.accept", letter: "enter" },
    { command: "athena.hunk.reject", letter: "backspace" },
  ].map(({ command, letter }) => ({
    command,
    key: `${PREFIX.key} ${letter}`,
    mac: `${PREFIX.mac} ${letter}`,
    when: "resourceScheme == athena-change",
  })),
];

export const contributes = {
  configuration,
  // Verdicts on hunks are lenses in the diff, where the editor shows none by default.
  configurationDefaults: { "diffEditor.codeLens": true },
  commands,
  keybindings,
  menus: MENUS,
  viewsContainers: {
    activitybar: [{ id: "athena", title: "Athena", icon: "media/activity.svg" }],
  },
  views: {
    athena: [
      { id: "athena.agents", name: "Agents", icon: "media/activity.svg", size: 4 },
      { id: "athena.inbox", name: "Inbox", icon: "$(inbox)", size: 2 },
      {
        id: "athena.workspaces",
        name: "Workspaces",
        icon: "$(repo)",
        size: 1,
        visibility: "collapsed",
      },
    ],
  },
  viewsWelcome: WELCOME,
  walkthroughs: [WALKTHROUGH],
};
