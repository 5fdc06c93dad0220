"""Which of many files a person means by a few letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from heapq import nsmallest

Rank = tuple[int, int, str]


def found(paths: Iterable[str], letters: str, most: int) -> list[str]:
    """The best fitting paths, best first: those whose letters come in this order.

    A name that begins with the letters goes before one that holds them, that before a folder that
    does, and that before letters that are scattered; shorter paths go first. Case does not count.
    """
    wanted = letters.casefold()
    # Each letter is taken where it comes first, as an atomic group gives nothing back: no other
    # choice could find more, and to try them all takes time without end.
    scattered = re.compile("".join(f"(?>.*?{re.escape(c)})" for c in wanted), re.DOTALL)
    ranked = (rank for path in paths if (rank := _rank(path, wanted, scattered)) is not None)
    return [path for _, _, path in nsmallest(most, ranked)]


def _rank(path: str, wanted: str, scattered: re.Pattern[str]) -> Rank | None:
    folded = path.casefold()
    if not scattered.match(folded):
        return None
    name = folded.rpartition("/")[2]
    if name.startswith(wanted):
        kind = 0
    elif wanted in name:
        kind = 1
    elif wanted in folded:
        kind = 2
    elif scattered.match(name):
        kind = 3
    else:
        kind = 4
    return kind, len(path), path
