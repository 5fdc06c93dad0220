"""How far a session file was read, and reading on from there.

A bookmark holds the reader's memory, and proof of the last line that was read: a harness only adds
lines, so where that line is not there any more, the file is another one than before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from athena.harness.outside import claude, codex
from athena.harness.outside.files import Kind, SessionFile, read_lines
from athena.harness.outside.reading import Dated

PORTION_BYTES = 256 * 1024
"""How much of a file is read at once: what becomes of it is committed together."""


class Reader(Protocol):
    """What reads the lines of one kind of session files. All of it is pure."""

    def begin(self, run_id: str, session_id: str, cwd: str) -> Any: ...
    def read(self, memory: Any, line: bytes) -> tuple[Any, list[Dated]]: ...
    def rest(self, memory: Any) -> tuple[Any, list[Dated]]: ...
    def close(self, memory: Any) -> tuple[Any, list[Dated]]: ...
    def dump(self, memory: Any) -> bytes: ...
    def load(self, data: bytes) -> Any: ...


READERS: dict[Kind, Reader] = {"claude": claude, "codex": codex}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place in a session file. The line that ends at `position` began at `line_at`, and its
    bytes have this `digest` (SHA-256 in hexadecimal).
    """

    harness: Kind
    position: int
    memory: str
    line_at: int = 0
    digest: str = ""


_BOOKMARK = TypeAdapter(Bookmark)


@dataclass(frozen=True, slots=True)
class Portion:
    """What was read, and the place after it. `at_end`: there is no whole line after it now."""

    bookmark: Bookmark
    events: tuple[Dated, ...]
    at_end: bool


class Replaced(Exception):
    """The file does not go on from where it was read: it was cut, or is another one."""


def begin(session: SessionFile, run_id: str) -> Bookmark:
    """The place before the first line. Items and turns are named after `run_id`."""
    reader = READERS[session.harness]
    memory = reader.begin(run_id, session.session_id, session.cwd)
    return Bookmark(session.harness, 0, reader.dump(memory).decode())


def dump(bookmark: Bookmark) -> bytes:
    return _BOOKMARK.dump_json(bookmark)


def load(data: bytes) -> Bookmark:
    return _BOOKMARK.validate_json(data)


def read_on(path: Path, bookmark: Bookmark, most: int = PORTION_BYTES) -> Portion:
    """Read the next lines. `Replaced`, or `OSError` for a file that cannot be read."""
    if not _goes_on(path, bookmark):
        raise Replaced(str(path))
    reader = READERS[bookmark.harness]
    memory = reader.load(bookmark.memory.encode())
    lines, position = read_lines(path, bookmark.position, most)
    found: list[Dated] = []
    for line in lines:
        memory, events = reader.read(memory, line)
        found += events
    after = bookmark
    if lines:
        line_at = position - len(lines[-1]) - 1
        after = replace(after, position=position, line_at=line_at, digest=_digest(lines[-1]))
    at_end = not read_lines(path, position, 1)[0]
    if at_end:
        memory, events = reader.rest(memory)
        found += events
    after = replace(after, memory=reader.dump(memory).decode())
    return Portion(after, tuple(found), at_end)


def close(bookmark: Bookmark) -> tuple[Dated, ...]:
    """What is to be said of work that is still open where nothing will be read any more."""
    reader = READERS[bookmark.harness]
    return tuple(reader.close(reader.load(bookmark.memory.encode()))[1])


def _goes_on(path: Path, bookmark: Bookmark) -> bool:
    if bookmark.position == 0:
        return True
    with path.open("rb") as file:
        file.seek(bookmark.line_at)
        line = file.read(bookmark.position - bookmark.line_at)
    return line.endswith(b"\n") and _digest(line[:-1]) == bookmark.digest


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
