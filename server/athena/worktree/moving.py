"""The record of a branch that Athena moved, and moving it back while nothing came after."""

from __future__ import annotations

from dataclasses import dataclass

from athena.worktree.advance import checked_out, need_ready, put_back
from athena.worktree.errors import TargetMoved, UnknownRevision, WorktreeError
from athena.worktree.git import Git
from athena.worktree.refs import Kept, forget, keep, kept, kept_at
from athena.worktree.repository import Checkout

PURPOSE = "merged"
BRANCH = "Athena-Branch"
REASON = "Athena-Reason"


@dataclass(frozen=True, slots=True)
class Moved:
    """A local branch that was moved from the commit `old` to the commit `new`.

    `ref` is the argument of `undo`: a commit with the tree of `new`, whose parents are both.
    """

    ref: str
    branch: str
    old: str
    new: str
    reason: str


async def record(
    checkout: Checkout, agent: str, branch: str, old: str, new: str, reason: str
) -> Kept:
    """Keep where a branch is and where it is about to go, so that both outlive it."""
    tree = await checkout.git.text("rev-parse", f"{new}^{{tree}}")
    facts = {BRANCH: branch, REASON: reason}
    return await keep(checkout, agent, PURPOSE, tree, [old, new], reason, facts)


async def moved_at(checkout: Checkout, ref: str) -> Moved | None:
    """The move that a ref records; None when it is no record of one."""
    found = await kept_at(checkout, ref)
    return None if found is None else _moved(found)


async def moves(checkout: Checkout) -> tuple[Moved, ...]:
    """The moves that are recorded, the oldest first."""
    found = await kept(checkout, None, PURPOSE)
    return tuple(moved for each in found if (moved := _moved(each)) is not None)


async def undo(checkout: Checkout, agent: str, done: Moved) -> Moved:
    """Move the branch back to `done.old`, with the files of the worktree that has it checked out.

    Returns the new move, which can be undone as well. Raises `TargetMoved` when the branch is not
    at `done.new` any more or was pushed from there, `TargetBusy` when a worktree that has it
    checked out is not clean; nothing was changed then.
    """
    await _need_last(checkout, done)
    place = await checked_out(checkout, done.branch)
    if place is not None:
        await need_ready(place, done.branch)
    reason = f"Undo: {done.reason}"
    made = await record(checkout, agent, done.branch, done.new, done.old, reason)
    try:
        await put_back(checkout, place, done.branch, done.new, done.old)
    except WorktreeError:
        await forget(checkout, [made])
        raise
    return Moved(made.ref, done.branch, done.new, done.old, reason)


async def _need_last(checkout: Checkout, done: Moved) -> None:
    git, ref = checkout.git, f"refs/heads/{done.branch}"
    now = (await git.run("rev-parse", "--verify", "--quiet", ref, codes=(0, 1))).text
    if not now:
        raise UnknownRevision(f"There is no local branch {done.branch!r} any more.")
    if now != done.new:
        raise TargetMoved(f"{done.branch} has moved on since.", advice=await _instead(git, done))
    if (await git.run("merge-base", "--is-ancestor", now, done.old, codes=(0, 1))).code == 0:
        return
    pushed = await git.text(
        "for-each-ref", "--count=1", "--format=%(refname:short)", "--contains", now, "refs/remotes"
    )
    if pushed:
        raise TargetMoved(
            f"{pushed} has it already: {done.branch} was pushed.", advice=await _instead(git, done)
        )


async def _instead(git: Git, done: Moved) -> str:
    """How to take it back by a commit on top."""
    added = (await git.text("rev-list", "--first-parent", f"{done.old}..{done.new}")).split()
    if not added:
        return "Merge again."
    parents = (await git.text("show", "-s", "--format=%P", done.new)).split()
    what = f"{done.old[:10]}..{done.new[:10]}" if len(added) > 1 else done.new[:10]
    mainline = "-m 1 " if len(added) == 1 and len(parents) > 1 else ""
    return f"A commit on top takes it back: git revert {mainline}{what}"


def _moved(found: Kept) -> Moved | None:
    branch = found.facts.get(BRANCH)
    if found.purpose != PURPOSE or branch is None or len(found.parents) != 2:
        return None
    old, new = found.parents
    return Moved(found.ref, branch, old, new, found.facts.get(REASON, ""))
