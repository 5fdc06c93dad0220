"""Giving a worktree the files of a tree, some of which are not committed there."""

from __future__ import annotations

from athena.worktree.repository import Checkout


async def fill(checkout: Checkout, tree: str, index: str | None) -> None:
    """Make the files those of `tree`, and the index the tree-ish `index`; None: an empty index."""
    git = checkout.git
    await git.run("read-tree", "--reset", "-u", tree)
    await git.run("read-tree", *([index] if index else ["--empty"]))
    await git.run("update-index", "-q", "--refresh", codes=(0, 1))
