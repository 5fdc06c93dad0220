"""Capturing what an agent works in, at the edges of its turns: its worktrees and their submodules.

A tree of git has a submodule as a commit, and nothing of what is not committed there. So one that
is not as it was when the worktree began is captured in its own repository, and is a working tree
of the agent as those in other repositories are. Git looks at all of them in one go; those that are
as committed cost nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from athena.app import environment
from athena.app.context import Context
from athena.app.trees import everywhere, project_checkout, seen_at
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.agent import WorkspaceView
from athena.protocol.spec import OtherWorktree
from athena.worktree import checkpoint, repository, submodules
from athena.worktree.checkpoint import Checkpoint
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout, Head

Edge = Literal["start", "end"]
Told = e.CheckpointTaken | e.CheckpointFailed


@dataclass(frozen=True, slots=True)
class _Captured:
    """What is to be told of a working tree, and the paths of the submodules in it."""

    fact: Told
    submodules: tuple[str, ...] = ()


async def take_checkpoint(
    context: Context, state: AgentState, turn_id: str, edge: Edge
) -> list[e.EventData]:
    """Capture the agent's working trees. A failure is told and does not stop the agent."""
    assert state.workspace is not None
    main, *others = everywhere(state)
    failed: list[e.CheckpointFailed] = []
    inside: list[OtherWorktree] = []
    for other, place in zip(state.workspace.also, others, strict=True):
        there = await _captured(context, place, turn_id, edge)
        # Those of other repositories are known by their refs; only what failed is told.
        if isinstance(there.fact, e.CheckpointFailed):
            failed.append(there.fact)
        inside += await _inside(context, place, there, f"{other.name}/", turn_id, edge, failed)
    own = await _captured(context, main, turn_id, edge)
    inside += await _inside(context, main, own, "", turn_id, edge, failed)
    if isinstance(own.fact, e.CheckpointFailed):
        return [*failed, own.fact]
    return [*failed, own.fact.model_copy(update={"submodules": inside or None})]


async def _captured(context: Context, state: AgentState, turn_id: str, edge: Edge) -> _Captured:
    assert state.workspace is not None
    env = environment.load(context.environments, state.id)
    try:
        place = await repository.discover(Path(state.workspace.path), env)
        taken = await checkpoint.take(
            place.checkout, state.id, turn=turn_id, edge=edge, previous=state.checkpoint
        )
    except (WorktreeError, OSError) as error:
        return _Captured(e.CheckpointFailed(turn_id=turn_id, edge=edge, error=str(error)))
    told = e.CheckpointTaken(
        turn_id=turn_id,
        edge=edge,
        ref=taken.ref,
        commit=taken.commit,
        tree=taken.tree,
        skipped=list(taken.skipped),
    )
    return _Captured(told, taken.submodules)


async def _inside(
    context: Context,
    around: AgentState,
    captured: _Captured,
    prefix: str,
    turn_id: str,
    edge: Edge,
    failed: list[e.CheckpointFailed],
) -> list[OtherWorktree]:
    """The submodules in a working tree and those inside them, outer ones first, each captured.

    What could not be is added to `failed`.
    """
    assert around.workspace is not None
    root = around.workspace.path
    before = [o for o in around.workspace.submodules if Path(o.path).is_relative_to(root)]
    if isinstance(captured.fact, e.CheckpointFailed):
        return before
    if not captured.submodules:
        return []
    env = environment.load(context.environments, around.id)
    known = {other.path: other for other in before}
    try:
        outer = (await repository.discover(Path(around.workspace.path), env)).checkout
        paths = await _touched(outer, around.workspace, captured.submodules, captured.fact.tree)
    except (WorktreeError, OSError) as error:
        failed.append(e.CheckpointFailed(turn_id=turn_id, edge=edge, error=str(error)))
        return before
    found: list[OtherWorktree] = []
    for path in paths:
        name, was = f"{prefix}{path}", known.get(str(outer.root / path))
        try:
            inner = await repository.inner_checkout(outer, path)
            at = await repository.head(inner)
            place = was or await _first_seen(context, around, outer, inner, path, name, at)
            if edge == "end":
                await _begin(outer, inner, path, around.id, turn_id)
        except (WorktreeError, OSError) as error:
            words = f"{name}: {error}"
            failed.append(e.CheckpointFailed(turn_id=turn_id, edge=edge, error=words))
            found += [was] if was is not None else []
            continue
        place = place.model_copy(update={"branch": at.branch})
        there = seen_at(around, place)
        own = await _captured(context, there, turn_id, edge)
        if isinstance(own.fact, e.CheckpointFailed):
            failed.append(own.fact)
        deeper = await _inside(context, there, own, f"{name}/", turn_id, edge, failed)
        found += [place, *deeper]
    return found


async def _touched(
    outer: Checkout, place: WorkspaceView, paths: Sequence[str], tree: str
) -> list[str]:
    """The submodules that are, or were, not as the worktree began; those checked out, in order."""
    present = [path for path in paths if (outer.root / path / ".git").exists()]
    if not present:
        return []
    known = {o.path for o in place.submodules}
    loose = await submodules.not_as_committed(outer, present)
    now = await submodules.linked_commits(outer, tree, present)
    began = place.base_commit
    before = await submodules.linked_commits(outer, began, present) if began else now
    return [
        path
        for path in present
        if path in loose or str(outer.root / path) in known or now.get(path) != before.get(path)
    ]


async def _begin(outer: Checkout, inner: Checkout, path: str, agent: str, turn_id: str) -> None:
    """Name what a submodule was at the start of a turn: as committed, if it was not captured."""
    if await _start_of(inner, agent, turn_id) is not None:
        return
    around = await _start_of(outer, agent, turn_id)
    began = await submodules.linked_commits(outer, around.tree, [path]) if around else {}
    if path in began and await submodules.has_commit(inner, began[path]):
        await checkpoint.take_committed(inner, agent, began[path], turn=turn_id, edge="start")


async def _start_of(checkout: Checkout, agent: str, turn_id: str) -> Checkpoint | None:
    known = await checkpoint.checkpoints(checkout, agent)
    return next((c for c in known if c.turn == turn_id and c.edge == "start"), None)


async def _first_seen(
    context: Context,
    around: AgentState,
    outer: Checkout,
    inner: Checkout,
    path: str,
    name: str,
    at: Head,
) -> OtherWorktree:
    """A submodule in which something changed for the first time."""
    assert around.workspace is not None
    began = around.workspace.base_commit
    before = (await submodules.linked_commits(outer, began, [path])).get(path) if began else None
    known = before if before and await submodules.has_commit(inner, before) else at.commit
    theirs = (await project_checkout(context, around)).root / path
    return OtherWorktree(
        name=name,
        path=str(inner.root),
        repository=str(theirs if (theirs / ".git").exists() else inner.root),
        base_commit=known,
    )
