"""The name that a file had before it was moved in the working tree, committed or not."""

from __future__ import annotations

from athena.worktree.git import Git, decode
from athena.worktree.repository import Checkout
from athena.worktree.snapshot import tree_now


async def former_name(checkout: Checkout, tree: str, path: str) -> str | None:
    """What a tree or commit calls the file that is `path` on disk now; None for a new one."""
    return await renamed_from(checkout.git, tree, await tree_now(checkout), path)


async def renamed_from(git: Git, old: str, new: str, path: str) -> str | None:
    """What `path` was called in the tree before; None when it was not renamed from another."""
    output = await git.run(
        "diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status", old, new
    )
    fields = output.stdout.split(b"\0")
    for _, before, after in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if decode(after) == path:
            return decode(before)
    return None
