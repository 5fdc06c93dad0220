"""Bringing changes into a working tree by three-way merge: wholly, or not at all, and undoable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.protocol.remedies import remedy
from athena.worktree.changeset import Changeset, changeset
from athena.worktree.errors import ChangedMeanwhile, NothingToDo, UnknownRevision, WorktreeError
from athena.worktree.git import Git
from athena.worktree.refs import Kept, forget, keep, kept, kept_at
from athena.worktree.repository import Checkout, at_worktree
from athena.worktree.rescue import record, rescue_at
from athena.worktree.snapshot import snapshot, tree_now
from athena.worktree.switch import switch
from athena.worktree.threeway import Conflict, Conflicted, Merged, merge_trees

PURPOSE = "applied"
REASON = "Athena-Reason"
RESCUE = "Athena-Rescue"
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Delta:
    """A change to bring in: what leads from one tree (or commit) to another."""

    base: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying would do to the files as they are now."""

    changes: Changeset
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `ref` is the argument of `undo`; the ref `rescue` keeps what was before.

    `before` is the commit of that rescue, and `after` the tree that was written. `root` is the
    working tree whose files were changed.
    """

    ref: str
    root: Path
    rescue: str
    before: str
    after: str
    reason: str


async def preview(target: Checkout, deltas: Sequence[Delta]) -> Preview:
    """What `apply` would change, and what would keep it from doing so."""
    now = await tree_now(target)
    merged = await merged_in_turn(target.git, now, deltas)
    return Preview(await changeset(target, now, merged.tree), merged.conflicts)


async def apply(target: Checkout, agent: str, deltas: Sequence[Delta], reason: str) -> Applied:
    """Merge `deltas`, one after the other, into the files of `target`.

    Files that no delta touches, untracked files among them, are left alone, and so is the index.
    Raises `Conflicted` with files and lines, `NothingToDo` when the files are so already,
    `ChangedMeanwhile` and `StorageFull`; nothing was changed then.
    """
    for attempt in range(ATTEMPTS):
        try:
            return await _apply(target, agent, deltas, reason)
        except ChangedMeanwhile as error:
            # An agent at work may write between our look and our write; look again.
            if attempt + 1 == ATTEMPTS or "in the way" in error.message:
                raise
    raise AssertionError("the last attempt returns or raises")


async def applied_at(checkout: Checkout, ref: str) -> Applied:
    """What `apply` did that a ref names, in any working tree of the repository."""
    found = await kept_at(checkout, ref)
    if found is None or found.purpose != PURPOSE:
        raise UnknownRevision(
            f"{ref} names nothing that can be undone.",
            advice="Undo a revert or an accepted change.",
        )
    return await _applied(checkout, found)


async def undo(checkout: Checkout, agent: str, done: Applied) -> Applied:
    """Take back what `apply` did, where it did it, leaving alone what was edited since.

    `checkout` is any working tree of the repository. Can be undone as well.
    """
    if not done.root.is_dir():
        lists = remedy("athena.rescue.list")
        raise UnknownRevision(
            f"{done.root}, where that was done, is gone.",
            advice=f"{lists} lists what was kept of it.",
            remedies=[lists],
        )
    target = await at_worktree(checkout, done.root)
    back = Delta(base=done.after, theirs=done.before)
    return await apply(target, agent, [back], f"undo of {done.reason}")


async def applications(checkout: Checkout, agent: str | None = None) -> tuple[Applied, ...]:
    """What was applied and can be undone, the oldest first."""
    return tuple([await _applied(checkout, k) for k in await kept(checkout, agent, PURPOSE)])


async def merged_in_turn(git: Git, now: str, deltas: Sequence[Delta]) -> Merged:
    """Merge deltas into a tree, up to the first conflict."""
    tree = now
    for delta in deltas:
        base, theirs = await _trees(git, delta)
        merged = await merge_trees(git, base, tree, theirs)
        if not merged.clean:
            return merged
        tree = merged.tree
    return Merged(tree, ())


async def _apply(target: Checkout, agent: str, deltas: Sequence[Delta], reason: str) -> Applied:
    async with snapshot(target) as taken:
        merged = await merged_in_turn(target.git, taken.tree, deltas)
        if not merged.clean:
            raise Conflicted(
                f"It cannot be done ({reason})",
                merged.conflicts,
                advice="Others edited the same lines; change those places by hand.",
            )
        if merged.tree == taken.tree:
            raise NothingToDo(f"The files are so already ({reason}).")
        rescue = await record(target, agent, reason, taken)
        done = await keep(
            target,
            agent,
            PURPOSE,
            merged.tree,
            [rescue.commit],
            f"Applied by {agent}: {reason}",
            {REASON: reason, RESCUE: rescue.ref},
        )
        try:
            await switch(target, taken, merged.tree)
        except WorktreeError:
            await forget(target, [done])
            raise
    return await _applied(target, done)


async def _trees(git: Git, delta: Delta) -> tuple[str, str]:
    output = await git.run("rev-parse", f"{delta.base}^{{tree}}", f"{delta.theirs}^{{tree}}")
    base, theirs = output.text.split("\n")
    return base, theirs


async def _applied(checkout: Checkout, k: Kept) -> Applied:
    before = await rescue_at(checkout, k.facts.get(RESCUE, ""))
    return Applied(
        ref=k.ref,
        root=before.root,
        rescue=before.ref,
        before=before.commit,
        after=k.tree,
        reason=k.facts.get(REASON, ""),
    )
