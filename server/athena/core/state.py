"""The state of one agent: what its events add up to."""

from __future__ import annotations

from typing import Literal

from athena.protocol.agent import (
    ImportedSession,
    OpenRequest,
    QueuedPrompt,
    ScriptView,
    WorkspaceView,
)
from athena.protocol.base import Record
from athena.protocol.capability import Capabilities
from athena.protocol.events import RunEnded, TurnEnded
from athena.protocol.review import CommentView
from athena.protocol.rule import Rule
from athena.protocol.spec import AgentSpec
from athena.protocol.usage import ContextWindow, Cost, Usage

STATE_SCHEMA = 5
"""Raised when the shape below changes: snapshots of another schema are folded again."""


class RunState(Record):
    """The live process of an agent. `ready` once its session takes prompts, `given_up` if never.

    `resume` is the session that it was to go on with, or to copy where it is a `fork`; `lost` that
    the harness could not restore it.
    """

    run_id: str
    harness: str
    resume: str | None = None
    fork: bool = False
    session_id: str | None = None
    ready: bool = False
    given_up: str | None = None
    lost: bool = False


class TurnState(Record):
    """The open turn. `usage` and `cost` are what was reported of it so far."""

    turn_id: str
    run_id: str
    started_at: int
    interrupted: bool = False
    has_image: bool = False
    usage: Usage = Usage()
    cost: Cost | None = None
    responses: list[str] = []


class AgentState(Record):
    """An agent, folded from its events.

    `spec` is what it was spawned with, and what was changed since: what its next run begins with.
    `wanted` says that a process should be running; `ending` that the user asked for the end.
    `runs`, `prompts` and `turns` count all that ever were and name the next ones. `captured` is
    the turn whose beginning has its checkpoint, `uncaptured` the one whose end has none yet,
    `checkpoint` the commit of the last one. `setup` are the scripts that are still due before a
    run, `scripts` those that run now. `verdicts` are by hunk or file, `collisions` and
    `conflicts` name other agents. `sessions` are the ids of all sessions that it ever had.
    """

    id: str
    spec: AgentSpec
    name: str
    version: int
    created_at: int
    updated_at: int
    archived: bool = False
    wanted: bool = True
    ending: Literal["stop", "kill"] | None = None
    stalled: bool = False

    workspace: WorkspaceView | None = None
    setup: list[str] = []
    scripts: dict[str, ScriptView] = {}
    scripts_run: int = 0
    workspace_error: str | None = None
    captured: str | None = None
    uncaptured: str | None = None
    checkpoint: str | None = None

    verdicts: dict[str, Literal["accepted", "rejected"]] = {}
    comments: list[CommentView] = []
    collisions: list[str] = []
    conflicts: list[str] = []

    run: RunState | None = None
    last_run: RunEnded | None = None
    session_id: str | None = None
    session_harness: str | None = None
    sessions: list[str] = []
    imported: ImportedSession | None = None
    runs: int = 0

    turn: TurnState | None = None
    last_turn: TurnEnded | None = None
    turns: int = 0
    prompts: int = 0
    queue: list[QueuedPrompt] = []
    requests: dict[str, OpenRequest] = {}
    rules: list[Rule] = []

    model: str | None = None
    mode: str | None = None
    title: str | None = None
    activity: str | None = None
    capabilities: Capabilities = Capabilities()
    usage: Usage = Usage()
    cost: Cost | None = None
    spending: dict[int, Cost] = {}
    context: ContextWindow | None = None

    def next_script_id(self) -> str:
        """The name of the next script of the workspace, and of the item that shows it."""
        return f"{self.id}.s{self.scripts_run + 1}"

    def next_run_id(self) -> str:
        """The name of the next run: unique over all agents, since the agent's id is its prefix."""
        return f"{self.id}.r{self.runs + 1}"

    def next_prompt_id(self) -> str:
        """The name of the next prompt."""
        return f"{self.id}.p{self.prompts + 1}"

    def next_turn_id(self) -> str:
        """The name of the next turn that a prompt starts."""
        return f"{self.id}.t{self.turns + 1}"


def is_read_only(state: AgentState) -> bool:
    """Whether the agent was imported and nobody has adopted it yet."""
    return state.imported is not None and not state.imported.adopted


def has_tree(state: AgentState) -> bool:
    """Whether the agent works in a git repository, so that its tree can be captured."""
    return state.workspace is not None and state.workspace.repository is not None
