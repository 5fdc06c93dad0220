"""What is wanted of a new agent."""

from __future__ import annotations

from typing import Literal

from athena.protocol.base import Record

ScriptStage = Literal["setup", "run", "teardown"]
"""When a script of a workspace runs: before the harness, on demand, before the removal."""


class WorkspaceSpec(Record):
    """Where the agent works.

    `new` makes a git worktree on a branch of its own, `existing` uses the directory `path` as it
    is, `none` works in the project directory itself. `base` is a branch or commit, `subfolder` a
    path inside the repository. `agent` names another agent, to work in its workspace (`existing`).
    `also` are folders of other repositories: with `new` the agent gets a worktree in each of them.
    """

    kind: Literal["new", "existing", "none"] = "new"
    path: str | None = None
    base: str | None = None
    branch: str | None = None
    subfolder: str | None = None
    agent: str | None = None
    also: list[str] | None = None


class OtherWorktree(Record):
    """A working tree that an agent has in another repository. `name` is what the repository is
    called among those of the agent: that of a submodule is its path in the worktree around it."""

    name: str
    path: str
    repository: str
    branch: str | None = None
    base_commit: str | None = None


class McpServer(Record):
    """An MCP server that the harness is to start or to connect to (ACP `McpServer`).

    In a spawned agent's spec the values of `env` and `headers` are hidden: they may be secrets.
    """

    name: str
    type: Literal["stdio", "http", "sse"] = "stdio"
    command: str | None = None
    args: list[str] = []
    env: dict[str, str] = {}
    url: str | None = None
    headers: dict[str, str] = {}


class SubmoduleFiles(Record):
    """The files of a submodule: those of the commit `files`, which the repository at `place` has.

    `path` is where it is in the worktree.
    """

    path: str
    place: str
    files: str


class StartingPoint(Record):
    """Where a worktree begins that is to be like another one.

    `place` is a directory of that one, in which the agent will work. The new branch begins at
    `commit`, and the files are those of the commit `files`: what differs is not committed there
    either. Reviews count from `base`. `submodules` are those whose files are not as committed.
    """

    place: str
    commit: str
    files: str
    base: str
    submodules: list[SubmoduleFiles] | None = None


class Fork(Record):
    """The agent that another one is a copy of, as it was then.

    `version` is that of the last event that counts and `turn_id` its last turn. `session_id` is
    the session of `harness` to be copied; without one the conversation is told in words. `cwd` is
    where it worked, `worktrees` where those of the copy begin, the main one first.
    """

    agent_id: str
    version: int
    turn_id: str
    harness: str
    session_id: str | None = None
    cwd: str | None = None
    worktrees: list[StartingPoint] = []


class AgentSpec(Record):
    """An agent as it was spawned, with all defaults filled in.

    `options` are settings of the harness by their own names. The environment is no part of it: it
    may hold secrets, so it is kept in a private file and never in the log.
    """

    name: str
    harness: str
    archetype: str | None = None
    model: str | None = None
    mode: str | None = None
    readonly: bool = False
    project: str
    workspace: WorkspaceSpec = WorkspaceSpec()
    parent_id: str | None = None
    instructions: str | None = None
    allowed_tools: list[str] | None = None
    mcp_servers: list[McpServer] = []
    options: dict[str, object] = {}
    stall_seconds: float | None = None
    fork: Fork | None = None
