"""Agents as clients see them, and the parameters of `athena/agent/...`."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from athena.protocol.base import Record, Request
from athena.protocol.capability import Capabilities
from athena.protocol.content import ContentBlock
from athena.protocol.request import RequestBody
from athena.protocol.spec import McpServer, OtherWorktree, ScriptStage, WorkspaceSpec
from athena.protocol.usage import ContextWindow, Cost, Usage

NAME_LENGTH = 120
"""How many characters the name of an agent may have."""


class Status(StrEnum):
    """What an agent is doing, from the protocol and never from a screen."""

    STARTING = "starting"
    WORKING = "working"
    NEEDS_PERMISSION = "needsPermission"
    NEEDS_INPUT = "needsInput"
    IDLE = "idle"
    DONE = "done"
    IMPORTED = "imported"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    DEAD = "dead"


class WorkspaceView(Record):
    """Where an agent works, and the range of TCP ports that is kept free for what runs there.

    `also` are its worktrees in other repositories. `submodules` are those in its worktrees in which
    it changed something, as of the last checkpoint.
    """

    kind: Literal["new", "existing", "none"]
    path: str
    cwd: str
    repository: str | None = None
    branch: str | None = None
    base_commit: str | None = None
    first_port: int | None = None
    ports: int | None = None
    also: list[OtherWorktree] = []
    submodules: list[OtherWorktree] = []


class ScriptView(Record):
    """A script of a workspace that runs now; the item `script_id` of its agent has the output."""

    script_id: str
    stage: ScriptStage
    command: str
    started_at: int


class QueuedPrompt(Record):
    """A prompt that waits for its turn."""

    prompt_id: str
    content: list[ContentBlock]
    delivery: Literal["queue", "steer"]
    by: str


class OpenRequest(Record):
    """A request of a harness that waits for the user. `at` in milliseconds since 1970 UTC.

    `reminders` counts how often the user was told again.
    """

    request_id: str
    agent_id: str
    agent_name: str = ""
    turn_id: str | None = None
    item_id: str | None = None
    at: int
    request: RequestBody
    reminders: int = 0


class ImportedSession(Record):
    """Where an agent comes from that a plain command line made: its session and the file of it.

    Until it is `adopted` it is read-only: its file says what happens to it.
    """

    harness: str
    session_id: str
    path: str
    adopted: bool = False


class AgentView(Record):
    """An agent in a list. `version` is that of its last event.

    `comments` counts those not resolved; `collisions` and `conflicts` name agents whose work
    touches the same places. `forked_from` is the agent that it began as a copy of. `imported` is
    there for an agent that was not made by Athena.
    """

    id: str
    name: str
    harness: str
    archetype: str | None = None
    model: str | None = None
    mode: str | None = None
    title: str | None = None
    status: Status
    reason: str | None = None
    stalled: bool = False
    archived: bool = False
    project: str
    parent_id: str | None = None
    forked_from: str | None = None
    workspace: WorkspaceView | None = None
    scripts: list[ScriptView] = []
    run_id: str | None = None
    session_id: str | None = None
    turn_id: str | None = None
    turns: int = 0
    activity: str | None = None
    queue: list[QueuedPrompt] = []
    requests: list[OpenRequest] = []
    usage: Usage = Usage()
    cost: Cost | None = None
    context: ContextWindow | None = None
    comments: int = 0
    collisions: list[str] = []
    conflicts: list[str] = []
    imported: ImportedSession | None = None
    created_at: int
    updated_at: int
    version: int


class AgentDetail(AgentView):
    """An agent with what its harness can do."""

    capabilities: Capabilities = Capabilities()
    instructions: str | None = None


class AgentList(Record):
    """Agents and the position in the log at which the list was true."""

    agents: list[AgentView]
    cursor: int


class SpawnAgent(Request):
    """Parameters of `athena/agent/spawn`.

    `content` is attached to the `prompt`, or stands for it. What is not given comes from the
    archetype, then from the project's settings, then from the user's. `project` is a directory, by
    default the client's. `command_id` makes it safe to send again: the second one answers with the
    first one's agent.
    """

    prompt: str | None = None
    content: list[ContentBlock] | None = None
    name: str | None = Field(default=None, max_length=NAME_LENGTH)
    harness: str | None = None
    archetype: str | None = None
    model: str | None = None
    mode: str | None = None
    project: str | None = None
    workspace: WorkspaceSpec | None = None
    parent_id: str | None = None
    mcp_servers: list[McpServer] = []
    options: dict[str, object] = {}
    environment: dict[str, str] = {}
    command_id: str | None = None


class AgentRef(Request):
    """Parameters that name an agent: its id, its name, or a unique beginning of either."""

    agent: str


class ListAgents(Request):
    """Parameters of `athena/agent/list`: with `project` those of a directory and below it."""

    archived: bool = False
    project: str | None = None
    status: list[Status] | None = None


class PromptAgent(Request):
    """Parameters of `athena/agent/prompt` and `athena/agent/steer`.

    `content` is attached to the `text`, or stands for it.
    """

    agent: str
    text: str | None = None
    content: list[ContentBlock] | None = None
    command_id: str | None = None


class Prompted(Record):
    """A prompt was taken; `version` is the agent's after it."""

    agent_id: str
    prompt_id: str
    version: int
    seq: int


