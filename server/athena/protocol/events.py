"""The events: facts in the log, in the past tense.

An event's `kind` names its payload class. A kind that this version does not know is carried as
`UnknownEvent` and survives a round trip. A changed shape gets a higher `VERSION` and an upcaster
(`athena.log.upcast`).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter, ValidationError

from athena.protocol.base import Record
from athena.protocol.capability import Capabilities, Option, SlashCommand
from athena.protocol.content import ContentBlock
from athena.protocol.items import Item
from athena.protocol.request import Outcome, RequestBody
from athena.protocol.rule import Rule
from athena.protocol.spec import AgentSpec, ScriptStage
from athena.protocol.usage import ContextWindow, Cost, Usage


class EventData(Record):
    """The payload of an event."""

    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1


# Life of an agent.


class AgentSpawned(EventData):
    """An agent came to be. Its workspace and run follow."""

    KIND = "agentSpawned"
    spec: AgentSpec
    by: str = "user"


class AgentRenamed(EventData):
    """An agent got another name."""

    KIND = "agentRenamed"
    name: str


class AgentArchived(EventData):
    """An agent was put away: it takes no more prompts and leaves the list."""

    KIND = "agentArchived"


class AgentRestored(EventData):
    """An archived agent was taken out again."""

    KIND = "agentRestored"


class AgentMoved(EventData):
    """The agent goes on under another harness or model."""

    KIND = "agentMoved"
    harness: str
    model: str | None = None
    mode: str | None = None


class AgentStalled(EventData):
    """Nothing was heard of a working agent, nor did it use the CPU, for `seconds`."""

    KIND = "agentStalled"
    seconds: float


class AgentRecovered(EventData):
    """A stalled agent was heard of again."""

    KIND = "agentRecovered"


class AgentStopped(EventData):
    """The user asked the agent to end: `how` is an orderly stop or a kill."""

    KIND = "agentStopped"
    how: Literal["stop", "kill"]
    by: str = "user"


class AgentResumed(EventData):
    """The user asked an ended agent to go on."""

    KIND = "agentResumed"
    by: str = "user"


# Workspace.


class WorkspaceReady(EventData):
    """The agent's working directory exists. `branch` and `base_commit` are null without git.

    `setup` are the commands that run in it before the harness starts. `first_port` begins the range
    of `ports` free TCP ports that its scripts and its harness are told of.
    """

    KIND = "workspaceReady"
    path: str
    cwd: str
    kind: Literal["new", "existing", "none"]
    repository: str | None = None
    branch: str | None = None
    base_commit: str | None = None
    setup: list[str] | None = None
    first_port: int | None = None
    ports: int | None = None


class WorkspaceFailed(EventData):
    """The working directory could not be made or set up; `error` says why and what to do."""

    KIND = "workspaceFailed"
    error: str


class ScriptStarted(EventData):
    """A script of the workspace was started. The item `script_id` holds its output.

    `stage`: `setup` before the harness starts, `run` when the user asks, `teardown` before the
    worktree is removed.
    """

    KIND = "scriptStarted"
    script_id: str
    stage: ScriptStage
    command: str


class ScriptEnded(EventData):
    """A script of the workspace has ended: `ok` when it did what it should.

    `code` and `signal` are its process's, `error` says in words why it is not `ok`. `seconds` is
    how long it ran.
    """

    KIND = "scriptEnded"
    script_id: str
    stage: ScriptStage
    command: str
    ok: bool
    code: int | None = None
    signal: str | None = None
    timed_out: bool = False
    error: str | None = None
    seconds: float


class CheckpointTaken(EventData):
    """The working tree was captured in a commit under a hidden ref, at an edge of a turn.

    `skipped` are untracked files that were too large.
    """

    KIND = "checkpointTaken"
    turn_id: str
    edge: Literal["start", "end"]
    ref: str
    commit: str
    tree: str
    skipped: list[str] = []


class CheckpointFailed(EventData):
    """The working tree could not be captured; the turn goes on without."""

    KIND = "checkpointFailed"
    turn_id: str
    edge: Literal["start", "end"]
    error: str


class WorkspaceRemoved(EventData):
    """The worktree was removed after its tree was captured under `rescue`."""

    KIND = "workspaceRemoved"
    path: str
    rescue: str | None = None
    by: str = "user"


# Review.


class VerdictGiven(EventData):
    """Changes were accepted, rejected, or opened again. `ids` are of hunks or whole files."""

    KIND = "verdictGiven"
    path: str | None = None
    ids: list[str]
    verdict: Literal["accepted", "rejected", "open"]
    by: str = "user"


class CommentAdded(EventData):
    """A line of what the agent changed was commented on."""

    KIND = "commentAdded"
    comment_id: str
    path: str
    line: int
    end_line: int | None = None
    text: str
    turn_id: str | None = None
    by: str = "user"


class CommentsSent(EventData):
    """Comments became a prompt to the agent."""

    KIND = "commentsSent"
    comment_ids: list[str]
    prompt_id: str


class CommentResolved(EventData):
    """A comment is done with."""

    KIND = "commentResolved"
    comment_id: str
    by: str = "user"


class ChangesApplied(EventData):
    """Work was moved: applied to a target, reverted, merged, committed or published.

    `undo` is the ref that brings back the state before; `commit` what was made.
    """

    KIND = "changesApplied"
    what: Literal["apply", "reject", "revert", "undo", "commit", "merge", "publish"]
    target: str
    files: list[str] = []
    commit: str | None = None
    undo: str | None = None
    turn_id: str | None = None
    by: str = "user"


class CollisionsChanged(EventData):
    """Which other agents changed the same files now; `conflicts` are those that would conflict."""

    KIND = "collisionsChanged"
    others: list[str]
    conflicts: list[str]


# Runs.


class RunStarted(EventData):
    """A process of the harness was started. `resume` is the session that it continues."""

    KIND = "runStarted"
    run_id: str
    harness: str
    argv: list[str]
    cwd: str
    resume: str | None = None


class SessionOpened(EventData):
    """The harness is ready for prompts."""

    KIND = "sessionOpened"
    run_id: str
    session_id: str
    model: str | None = None
    mode: str | None = None
    capabilities: Capabilities = Capabilities()


class RunGivenUp(EventData):
    """The harness will never take prompts (it wants a login, it refused): its process is ended."""

    KIND = "runGivenUp"
    run_id: str
    error: str


class RunEnded(EventData):
    """A process of the harness ended.

    `reason`: `exited` by itself, `stopped` or `killed` on request, `idle`, `failed` to start,
    `lost` without a trace (a reboot, a killed runner). Times in seconds, memory in bytes.
    """

    KIND = "runEnded"
    run_id: str
    reason: Literal["exited", "stopped", "killed", "idle", "failed", "lost"]
    code: int | None = None
    signal: str | None = None
    error: str | None = None
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None


# Prompts and turns.


class PromptQueued(EventData):
    """A prompt waits for its turn. `steer` is meant to reach the agent during the current one."""

    KIND = "promptQueued"
    prompt_id: str
    content: list[ContentBlock]
    delivery: Literal["queue", "steer"] = "queue"
    by: str = "user"


class PromptWithdrawn(EventData):
    """A waiting prompt was taken back."""

    KIND = "promptWithdrawn"
    prompt_id: str


class PromptSteered(EventData):
    """A prompt was handed to the harness in the middle of a turn."""

    KIND = "promptSteered"
    prompt_id: str
    turn_id: str


class TurnStarted(EventData):
    """A prompt was handed to the harness. `prompt_id` is null where the harness began by itself."""

    KIND = "turnStarted"
    turn_id: str
    run_id: str
    prompt_id: str | None = None
    origin: Literal["prompt", "harness"] = "prompt"


class TurnInterrupted(EventData):
    """The user asked for the end of a turn; the turn's end follows."""

    KIND = "turnInterrupted"
    turn_id: str
    by: str = "user"


