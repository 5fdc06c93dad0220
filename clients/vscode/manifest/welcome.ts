/** What an empty view says: each text ends with a next step. */
export const WELCOME = [
  {
    view: "athena.agents",
    when: "athena.server == running && !athena.filtered",
    contents:
      "Agents work here side by side, each in a git worktree of its own.\n[New Agent](command:athena.agent.spawn)\nSelected code goes with the prompt. [How it works](command:workbench.action.openWalkthrough?%22athena.athena-agents%23athena.start%22)",
  },
  {
    view: "athena.agents",
    when: "athena.server == running && athena.filtered",
    contents: "No agent fits the filter.\n[Clear Filter](command:athena.agents.clearFilter)",
  },
  {
    view: "athena.agents",
    when: "!athena.server || athena.server == starting",
    contents: "Connecting to Athena…",
  },
  {
    view: "athena.agents",
    when: "athena.server == slow",
    contents:
      "Athena takes long to start; the log has what it says.\n[Show Log](command:athena.server.showLog)\n[Try Again](command:athena.server.restart)\n[What Is Wrong?](command:athena.system.doctor)",
  },
  {
    view: "athena.agents",
    when: "athena.server == missing",
    contents:
      "Athena is not installed here. In a checkout of Athena: uv tool install . (or pip install .)\n[How to Install It](command:athena.system.doctor)\n[Try Again](command:athena.server.restart)\nIt is installed, but not on the PATH? [Say where it is](command:athena.server.openSettings)",
  },
  {
    view: "athena.agents",
    when: "athena.server == stopped",
    contents:
      "Athena was stopped. Agents that were working go on.\n[Start Athena](command:athena.server.start)",
  },
  {
    view: "athena.agents",
    when: "athena.server == failed",
    contents:
      "Athena does not start.\n[Try Again](command:athena.server.restart)\n[Show Log](command:athena.server.showLog)\n[What Is Wrong?](command:athena.system.doctor)\n[Open Settings](command:athena.server.openSettings)",
  },
  {
    view: "athena.inbox",
    when: "athena.server == running",
    contents: "Nothing waits for you. Permissions and questions of agents appear here.",
  },
  {
    view: "athena.workspaces",
    when: "athena.server == running",
    contents: "No agent has a worktree yet.\n[New Agent](command:athena.agent.spawn)",
  },
];
