"""Rescued work: what a working tree held before Athena removed, reverted or reset something.

A rescue is a commit under `refs/athena/<agent>/rescue/`. Its tree is the whole working tree; its
parents are HEAD, what was staged, the heads of a merge or rebase in progress, and, before a
removal, the commits that only the log of the worktree's HEAD still knew.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from athena.protocol.remedies import remedy
from athena.worktree.errors import UnknownRevision
from athena.worktree.git import Git
from athena.worktree.objects import Entry, commit_tree, put, scratch_index
from athena.worktree.paths import from_wire, to_wire
from athena.worktree.refs import Kept, keep, kept, kept_at
from athena.worktree.repository import Checkout, commit_of, head
from athena.worktree.snapshot import Snapshot, snapshot, staged_into

PURPOSE = "rescue"
CHECKPOINT = "checkpoint"
REASON = "Athena-Reason"
ROOT = "Athena-Worktree"
BRANCH = "Athena-Branch"
HEAD = "Athena-Head"
INDEX = "Athena-Index"
NESTED = "Athena-Nested"
# Heads of operations in progress, which no ref under refs/ names.
PSEUDO_HEADS = (
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "ORIG_HEAD",
    "MERGE_AUTOSTASH",
)
# The same, in files that hold the bare name of a commit.
COMMIT_FILES = ("rebase-merge/autostash", "rebase-apply/autostash")


@dataclass(frozen=True, slots=True)
class Nested:
    """A repository inside the working tree whose refs were all copied below `refs`."""

    path: str
    refs: str


@dataclass(frozen=True, slots=True)
class Rescue:
    """Work that can be brought back. `staged` is the commit of the index, where it said more."""

    ref: str
    agent: str
    commit: str
    tree: str
    reason: str
    root: Path
    branch: str | None
    head: str | None
    staged: str | None
    time: datetime
    nested: tuple[Nested, ...]


async def capture(checkout: Checkout, agent: str, reason: str) -> Rescue:
    """Keep the working tree as it is now; nothing of it is touched."""
    async with snapshot(checkout) as taken:
        return await record(checkout, agent, reason, taken)


async def record(
    checkout: Checkout,
    agent: str,
    reason: str,
    taken: Snapshot,
    *,
    also: Sequence[str] = (),
    nested: Sequence[Nested] = (),
) -> Rescue:
    """Keep a snapshot, what is staged, every head in progress and the commits `also`."""
    at = await head(checkout)
    staged = await _staged(checkout, at.commit, taken)
    parents = [at.commit, staged, *await _pseudo_heads(checkout), *also]
    made = await keep(
        checkout,
        agent,
        PURPOSE,
        taken.tree,
        [parent for parent in parents if parent],
        f"Work of {agent} before: {reason}",
        {
            REASON: reason,
            ROOT: to_wire(str(checkout.root)),
            BRANCH: at.branch,
            HEAD: at.commit,
            INDEX: staged,
            **told_nested(nested),
        },
    )
    return rescue_of(made)


def told_nested(nested: Sequence[Nested]) -> dict[str, str]:
    """The trailers that name the repositories inside."""
    return {f"{NESTED}-{i}": f"{n.refs} {to_wire(n.path)}" for i, n in enumerate(nested)}


async def rescues(checkout: Checkout, agent: str | None = None) -> tuple[Rescue, ...]:
    """All rescued work of one agent, or of all, the oldest first."""
    return tuple(rescue_of(k) for k in await kept(checkout, agent, PURPOSE))


async def restorable(checkout: Checkout, agent: str | None = None) -> tuple[Rescue, ...]:
    """The same with the checkpoints, which can be brought back like it."""
    found = await kept(checkout, agent)
    return tuple(rescue_of(k) for k in found if k.purpose in (PURPOSE, CHECKPOINT))


async def rescue_at(checkout: Checkout, ref: str) -> Rescue:
    """The rescue, or checkpoint, that a ref names. Raises `UnknownRevision`."""
    found = await kept_at(checkout, ref)
    if found is None or found.purpose not in (PURPOSE, CHECKPOINT):
        lists = remedy("athena.rescue.list"), remedy("athena.checkpoint.list")
        raise UnknownRevision(
            f"{ref} keeps no captured work of {checkout.repository_root}.",
            advice=f"{lists[0]} and {lists[1]} list what there is.",
            remedies=lists,
        )
    return rescue_of(found)


def rescue_of(k: Kept) -> Rescue:
    """A kept commit read as a rescue; a checkpoint's HEAD is its first parent."""
    nested = [value.partition(" ") for key, value in k.facts.items() if key.startswith(NESTED)]
    return Rescue(
        ref=k.ref,
        agent=k.agent,
        commit=k.commit,
        tree=k.tree,
        reason=k.facts.get(REASON, "") if k.purpose == PURPOSE else "a checkpoint",
        root=Path(from_wire(k.facts.get(ROOT, ""))),
        branch=k.facts.get(BRANCH),
        head=next(iter(k.parents), None) if k.purpose == CHECKPOINT else k.facts.get(HEAD),
        staged=k.facts.get(INDEX),
        time=k.time,
        nested=tuple(Nested(from_wire(path), refs) for refs, _, path in nested),
    )


async def _staged(checkout: Checkout, at: str | None, taken: Snapshot) -> str | None:
    """The index as a commit, where it is neither HEAD nor the working tree."""
    if taken.index_damaged:
        return None
    async with scratch_index(checkout) as git:
        assert git.index is not None
        if not staged_into(checkout, git.index):
            return None
        await _resolve_stages(git)
        tree = await git.text("write-tree")
        known = await git.text("rev-parse", f"{at}^{{tree}}") if at else None
        if tree in (taken.tree, known):
            return None
        return await commit_tree(git, tree, [at] if at else [], "What was staged\n")


async def _resolve_stages(git: Git) -> None:
    """Give the versions of a conflict, which a tree cannot hold under one path, a path each."""
    output = await git.run("ls-files", "--unmerged", "-z")
    changes: list[Entry] = []
    for entry in output.records:
        meta, _, path = entry.partition("\t")
        mode, oid, stage = meta.split(" ")
        changes += [Entry("0", "", path), Entry(mode, oid, f"{path}.stage-{stage}")]
    await put(git, changes)


async def _pseudo_heads(checkout: Checkout) -> list[str]:
    names = [name for name in PSEUDO_HEADS if (checkout.git_dir / name).exists()]
    for file in COMMIT_FILES:
        with suppress(OSError):
            names.append((checkout.git_dir / file).read_text().strip())
    found: list[str] = []
    for name in names:
        with suppress(UnknownRevision):
            found.append(await commit_of(checkout, name))
    return found
