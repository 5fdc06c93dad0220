"""Where two live worktrees changed the same files and lines, and whether a merge would conflict.

Everything is remembered by the hashes it was computed from, so that a scan after one agent wrote
one file costs one comparison for each of the other worktrees that changed that file too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from athena.worktree.blobdiff import LineChange, line_changes
from athena.worktree.lines import Change
from athena.worktree.objects import passing_commit
from athena.worktree.process import together
from athena.worktree.repository import Checkout
from athena.worktree.switch import Step, steps_between
from athena.worktree.threeway import Conflict, merge_commits

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Live:
    """A worktree to compare: a name for it, the commit it began at, and its tree now."""

    name: str
    base: str
    tree: str


@dataclass(frozen=True, slots=True)
class LineRange:
    """`count` lines from `start` on, which counts from 1; no lines: the place before `start`."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Lines that both changed, where they are in each worktree."""

    a: LineRange
    b: LineRange


@dataclass(frozen=True, slots=True)
class Collision:
    """A file that the worktrees `a` and `b` both changed, each in its own way.

    No `overlaps`: they changed different lines, or the file has no lines to compare. `conflict`
    is what a merge of the two would report for the file, None where it would be clean.
    """

    a: str
    b: str
    path: str
    overlaps: tuple[Overlap, ...]
    conflict: Conflict | None


