"""Steps by which work came into another tree, each kept as a commit whose first parent was before.

Accepted changes and merges keep such a commit already. What an editor takes into its own text,
saved or not, is kept here in the same form, with just the files that were edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from athena.worktree.git import encode
from athena.worktree.objects import Entry, empty_tree, passing_commit, tree_with, write_blob
from athena.worktree.refs import Kept, keep
from athena.worktree.repository import Checkout

PURPOSE = "taken"
FILE = "100644"


@dataclass(frozen=True, slots=True)
class Edited:
    """A file of an editor before and after its text was edited."""

    path: str
    before: str
    after: str


async def keep_edited(checkout: Checkout, agent: str, edited: Sequence[Edited]) -> Kept:
    """Keep what an editor took from an agent."""
    before = await _tree(checkout, [(each.path, each.before) for each in edited])
    after = await _tree(checkout, [(each.path, each.after) for each in edited])
    parent = await passing_commit(checkout.git, before, [])
    names = ", ".join(each.path for each in edited)
    return await keep(checkout, agent, PURPOSE, after, [parent], f"Taken from {agent}: {names}", {})


async def _tree(checkout: Checkout, texts: Sequence[tuple[str, str]]) -> str:
    entries = [
        Entry(FILE, await write_blob(checkout.git, encode(text)), path) for path, text in texts
    ]
    return await tree_with(checkout, await empty_tree(checkout.git), entries)