class WithdrawPrompt(Request):
    """Parameters of `athena/agent/withdraw`."""

    agent: str
    prompt_id: str


class RenameAgent(Request):
    """Parameters of `athena/agent/rename`."""

    agent: str
    name: str = Field(min_length=1, max_length=NAME_LENGTH)


class ResumeAgent(Request):
    """Parameters of `athena/agent/resume`: an optional prompt to go on with."""

    agent: str
    text: str | None = None


class SetMode(Request):
    """Parameters of `athena/agent/setMode`."""

    agent: str
    mode: str


class SetModel(Request):
    """Parameters of `athena/agent/setModel`."""

    agent: str
    model: str


class SetOption(Request):
    """Parameters of `athena/agent/setOption`: an option that the harness offers."""

    agent: str
    option: str
    value: str | bool


class MoveAgent(Request):
    """Parameters of `athena/agent/move`: go on under another harness, in the same workspace.

    Model, mode and options are the new harness's; those of the one before are dropped.
    """

    agent: str
    harness: str
    model: str | None = None
    mode: str | None = None
    options: dict[str, object] | None = None


class ForkAgent(Request):
    """Parameters of `athena/agent/fork`: a new agent that begins as a copy of another one.

    It knows the conversation and has the files, those not committed included, in a worktree of its
    own; without `worktree` it works in the same directory as the other one. It is a copy of what
    is there now, or of what was there when the turn `turn_id` ended, by default the last one that
    has ended. With `harness` the copy runs under another one, which is told the conversation in
    words. `text` and `content` are its first prompt. `command_id` as in `athena/agent/spawn`.
    """

    agent: str
    turn_id: str | None = None
    text: str | None = None
    content: list[ContentBlock] | None = None
    name: str | None = Field(default=None, max_length=NAME_LENGTH)
    harness: str | None = None
    model: str | None = None
    mode: str | None = None
    worktree: bool = True
    command_id: str | None = None


class Changed(Record):
    """An agent changed; `version` is its version after the change, `seq` the log's position."""

    agent_id: str
    version: int
    seq: int


class ReadLogs(Request):
    """Parameters of `athena/agent/logs`: the last `bytes` of what the harness wrote to stderr."""

    agent: str
    run_id: str | None = None
    bytes: int = Field(default=64_000, ge=1, le=4_000_000)


class Logs(Record):
    """What a harness wrote to its standard error; `path` is the directory of its run."""

    run_id: str | None = None
    path: str | None = None
    text: str
