"""Comparing many pairs of blobs with one git: two trees are made, one entry for each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from athena.worktree.git import Git
from athena.worktree.hunks import HEADER
from athena.worktree.lines import Change, split

ABSENT = "000000"
PLAIN = "100644"
PAIRS_AT_ONCE = 500

DIFF = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--full-index",
)


@dataclass(frozen=True, slots=True)
class Side:
    """A file on one side of a pair; with the mode ABSENT it is not there."""

    mode: str
    oid: str


@dataclass(frozen=True, slots=True)
class LineChange:
    """Lines that changed between two blobs, and a hash of what was put in."""

    change: Change
    added: int


async def patches(git: Git, pairs: Sequence[tuple[Side, Side]], *args: str) -> list[list[bytes]]:
    """The lines of the patch of each pair from its first hunk on; none where nothing differs."""
    found: list[list[bytes]] = []
    for at in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[at : at + PAIRS_AT_ONCE]
        old = await _numbered(git, (old for old, _ in some))
        new = await _numbered(git, (new for _, new in some))
        output = await git.run("diff-tree", "-p", "--no-renames", *DIFF, *args, old, new)
        by_number = _by_number(output.stdout)
        found += [by_number.get(number, []) for number in range(len(some))]
    return found


async def line_changes(git: Git, pairs: Sequence[tuple[str, str]]) -> list[tuple[LineChange, ...]]:
    """What changed between the blobs of each pair; nothing for binary ones."""
    sides = [(Side(PLAIN, old), Side(PLAIN, new)) for old, new in pairs]
    return [tuple(_line_changes(patch)) for patch in await patches(git, sides, "-U0")]


def _line_changes(patch: Iterable[bytes]) -> Iterator[LineChange]:
    change: Change | None = None
    added: list[bytes] = []
    for line in patch:
        if line.startswith(b"@@"):
            if change is not None:
                yield LineChange(change, hash(b"".join(added)))
            change, added = _change(line), []
        elif line.startswith(b"+"):
            added.append(line)
    if change is not None:
        yield LineChange(change, hash(b"".join(added)))


def _change(header: bytes) -> Change:
    match = HEADER.match(header)
    assert match is not None, header
    old_lines = 1 if match[2] is None else int(match[2])
    new_lines = 1 if match[4] is None else int(match[4])
    # A count of 0 comes with the number of the line before the place.
    old = int(match[1]) - (old_lines > 0)
    new = int(match[3]) - (new_lines > 0)
    return Change(old, old + old_lines, new, new + new_lines)


async def _numbered(git: Git, sides: Iterable[Side]) -> str:
    lines = [
        f"{side.mode} blob {side.oid}\t{number:06d}\0"
        for number, side in enumerate(sides)
        if side.mode != ABSENT
    ]
    return await git.text("mktree", "-z", stdin="".join(lines).encode())


def _by_number(output: bytes) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    lines: list[bytes] = []
    started = False
    for line in split(output):
        if line.startswith(b"diff --git "):
            lines = found.setdefault(int(line.rstrip()[-6:]), [])
            started = False
        elif started or line.startswith(b"@@"):
            started = True
            lines.append(line)
    return found
