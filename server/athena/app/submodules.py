"""Submodules of what is merged: their commits have to come along, or nobody can check them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from athena.app.context import Context
from athena.app.trees import checkout_of, project_checkout, submodules_of
from athena.core.state import AgentState
from athena.protocol.errors import AthenaError, ErrorCode
from athena.worktree import repository, standing, submodules
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout


def need_own_branch(state: AgentState, name: str | None) -> None:
    """WRONG_STATE for a submodule: what is taken home is the commit that is named around it."""
    known = state.workspace.submodules if state.workspace is not None else []
    if any(one.name == name for one in known):
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{name} is a submodule. Its work is committed and comes along when the repository "
            "around it is merged.",
            field="repository",
        )


async def loose_submodules(context: Context, state: AgentState) -> set[str]:
    """The paths of submodules with work that is not committed: a merge commits it first."""
    found: set[str] = set()
    outer = await checkout_of(context, state)
    for place in _outermost(state):
        inner = await checkout_of(context, place)
        loose = await standing.status(inner)
        if loose.changed or loose.untracked:
            found.add(inner.root.relative_to(outer.root).as_posix())
    return found


async def bring_submodules(
    context: Context, state: AgentState, merged: str, updated: Path | None
) -> list[str]:
    """Copy the commits of submodules that `merged` names to where the user has them.

    What the agent commits in a submodule is in the copy that its worktree has, and nowhere else.
    The user's copies are those in the project, and in the worktree that the merge `updated`.
    Returns what is left to do, in words.
    """
    homes = [(await project_checkout(context, state)).root, *([updated] if updated else [])]
    return await _bring(context, state, merged, list(dict.fromkeys(homes)), "")


async def _bring(
    context: Context, around: AgentState, revision: str, homes: Sequence[Path], prefix: str
) -> list[str]:
    notes: list[str] = []
    outer = await checkout_of(context, around)
    for place in _outermost(around):
        source = await checkout_of(context, place)
        path = source.root.relative_to(outer.root)
        name = f"{prefix}{path.as_posix()}"
        theirs = [home / path for home in homes if (home / path / ".git").exists()]
        try:
            named = await submodules.linked_commits(outer, revision, [path.as_posix()])
            if (commit := named.get(path.as_posix())) is None:
                continue
            came = [await _brought(source, home, place.id, commit) for home in theirs]
        except (WorktreeError, OSError) as error:
            notes.append(f"The commit of the submodule {name} could not be brought along: {error}")
            continue
        if any(came):
            notes.append(
                f"The submodule {name} is at {commit[:10]} now: `git submodule update` checks it "
                "out."
            )
        elif not theirs and place.workspace and commit != place.workspace.base_commit:
            notes.append(
                f"The submodule {name} is at {commit[:10]} now, which nobody else has: push it "
                f"from {source.root}."
            )
        notes += await _bring(context, place, commit, theirs, f"{name}/")
    return notes


async def _brought(source: Checkout, home: Path, agent: str, commit: str) -> bool:
    target = (await repository.discover(home, source.environ)).checkout
    return await submodules.bring(source, target, agent, commit)


def _outermost(around: AgentState) -> list[AgentState]:
    """The submodules of a working tree that are in no other one of them."""
    found = submodules_of(around)
    inner = {p.path for one in found if one.workspace for p in one.workspace.submodules}
    return [one for one in found if one.workspace and one.workspace.path not in inner]
