"""The life of an agent, and of the directory that it works in."""

from __future__ import annotations

from typing import Literal

from athena.protocol.events.base import EventData
from athena.protocol.spec import AgentSpec, OtherWorktree, ScriptStage


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
    """The agent goes on under another harness or model.

    Modes and options are each harness's own: those of the one before hold no longer.
    """

    KIND = "agentMoved"
    harness: str
    model: str | None = None
    mode: str | None = None
    options: dict[str, object] | None = None


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


class WorkspaceReady(EventData):
    """The agent's working directory exists. `branch` and `base_commit` are null without git.

    `setup` are the commands that run in it before the harness starts. `first_port` begins the range
    of `ports` free TCP ports that its scripts and its harness are told of. `also` are the agent's
    worktrees in other repositories.
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
    also: list[OtherWorktree] | None = None


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

    `skipped` are untracked files that were too large. The submodules in it were captured in their
    own repositories: `submodules` are those, at any depth, in which the agent changed something.
    """

    KIND = "checkpointTaken"
    turn_id: str
    edge: Literal["start", "end"]
    ref: str
    commit: str
    tree: str
    skipped: list[str] = []
    submodules: list[OtherWorktree] | None = None


class CheckpointFailed(EventData):
    """The working tree could not be captured; the turn goes on without."""

    KIND = "checkpointFailed"
    turn_id: str
    edge: Literal["start", "end"]
    error: str


class WorkspaceRemoved(EventData):
    """The worktree was removed after its tree was captured under `rescue`.

    `moved_to` is the folder that its files were moved to, where they could not be captured. `also`
    are the refs in the other repositories that the agent had worktrees of.
    """

    KIND = "workspaceRemoved"
    path: str
    rescue: str | None = None
    moved_to: str | None = None
    also: list[str] | None = None
    by: str = "user"
