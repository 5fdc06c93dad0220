"""Which of many files a person means by a few letters."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest

Rank = tuple[int, int, str]


def found(paths: Iterable[str], letters: str, most: int) -> list[str]:
    """The best fitting paths, best first: those whose letters come in this order.

    A name that begins with the letters goes before one that holds them, that before a folder that
    does, and that before letters that are scattered; shorter paths go first. Case does not count.
    """
    wanted = letters.casefold()
    ranked = (rank for path in paths if (rank := _rank(path, wanted)) is not None)
    return [path for _, _, path in nsmallest(most, ranked)]


def _rank(path: str, wanted: str) -> Rank | None:
    folded = path.casefold()
    name = folded.rpartition("/")[2]
    if name.startswith(wanted):
        kind = 0
    elif wanted in name:
        kind = 1
    elif wanted in folded:
        kind = 2
    elif _in_order(name, wanted):
        kind = 3
    elif _in_order(folded, wanted):
        kind = 4
    else:
        return None
    return kind, len(path), path


def _in_order(text: str, letters: str) -> bool:
    at = iter(text)
    return all(letter in at for letter in letters)