class TurnError(Record):
    """Why a turn failed. `category` is the same for all harnesses."""

    category: Literal[
        "rateLimit",
        "overloaded",
        "authentication",
        "billing",
        "invalidRequest",
        "contextOverflow",
        "network",
        "harness",
        "unknown",
    ] = "unknown"
    message: str
    status: int | None = None


class TurnEnded(EventData):
    """The harness went idle. `usage` and `cost` are of this turn alone."""

    KIND = "turnEnded"
    turn_id: str
    stop_reason: Literal["endTurn", "maxTokens", "maxTurns", "refusal", "cancelled", "failed"]
    usage: Usage | None = None
    cost: Cost | None = None
    error: TurnError | None = None


class UsageReported(EventData):
    """One provider response was counted. `response_id` keeps repeats from counting twice."""

    KIND = "usageReported"
    turn_id: str | None = None
    response_id: str | None = None
    model: str | None = None
    usage: Usage
    cost: Cost | None = None


class ContextMeasured(EventData):
    """How full the model's context is."""

    KIND = "contextMeasured"
    window: ContextWindow


# Items.


class ItemStarted(EventData):
    """A unit of work began."""

    KIND = "itemStarted"
    item_id: str
    turn_id: str | None = None
    item: Item


class ItemUpdated(EventData):
    """Fields of an item changed; each given field replaces the old one (wire names)."""

    KIND = "itemUpdated"
    item_id: str
    changes: dict[str, Any]


