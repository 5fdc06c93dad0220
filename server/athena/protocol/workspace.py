"""Workspaces, checkpoints, and what brings work back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from athena.protocol.agent import ScriptView
from athena.protocol.base import Record, Request


class WorkspaceState(Record):
    """A workspace as it is on disk now.

    `ahead` and `behind` count commits against the base branch. `hazards` are reasons not to remove
    it, by kind, in words. `agent_id` is null for a worktree whose agent is gone (an orphan).
    `vanished`: the folder is gone, the agent and its checkpoints are not.
    """

    agent_id: str | None = None
    agent_name: str | None = None
    path: str
    repository: str | None = None
    branch: str | None = None
    head: str | None = None
    changed: int = 0
    untracked: int = 0
    unpushed: int = 0
    ahead: int = 0
    behind: int = 0
    operation: str | None = None
    vanished: str | None = None
    problem: str | None = None
    hazards: dict[str, str] = {}


class ListWorkspaces(Request):
    """Parameters of `athena/workspace/list`: those of one project or agent, or all."""

    project: str | None = None
    agent: str | None = None


class WorkspaceList(Record):
    """Workspaces with their state."""

    workspaces: list[WorkspaceState]


class FindFiles(Request):
    """Parameters of `athena/workspace/files`: `find` holds letters of the path, in their order."""

    agent: str
    find: str = ""
    limit: int = Field(default=50, ge=1, le=1000)


class OtherFile(Record):
    """A file in another repository of an agent: `path` below `root`, the worktree there."""

    repository: str
    root: str
    path: str


class FileList(Record):
    """Files of a workspace, best fitting first: paths below its `root`.

    `others` are files in the agent's other repositories, which are found by `repository/path`, and
    are as many at most. `more`: some were cut.
    """

    root: str
    files: list[str]
    others: list[OtherFile] = []
    more: bool = False


class RemoveWorkspace(Request):
    """Parameters of `athena/workspace/remove`.

    `insist` names the hazards that may be passed over (`dirty`, `unpushed`, …, and `teardown` for a
    script that fails before it). The tree is always captured first. `path` names an orphan, which
    has no agent; one that vanished is looked for in the repository of the client's directory.
    """

    agent: str | None = None
    path: str | None = None
    insist: list[str] = []
    keep_branch: bool = True


class RescueView(Record):
    """Work that was captured before something was removed, reverted or reset."""

    ref: str
    agent_id: str
    commit: str
    reason: str
    path: str
    branch: str | None = None
    at: int


class Rescued(Record):
    """What was done, and the ref that brings the state before it back.

    `moved_to` is the folder that the files were moved to instead, because they could not be
    captured and one insisted. `also` is what was kept in the agent's other repositories.
    """

    rescue: RescueView | None = None
    removed: bool = False
    moved_to: str | None = None
    also: list[RescueView] = []


class ListRescues(Request):
    """Parameters of `athena/rescue/list`."""

    agent: str | None = None
    project: str | None = None


class RescueList(Record):
    """Captured work, newest first."""

    rescues: list[RescueView]


class RestoreWorkspace(Request):
    """Parameters of `athena/workspace/restore`: bring captured work back.

    `ref` is a rescue or a checkpoint; without it the agent's worktree comes back as it was, removed
    or vanished. Into its own place when that is free, else into `path`.
    """

    agent: str | None = None
    project: str | None = None
    ref: str | None = None
    path: str | None = None


class Restored(Record):
    """Where the work is now. `notes` say in words what is not as it was."""

    path: str
    ref: str
    branch: str | None = None
    notes: list[str] = []


class RunScripts(Request):
    """Parameters of `athena/workspace/run`: run what the settings name, or `command`, there.

    `stop` ends what was started so. Scripts go on when their agent rests; a server among them finds
    its port in `ATHENA_PORT`.
    """

    agent: str
    command: str | None = None
    stop: bool = False


class ScriptList(Record):
    """The scripts that run in a workspace now."""

    scripts: list[ScriptView]


class TrustProject(Request):
    """Parameters of `athena/workspace/trust`: let the project's own files name commands to run.

    They are `setup`, `run` and `teardown` of its `athena.toml`, and `.cursor/worktrees.json`.
    `trusted` false takes it back; null changes nothing and only tells.
    """

    project: str | None = None
    trusted: bool | None = True


class Trust(Record):
    """Whether a project may name commands, which ones it names, and the file that says so."""

    project: str
    trusted: bool
    commands: list[str]
    file: str


class CheckpointView(Record):
    """A captured state of an agent's working tree."""

    agent_id: str | None = None
    ref: str
    commit: str
    tree: str
    turn_id: str | None = None
    edge: Literal["start", "end"] | None = None
    at: int


class ListCheckpoints(Request):
    """Parameters of `athena/checkpoint/list`. `repository` is one of the agent's other ones."""

    agent: str
    repository: str | None = None


class CheckpointList(Record):
    """Checkpoints, oldest first."""

    checkpoints: list[CheckpointView]


class PruneCheckpoints(Request):
    """Parameters of `athena/checkpoint/prune`: forget what `[checkpoint]` does not keep.

    In the repository of `project`, else of the client's directory. `dry_run` only tells.
    """

    project: str | None = None
    dry_run: bool = False


class Pruned(Record):
    """The checkpoints that were forgotten, oldest first, and how many are `left`."""

    checkpoints: list[CheckpointView]
    left: int


class CollisionRange(Record):
    """Lines of a file that two agents both changed; lines count from 1, both ends included.

    `start` and `end` are where they are with the first agent, `other_start` and `other_end` with
    the other one; 0 where the file as a whole is meant.
    """

    path: str
    start: int
    end: int
    other_start: int = 0
    other_end: int = 0
    conflict: bool


class Collision(Record):
    """Two live workspaces that changed the same places. `conflict`: a merge would conflict."""

    agent_id: str
    other_id: str
    conflict: bool
    ranges: list[CollisionRange]


class ListCollisions(Request):
    """Parameters of `athena/collision/list`."""

    project: str | None = None
    agent: str | None = None


class CollisionList(Record):
    """The collisions now."""

    collisions: list[Collision]
