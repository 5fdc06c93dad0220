"""Giving a worktree the files of a tree, some of which are not committed there."""

from __future__ import annotations

from athena.worktree.repository import Checkout


async def fill(checkout: Checkout, tree: str, index: str | None) -> None:
    """Make the files those of `tree`, and the index the tree-ish `index`; None: an empty index."""
    await take_files(checkout, tree)
    await take_index(checkout, index)


async def take_files(checkout: Checkout, tree: str) -> None:
    """Make the files, and for now the index, those of `tree`."""
    await checkout.git.run("read-tree", "--reset", "-u", tree)


async def take_index(checkout: Checkout, index: str | None) -> None:
    """Make the index the tree-ish `index`, and leave the files alone; None: an empty index."""
    await checkout.git.run("read-tree", *([index] if index else ["--empty"]))
    await checkout.git.run("update-index", "-q", "--refresh", codes=(0, 1))
