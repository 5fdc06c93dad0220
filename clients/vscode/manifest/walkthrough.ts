/** The first steps, as the editor's Welcome page shows them. */
export const WALKTHROUGH = {
  id: "athena.start",
  title: "Get Started with Athena",
  description: "Run coding agents side by side, and keep what is good.",
  steps: [
    {
      id: "install",
      title: "Install Athena",
      description:
        "Athena runs on your machine, without an account. In a checkout of Athena: uv tool install .\n\n[Check the Set-up](command:athena.system.doctor)",
      media: { markdown: "media/walkthrough/install.md" },
      // The editor does not see a context that was set before it read this page.
      completionEvents: ["onContext:athena.server == running", "onCommand:athena.system.doctor"],
    },
    {
      id: "spawn",
      title: "Start an agent",
      description:
        "Say what is to be done. The agent works in a git worktree of its own, so your files stay as they are.\n\n[New Agent](command:athena.agent.spawn)",
      media: { markdown: "media/walkthrough/spawn.md" },
      completionEvents: ["onCommand:athena.agent.spawn"],
    },
    {
      id: "answer",
      title: "Answer what it asks",
      description:
        "Permissions and questions come as notifications and stay in the inbox until you decide.\n\n[Open Inbox](command:athena.request.list)",
      media: { markdown: "media/walkthrough/answer.md" },
      completionEvents: ["onCommand:athena.request.list"],
    },
    {
      id: "review",
      title: "Review and merge",
      description:
        "Accept or reject each change, comment on lines, and bring the work into your branch.\n\n[Show Changes](command:athena.changeset.get)",
      media: { markdown: "media/walkthrough/review.md" },
      completionEvents: ["onCommand:athena.changeset.get"],
    },
  ],
};