class ItemCompleted(EventData):
    """A unit of work is finished; `item` is the whole of it."""

    KIND = "itemCompleted"
    item_id: str
    turn_id: str | None = None
    item: Item


# Requests of the harness.


class RequestOpened(EventData):
    """The harness asks the user for a permission or an answer and waits."""

    KIND = "requestOpened"
    request_id: str
    turn_id: str | None = None
    item_id: str | None = None
    request: RequestBody


class RequestClosed(EventData):
    """A request was answered, or it became void. `answers` maps question ids to texts."""

    KIND = "requestClosed"
    request_id: str
    outcome: Outcome
    option_id: str | None = None
    answers: dict[str, list[str]] | None = None
    by: str = "user"
    note: str | None = None


class RequestReminded(EventData):
    """A request still waits for the user; `count` is how often that was said."""

    KIND = "requestReminded"
    request_id: str
    count: int


class RuleRemembered(EventData):
    """The user's answer holds for requests like it, for the life of this agent."""

    KIND = "ruleRemembered"
    rule: Rule


# Settings of the session.


class ModeChanged(EventData):
    """The session's mode is now `mode`."""

    KIND = "modeChanged"
    mode: str


class ModelChanged(EventData):
    """The session's model is now `model`."""

    KIND = "modelChanged"
    model: str


class OptionsChanged(EventData):
    """The session's options, all of them."""

    KIND = "optionsChanged"
    options: list[Option]


class CommandsChanged(EventData):
    """The slash commands that the harness understands now, all of them."""

    KIND = "commandsChanged"
    commands: list[SlashCommand]


class TitleChanged(EventData):
    """The harness gave the session a title."""

    KIND = "titleChanged"
    title: str


class UnknownEvent(EventData):
    """An event of a newer writer, kept as it is."""

    KIND = ""


EVENTS: tuple[type[EventData], ...] = (
    AgentSpawned,
    AgentRenamed,
    AgentArchived,
    AgentRestored,
    AgentMoved,
    AgentStalled,
    AgentRecovered,
    AgentStopped,
    AgentResumed,
    WorkspaceReady,
    WorkspaceFailed,
    ScriptStarted,
    ScriptEnded,
    CheckpointTaken,
    CheckpointFailed,
    WorkspaceRemoved,
    VerdictGiven,
    CommentAdded,
    CommentsSent,
    CommentResolved,
    ChangesApplied,
    CollisionsChanged,
    RunStarted,
    SessionOpened,
    RunGivenUp,
    RunEnded,
    PromptQueued,
    PromptWithdrawn,
    PromptSteered,
    TurnStarted,
    TurnInterrupted,
    TurnEnded,
    UsageReported,
    ContextMeasured,
    ItemStarted,
    ItemUpdated,
    ItemCompleted,
    RequestOpened,
    RequestClosed,
    RequestReminded,
    RuleRemembered,
    ModeChanged,
    ModelChanged,
    OptionsChanged,
    CommandsChanged,
    TitleChanged,
)

_ADAPTERS: dict[str, TypeAdapter[EventData]] = {c.KIND: TypeAdapter(c) for c in EVENTS}
_UNKNOWN = TypeAdapter(UnknownEvent)


def parse_event(kind: str, data: dict[str, Any]) -> EventData:
    """The payload of an event from its JSON form.

    `UnknownEvent` for a kind not known here, and for one that a newer writer says with values that
    are not: it is kept and shown as it is, and changes nothing.
    """
    adapter = _ADAPTERS.get(kind, _UNKNOWN)
    try:
        return adapter.validate_python(data)
    except ValidationError:
        return _UNKNOWN.validate_python(data)


class Event(Record):
    """An event as clients see it.

    `seq` orders all events of the log without gaps, `version` those of one agent. `at` is in
    milliseconds since 1970 UTC, the time the harness said it where it was said by one. Of texts
    over 16 KB only the beginning is here, and `truncated` says so; `athena/item/get` has the whole.
    """

    seq: int
    agent_id: str
    version: int
    at: int
    kind: str
    v: int = 1
    data: dict[str, Any]
    truncated: bool = False


class Delta(Record):
    """A piece of an item's text as it is being written; never stored, may be dropped."""

    agent_id: str
    item_id: str
    text: str
