"""Capturing what an agent works in, at the edges of its turns: its worktrees and their submodules.

A tree of git has a submodule as a commit, and nothing of what is not committed there. So each one
that is checked out is captured in its own repository. Those that the agent had something to do
with are working trees of it, as those in other repositories are.
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
from athena.protocol.spec import OtherWorktree
from athena.worktree import checkpoint, repository, submodules
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout

Edge = Literal["start", "end"]
Told = e.CheckpointTaken | e.CheckpointFailed


@dataclass(frozen=True, slots=True)
class _Captured:
    """What is to be told of a working tree, and the paths of the submodules in it."""

    fact: Told
    submodules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Inside:
    """A submodule that was captured. `touched`: it is, or was, not as the worktree began."""

    place: OtherWorktree
    fact: Told
    touched: bool


async def take_checkpoint(
    context: Context, state: AgentState, turn_id: str, edge: Edge
) -> list[e.EventData]:
    """Capture the agent's working trees. A failure is told and does not stop the agent."""
    assert state.workspace is not None
    main, *others = everywhere(state)
    facts: list[Told] = []
    inside: list[_Inside] = []
    for other, place in zip(state.workspace.also, others, strict=True):
        there = await _captured(context, place, turn_id, edge)
        facts.append(there.fact)
        inside += await _inside(context, place, there.submodules, f"{other.name}/", turn_id, edge)
    own = await _captured(context, main, turn_id, edge)
    inside += await _inside(context, main, own.submodules, "", turn_id, edge)
    facts += [one.fact for one in inside]
    # Those of the other repositories are known by their refs; only what failed is told.
    failed = [fact for fact in facts if isinstance(fact, e.CheckpointFailed)]
    if isinstance(own.fact, e.CheckpointFailed):
        return [*failed, own.fact]
    touched = [one.place for one in inside if one.touched]
    return [*failed, own.fact.model_copy(update={"submodules": touched or None})]


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
    paths: Sequence[str],
    prefix: str,
    turn_id: str,
    edge: Edge,
) -> list[_Inside]:
    """The submodules at some paths and those inside them, outer ones first, each captured."""
    assert around.workspace is not None
    found: list[_Inside] = []
    for path in paths:
        name, root = f"{prefix}{path}", Path(around.workspace.path, path)
        if not (root / ".git").exists():
            continue
        try:
            place, began = await _found(context, around, path, name)
        except (WorktreeError, OSError) as error:
            fact = e.CheckpointFailed(turn_id=turn_id, edge=edge, error=f"{name}: {error}")
            nowhere = OtherWorktree(name=name, path=str(root), repository=str(root))
            found.append(_Inside(nowhere, fact, touched=False))
            continue
        there = seen_at(around, place)
        own = await _captured(context, there, turn_id, edge)
        deeper = await _inside(context, there, own.submodules, f"{name}/", turn_id, edge)
        changed = isinstance(own.fact, e.CheckpointTaken) and own.fact.tree != began
        touched = changed or any(one.touched for one in deeper)
        found += [_Inside(place, own.fact, touched), *deeper]
    return found


async def _found(
    context: Context, around: AgentState, path: str, name: str
) -> tuple[OtherWorktree, str | None]:
    """A submodule as it is now, and the tree it began with: none where it was touched before."""
    assert around.workspace is not None
    env = environment.load(context.environments, around.id)
    outer = (await repository.discover(Path(around.workspace.path), env)).checkout
    inner = await repository.inner_checkout(outer, path)
    at = await repository.head(inner)
    known = next((o for o in around.workspace.submodules if o.path == str(inner.root)), None)
    if known is not None:
        return known.model_copy(update={"branch": at.branch}), None
    began = await _began(outer, around.workspace.base_commit, path, inner) or at.commit
    theirs = (await project_checkout(context, around)).root / path
    place = OtherWorktree(
        name=name,
        path=str(inner.root),
        repository=str(theirs if (theirs / ".git").exists() else inner.root),
        branch=at.branch,
        base_commit=began,
    )
    return place, await repository.tree_of(inner, began) if began else None


async def _began(outer: Checkout, base: str | None, path: str, inner: Checkout) -> str | None:
    """The commit of a submodule that belongs to where the worktree around it began."""
    commit = await submodules.linked_commit(outer, base, path) if base is not None else None
    return commit if commit and await submodules.has_commit(inner, commit) else None
