"""Claiming a branch name and a folder that nothing else has, for a new worktree."""

from __future__ import annotations

from pathlib import Path

from athena.worktree.errors import BranchTaken, LocationTaken
from athena.worktree.names import checked_branch, location_from
from athena.worktree.repository import Checkout, branch_held_by_rebase, worktrees

MOST_ALIKE = 1000


async def given_branch(source: Checkout, name: str) -> bool:
    """Whether the branch that the user named exists. Raises when it cannot be checked out."""
    checked_branch(name)
    known = await _branches(source)
    await _need_not_in_use(source, name)
    _need_no_parent(name, known)
    return name in known


async def new_branch(source: Checkout, name: str) -> str:
    """`name`, with a number behind it if it is taken."""
    known = await _branches(source)
    _need_no_parent(name, known)
    for number in range(1, MOST_ALIKE):
        candidate = name if number == 1 else f"{name}-{number}"
        below = any(other.startswith(f"{candidate}/") for other in known)
        if candidate not in known and not below:
            return candidate
    raise BranchTaken(f"{name!r} and many like it exist.", advice="Give the agent another name.")


async def free_location(source: Checkout, template: str, name: str, main: Path) -> Path:
    """The folder that the template gives, with a number behind it if something is there.

    Where a worktree was whose folder vanished, git would refuse another one: what is left of the
    first can still be rescued.
    """
    wanted = location_from(template, name=name, repository=main)
    known = {listed.root for listed in await worktrees(source)}
    for number in range(1, MOST_ALIKE):
        root = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        free = not root.exists() or (root.is_dir() and not any(root.iterdir()))
        if free and root not in known:
            return root
    raise LocationTaken(
        f"{wanted} and many like it exist.", advice="Clean up, or give the agent another name."
    )


async def _branches(source: Checkout) -> set[str]:
    listing = await source.git.text("for-each-ref", "--format=%(refname)", "refs/heads/")
    return {ref.removeprefix("refs/heads/") for ref in listing.split("\n") if ref}


def _need_no_parent(name: str, known: set[str]) -> None:
    parts = name.split("/")
    for depth in range(1, len(parts)):
        parent = "/".join(parts[:depth])
        if parent in known:
            raise BranchTaken(
                f"The branch {parent!r} exists, so git cannot have {name!r} beside it.",
                advice="Choose another branch template or name.",
            )


async def _need_not_in_use(source: Checkout, name: str) -> None:
    for listed in await worktrees(source):
        if listed.branch == name and listed.vanished is None:
            raise BranchTaken(
                f"The branch {name!r} is checked out in {listed.root}.",
                advice="Use that worktree, or another branch.",
            )
    for git_dir in [source.common_dir, *(source.common_dir / "worktrees").glob("*")]:
        if branch_held_by_rebase(git_dir) == name:
            raise BranchTaken(
                f"The branch {name!r} is being rebased.", advice="Finish the rebase first."
            )
