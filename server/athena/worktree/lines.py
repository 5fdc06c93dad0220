"""Comparing two texts by lines, in memory, fast enough for each key stroke. Pure.

Equal ends are cut off, lines that occur once on both sides are anchors (Bram Cohen's patience
diff), and what is left between anchors is small enough for `difflib`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Above this product of lengths a gap without anchors counts as rewritten.
MOST_PAIRS = 250_000


@dataclass(frozen=True, slots=True)
class Change:
    """Lines [old_start, old_end) became lines [new_start, new_end); both count from 0."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def split(content: bytes) -> list[bytes]:
    """The lines with their ends; only a line feed ends a line, as in git."""
    return content.splitlines(keepends=True) if _plain(content) else _split(content)


def without_ends(lines: Sequence[bytes]) -> list[bytes]:
    """Lines as an editor and a repository may both have them, whatever their line ends are."""
    return [line.rstrip(b"\r\n") for line in lines]


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """What changed, in order; neighbours are joined."""
    found: list[Change] = []
    for change in _changes(old, new, 0, len(old), 0, len(new)):
        if found and (found[-1].old_end, found[-1].new_end) == (change.old_start, change.new_start):
            last = found.pop()
            change = Change(last.old_start, change.old_end, last.new_start, change.new_end)
        found.append(change)
    return found


def moved(line: int, made: Sequence[Change]) -> int:
    """Where an old line is in the new text; inside a change, where that change begins."""
    shift = 0
    for change in made:
        if line < change.old_start:
            break
        if line < change.old_end:
            return change.new_start
        shift = change.new_end - change.old_end
    return line + shift


def _plain(content: bytes) -> bool:
    # `bytes.splitlines` also ends a line at a lone carriage return.
    return content.count(b"\r") == content.count(b"\r\n")


def _split(content: bytes) -> list[bytes]:
    parts = content.split(b"\n")
    last = parts.pop()
    return [part + b"\n" for part in parts] + ([last] if last else [])


def _changes(
    old: Sequence[bytes], new: Sequence[bytes], i: int, i_end: int, j: int, j_end: int
) -> Iterator[Change]:
    while i < i_end and j < j_end and old[i] == new[j]:
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and old[i_end - 1] == new[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
    if i == i_end and j == j_end:
        return
    if i == i_end or j == j_end:
        yield Change(i, i_end, j, j_end)
        return
    anchors = _anchors(old, new, i, i_end, j, j_end)
    if not anchors:
        yield from _small(old, new, i, i_end, j, j_end)
        return
    for at, to in [*anchors, (i_end, j_end)]:
        # The anchor line itself is equal, and cut off by the call that follows it.
        yield from _changes(old, new, i, at, j, to)
        i, j = at, to


def _anchors(
    old: Sequence[bytes], new: Sequence[bytes], i: int, i_end: int, j: int, j_end: int
) -> list[tuple[int, int]]:
    """The longest rising run of lines that occur once on each side."""
    old_counts, new_counts = Counter(old[i:i_end]), Counter(new[j:j_end])
    places = {new[k]: k for k in range(j, j_end) if new_counts[new[k]] == 1}
    pairs = [
        (k, places[old[k]]) for k in range(i, i_end) if old_counts[old[k]] == 1 and old[k] in places
    ]
    ends: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for number, (_, to) in enumerate(pairs):
        pile = bisect_left(ends, to)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(ends):
            ends.append(to)
            piles.append(number)
        else:
            ends[pile], piles[pile] = to, number
    run: list[tuple[int, int]] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]


def _small(
    old: Sequence[bytes], new: Sequence[bytes], i: int, i_end: int, j: int, j_end: int
) -> Iterator[Change]:
    if (i_end - i) * (j_end - j) > MOST_PAIRS:
        yield Change(i, i_end, j, j_end)
        return
    matcher = SequenceMatcher(None, old[i:i_end], new[j:j_end], autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag != "equal":
            yield Change(i + a, i + a_end, j + b, j + b_end)
