"""Whether a version of Node is one that a package asks for (`engines`, in npm's notation)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Version = tuple[int, ...]

_SIGN = re.compile(r"(>=|<=|[<>=^~])\s+")
_COMPARATOR = re.compile(r"(>=|<=|[<>=^~]?)v?(\d+(?:\.\d+){0,2})(?:\.[x*])*(?:-\S+)?")


def fits(version: Version, wanted: str) -> bool | None:
    """Whether the version is in the range; `None` for a range in a notation that is not known."""
    try:
        return any(_all(version, part) for part in wanted.split("||"))
    except ValueError:
        return None


def _all(version: Version, part: str) -> bool:
    words = _SIGN.sub(r"\1", part).split()
    found = [_one(version, word) for word in words]
    return False not in found


def _one(version: Version, word: str) -> bool:
    if word in ("*", "x"):
        return True
    found = _COMPARATOR.fullmatch(word)
    if found is None:
        raise ValueError(word)
    limit = tuple(int(number) for number in found[2].split("."))
    return _COMPARE[found[1]](version, limit)


def _same(version: Version, limit: Version) -> bool:
    return version[: len(limit)] == limit


_COMPARE: Mapping[str, Callable[[Version, Version], bool]] = {
    "": _same,
    "=": _same,
    ">=": lambda version, limit: version >= limit,
    ">": lambda version, limit: version[: len(limit)] > limit,
    "<": lambda version, limit: version < limit,
    "<=": lambda version, limit: version[: len(limit)] <= limit,
    "^": lambda version, limit: version >= limit and version[0] == limit[0],
    "~": lambda version, limit: version >= limit and version[:2][: len(limit)] == limit[:2],
}
