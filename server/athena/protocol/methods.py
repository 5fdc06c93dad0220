"""The one table of methods. Doors, clients, schema and docs are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from athena.protocol import agent as a
from athena.protocol import review as r
from athena.protocol import rule
from athena.protocol import session as s
from athena.protocol import transcript as t
from athena.protocol import usage as u
from athena.protocol import workspace as w
from athena.protocol.base import Done, Empty, Record, Request
from athena.protocol.problem import Problem

PROTOCOL_VERSION = 1
"""Raised when a change breaks older clients."""


@dataclass(frozen=True, slots=True)
class Method:
    """A request that a client may send.

    `lane`: a `read` may run beside anything and sees the caller's own writes; a `write` changes
    the log, or acts.
    """

    name: str
    params: type[Request]
    result: type[Record]
    lane: Literal["read", "write"]
    summary: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that the server sends by itself. A `droppable` one may be lost to a slow client."""

    name: str
    params: type[Record]
    droppable: bool
    summary: str


METHODS: tuple[Method, ...] = (
    Method("athena/system/info", Empty, t.SystemInfo, "read", "Who the daemon is."),
    Method("athena/system/metrics", Empty, t.Metrics, "read", "Counters of the daemon."),
    Method("athena/cost/get", u.SpentSince, u.Spent, "read", "What was spent from a moment on."),
    Method("athena/agent/spawn", a.SpawnAgent, a.AgentDetail, "write", "Start a new agent."),
    Method("athena/agent/list", a.ListAgents, a.AgentList, "read", "The agents."),
    Method("athena/agent/get", a.AgentRef, a.AgentDetail, "read", "One agent."),
    Method(
        "athena/agent/prompt",
        a.PromptAgent,
        a.Prompted,
        "write",
        "Queue a prompt: it is handed over when the agent is idle.",
    ),
    Method(
        "athena/agent/steer",
        a.PromptAgent,
        a.Prompted,
        "write",
        "Send a prompt into the running turn, before anything that is queued.",
    ),
    Method(
        "athena/agent/withdraw", a.WithdrawPrompt, a.Changed, "write", "Take back a queued prompt."
    ),
    Method("athena/agent/interrupt", a.AgentRef, a.Changed, "write", "End the running turn."),
    Method("athena/agent/stop", a.AgentRef, a.Changed, "write", "End the agent in order."),
    Method(
        "athena/agent/kill", a.AgentRef, a.Changed, "write", "End all processes of the agent now."
    ),
    Method("athena/agent/resume", a.ResumeAgent, a.Changed, "write", "Go on with an ended agent."),
    Method("athena/agent/rename", a.RenameAgent, a.Changed, "write", "Give another name."),
    Method("athena/agent/archive", a.AgentRef, a.Changed, "write", "Put an ended agent away."),
    Method("athena/agent/restore", a.AgentRef, a.Changed, "write", "Take an archived agent out."),
    Method("athena/agent/setMode", a.SetMode, a.Changed, "write", "Change the session's mode."),
    Method("athena/agent/setModel", a.SetModel, a.Changed, "write", "Change the model."),
    Method(
        "athena/agent/setOption",
        a.SetOption,
        a.Changed,
        "write",
        "Change an option that the harness offers.",
    ),
    Method("athena/agent/move", a.MoveAgent, a.Changed, "write", "Go on under another harness."),
    Method(
        "athena/agent/fork",
        a.ForkAgent,
        a.AgentDetail,
        "write",
        "Start a new agent that has the conversation and the files of another one.",
    ),
    Method("athena/agent/logs", a.ReadLogs, a.Logs, "read", "The harness's standard error."),
    Method(
        "athena/session/list",
        s.ListSessions,
        s.SessionList,
        "read",
        "Sessions made outside, by the plain command lines of harnesses.",
    ),
    Method(
        "athena/session/import",
        s.ImportSession,
        s.SessionReport,
        "write",
        "Read a session made outside into the log, as a read-only agent.",
    ),
    Method(
        "athena/session/adopt",
        s.AdoptSession,
        a.AgentDetail,
        "write",
        "Go on with a session made outside, as an agent.",
    ),
    Method(
        "athena/transcript/page",
        t.ReadTranscript,
        t.TranscriptPage,
        "read",
        "A page of what an agent said and did, from either end.",
    ),
    Method(
        "athena/transcript/locate",
        t.LocateItem,
        t.ItemPlace,
        "read",
        "Where an item is, by its name or number, a version, a time or by turns.",
    ),
    Method("athena/item/get", t.ReadItem, t.TranscriptItem, "read", "One item, whole."),
    Method(
        "athena/event/subscribe",
        t.Subscribe,
        t.Subscribed,
        "read",
        "Follow the log: a snapshot, then events from a cursor.",
    ),
    Method("athena/event/unsubscribe", t.Unsubscribe, Done, "read", "Stop following."),
    Method("athena/event/list", t.ReadEvents, t.EventPage, "read", "A page of the log."),
    Method("athena/request/list", t.ListRequests, t.RequestList, "read", "The inbox."),
    Method(
        "athena/request/answer",
        t.AnswerRequest,
        a.Changed,
        "write",
        "Answer a permission request or questions; the first answer counts.",
    ),
    Method("athena/workspace/list", w.ListWorkspaces, w.WorkspaceList, "read", "Workspaces."),
    Method(
        "athena/workspace/files",
        w.FindFiles,
        w.FileList,
        "read",
        "Files of an agent's workspace by some of their letters, for a prompt that names them.",
    ),
    Method(
        "athena/workspace/remove",
        w.RemoveWorkspace,
        w.Rescued,
        "write",
        "Remove a worktree; its tree is captured first.",
    ),
    Method(
        "athena/workspace/restore",
        w.RestoreWorkspace,
        w.Restored,
        "write",
        "Bring captured work back.",
    ),
    Method(
        "athena/workspace/run",
        w.RunScripts,
        w.ScriptList,
        "write",
        "Start the project's run scripts in a workspace, or end them.",
    ),
    Method(
        "athena/workspace/trust",
        w.TrustProject,
        w.Trust,
        "write",
        "Let a project's own files name commands to run.",
    ),
    Method("athena/workspace/commit", r.CommitWork, r.Applied, "write", "Commit uncommitted work."),
    Method("athena/rescue/list", w.ListRescues, w.RescueList, "read", "Captured work."),
    Method(
        "athena/checkpoint/list", w.ListCheckpoints, w.CheckpointList, "read", "Captured states."
    ),
    Method(
        "athena/checkpoint/prune",
        w.PruneCheckpoints,
        w.Pruned,
        "write",
        "Forget captured states that the settings do not keep.",
    ),
    Method(
        "athena/collision/list",
        w.ListCollisions,
        w.CollisionList,
        "read",
        "Where live workspaces collide.",
    ),
    Method(
        "athena/changeset/get", r.ReadChangeset, r.ChangesetView, "read", "What an agent changed."
    ),
    Method(
        "athena/changeset/file",
        r.ReadChangedFile,
        r.ChangedFileDetail,
        "read",
        "The hunks of a changed file.",
    ),
    Method(
        "athena/changeset/text",
        r.ReadChangedText,
        r.ChangedText,
        "read",
        "One side of a changed file.",
    ),
    Method(
        "athena/review/verdict",
        r.GiveVerdict,
        a.Changed,
        "write",
        "Accept or reject hunks, or files as a whole.",
    ),
    Method("athena/review/comment", r.AddComment, r.CommentView, "write", "Comment on a line."),
    Method("athena/review/resolve", r.CommentRef, a.Changed, "write", "Be done with a comment."),
    Method("athena/review/listComments", r.ListComments, r.CommentList, "read", "The comments."),
    Method(
        "athena/review/send",
        r.SendComments,
        a.Prompted,
        "write",
        "Send the pending comments to the agent as one prompt.",
    ),
    Method(
        "athena/review/apply",
        r.ApplyReview,
        r.Applied,
        "write",
        "Put accepted hunks into a target.",
    ),
    Method(
        "athena/review/edits",
        r.ReadEdits,
        r.FileEdits,
        "read",
        "Hunks as edits of the text that an editor has.",
    ),
    Method(
        "athena/revert/run",
        r.RevertWork,
        r.Applied,
        "write",
        "Undo what a turn or an agent changed.",
    ),
    Method(
        "athena/revert/undo",
        r.UndoRevert,
        r.Applied,
        "write",
        "Undo a revert, what was applied, or a merge.",
    ),
    Method("athena/merge/run", r.MergeWork, r.Applied, "write", "Bring work into a branch."),
    Method("athena/publish/run", r.PublishWork, r.Published, "write", "Push; open a pull request."),
    Method("athena/line/authors", r.ReadAuthors, r.FileAuthors, "read", "Who wrote which lines."),
    Method("athena/comparison/get", r.CompareAgents, r.Comparison, "read", "Agents side by side."),
    Method(
        "athena/comparison/text",
        r.DiffAgents,
        r.ChangedText,
        "read",
        "A file as an agent has it.",
    ),
    Method("athena/rule/list", rule.ListRules, rule.RuleList, "read", "Permission rules."),
    Method("athena/rule/add", rule.AddRule, rule.RuleList, "write", "Add a permission rule."),
    Method(
        "athena/rule/remove", rule.RemoveRule, rule.RuleList, "write", "Remove a permission rule."
    ),
    Method("athena/archetype/list", t.ListArchetypes, t.ArchetypeList, "read", "Kinds of agents."),
    Method("athena/harness/list", t.ListHarnesses, t.HarnessList, "read", "The harnesses."),
    Method("athena/log/export", t.ExportLog, t.Exported, "read", "Write the whole log to a file."),
    Method("athena/log/verify", Empty, t.VerifyReport, "read", "Check that the log is whole."),
    Method("athena/log/backup", Empty, t.BackedUp, "read", "Write a backup now."),
)

NOTIFICATIONS: tuple[Notification, ...] = (
    Notification("athena/event/batch", t.EventBatch, False, "Events that followed."),
    Notification("athena/event/delta", t.EventDelta, True, "Text as it is being written."),
    Notification("athena/event/lagged", t.EventLagged, False, "The client did not keep up."),
    Notification("athena/system/problem", Problem, True, "A lasting problem began."),
)

BY_NAME: dict[str, Method] = {m.name: m for m in METHODS}
