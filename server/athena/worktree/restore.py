"""Bringing rescued work back as a worktree: commits, staged, dirty and untracked files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from athena.worktree import unfinished
from athena.worktree.create import own
from athena.worktree.errors import LocationTaken, WorktreeError
from athena.worktree.fill import fill
from athena.worktree.git import Git, patiently
from athena.worktree.nested import bring_back
from athena.worktree.repository import Checkout, at_worktree, worktrees
from athena.worktree.rescue import Rescue
from athena.worktree.standing import HAZARDS
from athena.worktree.submodules import fill_submodules
from athena.worktree.vanished import remove_vanished


@dataclass(frozen=True, slots=True)
class Restored:
    """Work brought back. `notes` say in words what is not as it was."""

    checkout: Checkout
    branch: str | None
    notes: tuple[str, ...]


async def restore(checkout: Checkout, rescue: Rescue, root: Path | None = None) -> Restored:
    """Make a worktree that is as the rescued one was.

    It is made at `root`, or where it was. Its branch is checked out again where nothing else has
    it and it did not move on; otherwise HEAD is detached at the old commit. Ignored files are
    not brought back. Raises `LocationTaken` when something is there already.
    """
    root = root or rescue.root
    if not root.is_absolute():
        raise LocationTaken(
            f"{rescue.ref} does not say where it was.", advice="Give a folder to restore to."
        )
    # A git that was killed in `worktree add` leaves a HEAD that names nothing, on which
    # `git rev-list --all` and `git gc` fail until that worktree is gone.
    await unfinished.take_back(checkout, rescue.agent)
    if root.exists() and any(root.iterdir()):
        raise LocationTaken(f"{root} is not empty.", advice="Give another folder to restore to.")
    for listed in await worktrees(checkout):
        # Making a worktree there again overwrites what git has of the one that vanished.
        if listed.root == root and listed.vanished is not None:
            await remove_vanished(checkout, rescue.agent, listed, force=HAZARDS)
    notes: list[str] = []
    common = Git(checkout.common_dir, checkout.environ)
    branch, args = await _branch(checkout, common, rescue, notes)
    start = branch or rescue.head or rescue.commit
    unfinished.begin(checkout, rescue.agent, root, branch or "", None)
    await patiently(
        lambda: common.run("worktree", "add", "--force", "--no-checkout", *args, str(root), start)
    )
    restored = await at_worktree(checkout, root)
    try:
        index = rescue.staged or rescue.head
        await fill(restored, rescue.tree, f"{index}^{{tree}}" if index else None)
        own(restored, rescue.agent, rescue.head or rescue.commit)
        notes += [await bring_back(restored, nested) for nested in rescue.nested]
        notes += await fill_submodules(checkout, restored, None)
    except WorktreeError:
        await common.run("worktree", "remove", "--force", "--force", str(root))
        unfinished.done(checkout, rescue.agent)
        raise
    unfinished.done(checkout, rescue.agent)
    return Restored(restored, branch, tuple(notes))


async def _branch(
    checkout: Checkout, common: Git, rescue: Rescue, notes: list[str]
) -> tuple[str | None, list[str]]:
    """The branch to check out, and the arguments of `git worktree add` for it."""
    if rescue.branch is None or rescue.head is None:
        if rescue.head is None:
            notes.append("it had no commit; HEAD is detached at the rescued work")
        return None, ["--detach"]
    name = rescue.branch
    found = await common.run(
        "rev-parse", "--verify", "-q", f"refs/heads/{name}^{{commit}}", codes=(0, 1)
    )
    if found.code != 0:
        await common.run("update-ref", f"refs/heads/{name}", rescue.head, "0" * len(rescue.head))
        notes.append(f"the branch {name} was made again")
    elif found.text != rescue.head:
        notes.append(f"the branch {name} moved on, so HEAD is detached at the old commit")
        return None, ["--detach"]
    elif any(w.branch == name and w.vanished is None for w in await worktrees(checkout)):
        notes.append(f"the branch {name} is checked out elsewhere, so HEAD is detached")
        return None, ["--detach"]
    return name, ["--no-guess-remote"]