@dataclass(frozen=True, slots=True)
class Found:
    """A collision of two trees, whatever the worktrees are called."""

    path: str
    overlaps: tuple[Overlap, ...]
    conflict: Conflict | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two trees over the tree they have in common."""

    base: str
    a: str
    b: str


class CollisionScanner:
    """Compares worktrees of one repository, again and again. For one task at a time."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._bases: dict[tuple[str, str], str | None] = {}
        self._steps: dict[tuple[str, str], Mapping[str, Step]] = {}
        self._commits: dict[tuple[str, str], str] = {}
        self._lines: dict[tuple[str, str], tuple[LineChange, ...]] = {}
        self._pairs: dict[Pair, tuple[Found, ...]] = {}

    async def scan(self, live: Sequence[Live]) -> tuple[Collision, ...]:
        """All collisions among `live`, by pair and path. What is not asked again is forgotten."""
        sides = list(combinations(live, 2))
        for one, other in {(a.base, b.base) for a, b in sides} - self._bases.keys():
            self._bases[one, other] = await self._common(one, other)
        bases = [self._bases[a.base, b.base] for a, b in sides]
        pairs = [
            None if base is None else Pair(base, a.tree, b.tree)
            for base, (a, b) in zip(bases, sides, strict=True)
        ]
        await self._learn({pair for pair in pairs if pair is not None})
        self._forget({pair for pair in pairs if pair is not None})
        return tuple(
            Collision(a.name, b.name, found.path, found.overlaps, found.conflict)
            for pair, (a, b) in zip(pairs, sides, strict=True)
            if pair is not None
            for found in self._pairs.get(pair, ())
        )

    async def _learn(self, wanted: set[Pair]) -> None:
        new = wanted - self._pairs.keys()
        trees = {(pair.base, tree) for pair in new for tree in (pair.a, pair.b)}
        await _each(self._learn_steps(base, tree) for base, tree in trees - self._steps.keys())
        both = {pair: common for pair in new if (common := self._both(pair))}
        self._pairs.update((pair, ()) for pair in new - both.keys())
        await self._learn_lines(both)
        met = {(pair.base, tree) for pair in both for tree in (pair.a, pair.b)}
        await _each(self._learn_commit(base, tree) for base, tree in met - self._commits.keys())
        await _each(self._compare(pair, common) for pair, common in both.items())

    async def _common(self, one: str, other: str) -> str | None:
        """The tree that two commits have in common; None for histories without a common one."""
        commit = one
        if one != other:
            found = await self._checkout.git.run("merge-base", one, other, codes=(0, 1))
            commit = found.text
        return await self._checkout.git.text("rev-parse", f"{commit}^{{tree}}") if commit else None

    async def _learn_steps(self, base: str, tree: str) -> None:
        steps = await steps_between(self._checkout.git, base, tree)
        self._steps[base, tree] = {step.path: step for step in steps}

    async def _learn_commit(self, base: str, tree: str) -> None:
        git = self._checkout.git
        root = await passing_commit(git, base, [])
        self._commits[base, tree] = await passing_commit(git, tree, [root])

    def _both(self, pair: Pair) -> list[tuple[Step, Step]]:
        a, b = self._steps[pair.base, pair.a], self._steps[pair.base, pair.b]
        few, many = (a, b) if len(a) <= len(b) else (b, a)
        return [
            (a[path], b[path])
            for path in sorted(few)
            if path in many
            and (a[path].new_oid, a[path].new_mode) != (b[path].new_oid, b[path].new_mode)
        ]

    async def _learn_lines(self, both: Mapping[Pair, Sequence[tuple[Step, Step]]]) -> None:
        steps = {step for common in both.values() for sides in common for step in sides}
        wanted = {(s.old_oid, s.new_oid) for s in steps if _has_lines(s)} - self._lines.keys()
        pairs = sorted(wanted)
        found = await line_changes(self._checkout.git, pairs)
        self._lines.update(zip(pairs, found, strict=True))

    async def _compare(self, pair: Pair, common: Sequence[tuple[Step, Step]]) -> None:
        ours, theirs = self._commits[pair.base, pair.a], self._commits[pair.base, pair.b]
        merged = await merge_commits(self._checkout.git, ours, theirs)
        conflicts = {conflict.path: conflict for conflict in merged.conflicts}
        self._pairs[pair] = tuple(
            Found(a.path, self._overlaps(a, b), conflicts.get(a.path)) for a, b in common
        )

    def _overlaps(self, a: Step, b: Step) -> tuple[Overlap, ...]:
        mine = self._lines.get((a.old_oid, a.new_oid), ())
        yours = self._lines.get((b.old_oid, b.new_oid), ())
        return tuple(overlaps(mine, yours))

    def _forget(self, wanted: set[Pair]) -> None:
        trees = {(pair.base, tree) for pair in wanted for tree in (pair.a, pair.b)}
        self._pairs = {pair: found for pair, found in self._pairs.items() if pair in wanted}
        self._steps = {key: steps for key, steps in self._steps.items() if key in trees}
        self._commits = {key: commit for key, commit in self._commits.items() if key in trees}
        blobs = {(s.old_oid, s.new_oid) for steps in self._steps.values() for s in steps.values()}
        self._lines = {key: lines for key, lines in self._lines.items() if key in blobs}


def overlaps(a: Sequence[LineChange], b: Sequence[LineChange]) -> Iterator[Overlap]:
    """Where two lists of changes to one text touch. The same change on both sides is none. Pure.

    Changes that only adjoin count too, since git does not merge those either.
    """
    at = 0
    for mine in a:
        while at < len(b) and b[at].change.old_end < mine.change.old_start:
            at += 1
        for yours in b[at:]:
            if yours.change.old_start > mine.change.old_end:
                break
            if mine.added == yours.added and _old(mine) == _old(yours):
                continue
            yield Overlap(_range(mine.change), _range(yours.change))


def _old(change: LineChange) -> tuple[int, int]:
    return change.change.old_start, change.change.old_end


def _range(change: Change) -> LineRange:
    return LineRange(change.new_start + 1, change.new_end - change.new_start)


def _has_lines(step: Step) -> bool:
    modes = (step.old_mode, step.new_mode)
    return all(mode.startswith("100") for mode in modes)


async def _each(tasks: Iterable[Coroutine[None, None, None]]) -> None:
    """Run them all, a few at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(task: Coroutine[None, None, None]) -> None:
        async with gate:
            await task

    async with together() as group:
        for task in tasks:
            group.create_task(gated(task))
