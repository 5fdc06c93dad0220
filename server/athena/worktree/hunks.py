"""Reading patches of git into hunks whose ids stay the same while other hunks come and go. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
CONTEXT = 3
NO_NEWLINE = b"\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Hunk:
    """One run of changed lines, without context.

    `old_start` and `new_start` count from 1; where `old_lines` or `new_lines` is 0, they name the
    line before the place, as in a patch. Lines keep their ends; the last one of a file may have
    none. They are empty when the file was too large to show (`FileHunks.large`). `section` is the
    function or heading around the hunk, as git finds it.
    """

    id: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    removed: tuple[bytes, ...]
    added: tuple[bytes, ...]
    section: str

    @property
    def old_from(self) -> int:
        """The index, from 0, of the first old line that the hunk replaces."""
        return self.old_start - 1 if self.old_lines else self.old_start

    @property
    def new_from(self) -> int:
        """The index, from 0, of the first new line of the hunk."""
        return self.new_start - 1 if self.new_lines else self.new_start


@dataclass(slots=True)
class Run:
    """A run of changes while a patch is read; positions count from 0."""

    old_from: int
    new_from: int
    removed: list[bytes]
    added: list[bytes]
    section: bytes
    # Where the run is among the old lines that the patch shows around it.
    shown_from: int
    shown: list[bytes]


def read_patch(key: str, patch: Iterable[bytes]) -> tuple[Hunk, ...]:
    """The hunks of the patch of one file, made with three lines of context.

    `key` names the file; it is part of the ids. An id is a hash of the changed lines and of the
    old lines around them, so it depends neither on line numbers nor on other hunks. Equal hunks
    of a file are told apart by their order.
    """
    seen: dict[str, int] = {}
    found: list[Hunk] = []
    for run in _runs(patch):
        before = run.shown[max(0, run.shown_from - CONTEXT) : run.shown_from]
        end = run.shown_from + len(run.removed)
        digest = _digest(key, (before, run.removed, run.added, run.shown[end : end + CONTEXT]))
        seen[digest] = seen.get(digest, 0) + 1
        number = seen[digest]
        found.append(_hunk(run, digest if number == 1 else f"{digest}-{number}"))
    return tuple(found)


def choose(old: Sequence[bytes], hunks: Iterable[Hunk]) -> bytes:
    """The old lines with some of the hunks applied."""
    built: list[bytes] = []
    at = 0
    for hunk in sorted(hunks, key=lambda h: h.old_from):
        built += old[at : hunk.old_from]
        built += hunk.added
        at = hunk.old_from + hunk.old_lines
    built += old[at:]
    return _joined(built)


def _joined(lines: Sequence[bytes]) -> bytes:
    # A last line without its end may come to stand before other lines.
    whole = [line if line.endswith(b"\n") else line + b"\n" for line in lines[:-1]]
    return b"".join([*whole, *lines[-1:]])


def _runs(patch: Iterable[bytes]) -> Iterator[Run]:
    pending: list[Run] = []
    run: Run | None = None
    shown: list[bytes] = []
    old = new = 0
    section = b""
    last: list[bytes] | None = None
    for line in patch:
        if line.startswith(b"@@"):
            yield from pending
            pending, shown, run, last = [], [], None, None
            match = HEADER.match(line)
            assert match is not None, line
            # A count of 0 names the line before; the first context line would be the next one.
            old = int(match[1]) - (match[2] != b"0")
            new = int(match[3]) - (match[4] != b"0")
            section = match[5].rstrip(b"\r\n")
            continue
        sign, content = line[:1], line[1:]
        if sign == b" ":
            run = None
            shown.append(content)
            last = shown
            old, new = old + 1, new + 1
        elif sign in (b"-", b"+"):
            if run is None:
                run = Run(old, new, [], [], section, len(shown), shown)
                pending.append(run)
            if sign == b"-":
                shown.append(content)
                run.removed.append(content)
                last = run.removed
                old += 1
            else:
                run.added.append(content)
                last = run.added
                new += 1
        elif line.startswith(b"\\") and last:
            last[-1] = last[-1].removesuffix(b"\n")
    yield from pending


def _hunk(run: Run, id: str) -> Hunk:
    return Hunk(
        id=id,
        old_start=run.old_from + 1 if run.removed else run.old_from,
        old_lines=len(run.removed),
        new_start=run.new_from + 1 if run.added else run.new_from,
        new_lines=len(run.added),
        removed=tuple(run.removed),
        added=tuple(run.added),
        section=run.section.decode("utf-8", "replace"),
    )


def _digest(key: str, parts: Iterable[Sequence[bytes]]) -> str:
    hashed = hashlib.sha256(key.encode("utf-8", "surrogateescape"))
    for part in parts:
        hashed.update(b"\0%d\0" % len(part))
        for line in part:
            hashed.update(line if line.endswith(b"\n") else line + b"\0")
    return hashed.hexdigest()[:16]
