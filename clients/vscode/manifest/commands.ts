/** The commands of this window, beside those of the protocol's table. */
interface OwnCommand {
  id: string;
  title: string;
  icon?: string;
  /** Needs an argument that only a menu, a lens or a view gives, so the palette has it not. */
  inner?: boolean;
}

export const OWN_COMMANDS: readonly OwnCommand[] = [
  { id: "athena.server.start", title: "Start Server", icon: "debug-start" },
  { id: "athena.server.restart", title: "Restart Server", icon: "debug-restart" },
  { id: "athena.server.showLog", title: "Show Log", icon: "output" },
  { id: "athena.server.openSettings", title: "Open Server Settings", icon: "settings-gear" },
  { id: "athena.agents.groupBy", title: "Group Agents By…", icon: "group-by-ref-type" },
  { id: "athena.agents.filter", title: "Filter Agents…", icon: "filter" },
  { id: "athena.agents.clearFilter", title: "Clear Filter", icon: "filter-filled" },
  { id: "athena.workspaces.refresh", title: "Refresh Workspaces", icon: "refresh" },
  {
    id: "athena.workspace.openFolder",
    title: "Open Workspace in New Window",
    icon: "empty-window",
    inner: true,
  },
  { id: "athena.replay.open", title: "Open Replay", icon: "debug-rerun" },
  { id: "athena.request.answerWith", title: "Answer", inner: true },
  { id: "athena.review.openFile", title: "Open Changes", icon: "diff", inner: true },
  { id: "athena.review.take", title: "Take This One", icon: "check", inner: true },
  {
    id: "athena.review.openWorkspaceFile",
    title: "Open File in Workspace",
    icon: "go-to-file",
    inner: true,
  },
  { id: "athena.comparison.openFile", title: "Compare File", icon: "diff", inner: true },
  { id: "athena.hunk.accept", title: "Accept Hunk", icon: "check", inner: true },
  { id: "athena.hunk.reject", title: "Reject Hunk", icon: "close", inner: true },
  { id: "athena.hunk.reopen", title: "Undo Verdict", icon: "discard", inner: true },
  { id: "athena.hunk.take", title: "Take Hunk", icon: "desktop-download", inner: true },
  { id: "athena.comment.add", title: "Add Comment", inner: true },
  { id: "athena.comment.addAndSend", title: "Send to Agent", inner: true },
  { id: "athena.comment.resolve", title: "Resolve", icon: "check", inner: true },
];
