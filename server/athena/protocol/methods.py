"""The one table of methods. Doors, clients, schema and docs are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from athena.protocol import agent as a
from athena.protocol import transcript as t
from athena.protocol.base import Done, Empty, Record, Request

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
    Method("athena/agent/logs", a.ReadLogs, a.Logs, "read", "The harness's standard error."),
    Method(
        "athena/transcript/page",
        t.ReadTranscript,
        t.TranscriptPage,
        "read",
        "A page of what an agent said and did, from either end.",
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
)

BY_NAME: dict[str, Method] = {m.name: m for m in METHODS}
