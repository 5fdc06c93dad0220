/** The settings: the manifest's `contributes.configuration` is made from this table. */
export const SETTINGS = {
  "server.command": {
    type: "array",
    items: { type: "string" },
    default: [] as string[],
    scope: "machine-overridable",
    description:
      'Command line that runs Athena, such as `["/opt/athena/bin/athena"]`. When empty, `athena` is looked for on the PATH, then in the active Python environment.',
  },
  "server.environment": {
    type: "object",
    additionalProperties: { type: "string" },
    default: {} as Record<string, string>,
    scope: "machine-overridable",
    description: "Environment variables for Athena, on top of those of the editor.",
  },
  "agents.groupBy": {
    type: "string",
    enum: ["none", "project", "status", "parent"],
    enumDescriptions: [
      "One list, those that wait for you first.",
      "By the project that an agent works on.",
      "By what an agent is doing.",
      "Agents below the agent that started them.",
    ],
    default: "parent" as "none" | "project" | "status" | "parent",
    scope: "window",
    description: "How the list of agents is grouped.",
  },
  "agents.showArchived": {
    type: "boolean",
    default: false as boolean,
    scope: "window",
    description: "Show archived agents in the list.",
  },
  "requests.notify": {
    type: "boolean",
    default: true as boolean,
    scope: "window",
    description:
      "Show permissions and questions as notifications. They are always in the inbox, and dismissing a notification answers nothing.",
  },
  "transcript.openOnSpawn": {
    type: "boolean",
    default: true as boolean,
    scope: "window",
    description: "Open the transcript of an agent when you start it.",
  },
  "explorer.decorations": {
    type: "boolean",
    default: true as boolean,
    scope: "window",
    description: "Mark the files in the explorer that agents have changed and that are not merged.",
  },
} as const;

export type SettingName = keyof typeof SETTINGS;
export type SettingValue<N extends SettingName> = (typeof SETTINGS)[N]["default"];
