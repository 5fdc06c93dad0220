"""Who wrote a line: the turn whose checkpoints show it appear, under edits not yet saved too.

The history of a file is followed from tree to tree, through renames, and remembered: a new turn
costs one comparison, and a hover only that of the last version with the text in the editor.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from athena.worktree.blobdiff import line_changes
from athena.worktree.lines import Change, changes, split, without_ends
from athena.worktree.moved import renamed_from
from athena.worktree.objects import blob_ids, blobs
from athena.worktree.repository import Checkout

T = TypeVar("T")
Kind = Literal["turn", "between", "before", "since"]
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn and its checkpoints: trees or commits of its start and of its end."""

    id: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a line comes from.

    "turn": that turn wrote it. "between": someone did after the turn (not the agent). "before":
    it is older than the first turn. "since": it came after the last turn, saved or not.
    """

    kind: Kind
    turn: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of each line of a text, in order."""

    lines: tuple[Origin, ...]

    def line(self, number: int) -> Origin:
        """The origin of a line, counted from 1."""
        return self.lines[number - 1]


BEFORE = Origin("before")
SINCE = Origin("since")


@dataclass(slots=True)
class Known:
    """The last version of a file that was followed, and the origins of its lines."""

    steps: tuple[tuple[str, str, Origin], ...]
    blob: str | None
    lines: list[bytes]
    origins: list[Origin]
    asked: tuple[int, Provenance] | None = None


@dataclass(slots=True)
class LineHistory:
    """Remembers the line origins of the files asked for last. For one task at a time."""

    checkout: Checkout
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict[str, Known])

    async def origins(self, turns: Sequence[Turn], path: str, text: str | bytes) -> Provenance:
        """The origins of the lines of `text`, which is the file `path` now, as a buffer has it.

        `turns` are those of the worktree, from old to new.
        """
        known = await self.follow(turns, path)
        content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        key = hash(content)
        if known.asked is None or known.asked[0] != key:
            new = without_ends(split(content))
            after = carried(known.origins, changes(known.lines, new), SINCE)
            known.asked = (key, Provenance(tuple(after)))
        return known.asked[1]

    async def follow(self, turns: Sequence[Turn], path: str) -> Known:
        """Take note of new turns; also worth doing when a turn ends, before anyone asks."""
        steps = _steps(turns)
        known = self._known.get(path)
        if known is None or known.steps != steps:
            grown = known is not None and known.steps == steps[: len(known.steps)]
            after = await self._extended(known, steps, path) if known and grown else None
            known = after or await self._from_first(steps, path)
            self._known[path] = known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(path)
        return known

    async def _extended(
        self, known: Known, steps: Sequence[tuple[str, str, Origin]], path: str
    ) -> Known | None:
        """`known` after some more steps; None when the file came or went in them."""
        fresh = steps[len(known.steps) :]
        oids = await blob_ids(self.checkout.git, [(new, path) for _, new, _ in fresh])
        if known.blob is None or None in oids:
            return None
        chain = [known.blob, *(oid for oid in oids if oid is not None)]
        origins = await self._carried(known.origins, chain, [origin for *_, origin in fresh])
        return await self._at(tuple(steps), chain[-1], origins)

    async def _from_first(self, steps: Sequence[tuple[str, str, Origin]], path: str) -> Known:
        trees = [steps[0][0], *(new for _, new, _ in steps)] if steps else []
        chain, first = await self._versions(trees, path)
        if not chain:
            return Known(tuple(steps), None, [], [])
        begin = BEFORE if first == 0 else steps[first - 1][2]
        (content,) = await blobs(self.checkout.git, chain[:1])
        origins = [begin] * len(split(content or b""))
        origins = await self._carried(origins, chain, [origin for *_, origin in steps[first:]])
        return await self._at(tuple(steps), chain[-1], origins)

    async def _versions(self, trees: Sequence[str], path: str) -> tuple[list[str], int]:
        """The blobs of the file from its first tree on, under the names it had; and which tree."""
        git = self.checkout.git
        chain: list[str] = []
        end, name = len(trees), path
        while end:
            oids = await blob_ids(git, [(tree, name) for tree in trees[:end]])
            start = end
            while start and (oid := oids[start - 1]) is not None:
                chain.append(oid)
                start -= 1
            if start in (0, end):
                return chain[::-1], start
            former = await renamed_from(git, trees[start - 1], trees[start], name)
            if former is None:
                return chain[::-1], start
            end, name = start, former
        return chain[::-1], 0

    async def _carried(
        self, origins: list[Origin], chain: Sequence[str], by: Sequence[Origin]
    ) -> list[Origin]:
        links = list(zip(chain, chain[1:], by, strict=False))
        changed = [(old, new) for old, new, _ in links if old != new]
        found = dict(zip(changed, await line_changes(self.checkout.git, changed), strict=True))
        for old, new, origin in links:
            if old != new:
                made = [line.change for line in found[old, new]]
                origins = carried(origins, made, origin)
        return origins

    async def _at(
        self, steps: tuple[tuple[str, str, Origin], ...], blob: str, origins: list[Origin]
    ) -> Known:
        (content,) = await blobs(self.checkout.git, [blob])
        lines = without_ends(split(content or b""))
        # A binary version has no changes by line; what came of it is the newest origin.
        if len(lines) != len(origins):
            origins = [steps[-1][2]] * len(lines)
        return Known(steps, blob, lines, origins)


def carried(origins: Sequence[T], made: Sequence[Change], origin: T) -> list[T]:
    """The origins of the lines after some changes that `origin` made. Pure."""
    after: list[T] = []
    at = 0
    for change in made:
        after += origins[at : change.old_start]
        after += [origin] * (change.new_end - change.new_start)
        at = change.old_end
    after += origins[at:]
    return after


def _steps(turns: Sequence[Turn]) -> tuple[tuple[str, str, Origin], ...]:
    """From tree to tree: each turn, and what others did between it and the one before."""
    found: list[tuple[str, str, Origin]] = []
    last: Turn | None = None
    for turn in turns:
        if last is not None:
            found.append((last.end, turn.start, Origin("between", last.id)))
        found.append((turn.start, turn.end, Origin("turn", turn.id)))
        last = turn
    return tuple(found)
