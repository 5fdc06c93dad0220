"""Reading stored events, from the live table and from the archive as if they were one.

All functions take a connection inside a read transaction (`snapshot_of`), so that an event that is
being archived meanwhile is seen exactly once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import zstandard

P = ParamSpec("P")
T = TypeVar("T")

# seq, stream, version, at, kind, v, data, command_id
RawEvent = tuple[int, str, int, int, str, int, str, str | None]

COLUMNS = "e.seq, s.name, e.version, e.at, e.kind, e.v, e.data, e.command_id"
SOURCE = "event e CROSS JOIN stream s ON s.id = e.stream_id"  # CROSS: event is the outer loop
DATA = 6
PAGE_BYTES = 16 << 20
SEGMENT_BYTES = 1 << 20
NEAR_EVENTS = 5_000
END_OF_LOG = (1 << 63) - 1


@contextmanager
def snapshot_of(connection: sqlite3.Connection) -> Generator[None]:
    """Several queries over one state of the database."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")  # unlike COMMIT it says nothing of damage elsewhere


def within_snapshot(
    connection: sqlite3.Connection,
    function: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call a function whose queries all see one state of the database."""
    with snapshot_of(connection):
        return function(connection, *args, **kwargs)


class Page:
    """Rows in order from several sources, cut at a number of rows and, after the first, of bytes.

    Where one source is cut, rows of the others beyond that point are left out too: a page has no
    holes, and the next one goes on after its last row.
    """

    def __init__(self, limit: int, *, backwards: bool = False, max_bytes: int = PAGE_BYTES) -> None:
        self.rows: list[RawEvent] = []
        self._limit = limit
        self._max_bytes = max_bytes
        self._backwards = backwards
        self._end: int | None = None

    @property
    def full(self) -> bool:
        return self._end is not None

    def ends_before(self, seq: int) -> bool:
        """Whether nothing from `seq` on has a place on this page."""
        return self._end is not None and self._end < seq

    @property
    def end(self) -> int:
        """The `seq` after which nothing has a place."""
        return END_OF_LOG if self._end is None else self._end

    def add(self, rows: Iterable[RawEvent]) -> None:
        """Take what belongs on the page from a source in page order."""
        taken = self._cut(rows)
        if not self.rows:
            self.rows = taken
            return
        merged = self.rows + taken
        merged.sort(reverse=self._backwards)
        self.rows = self._cut(merged)

    def _cut(self, rows: Iterable[RawEvent]) -> list[RawEvent]:
        taken: list[RawEvent] = []
        size = 0
        for row in rows:
            size += len(row[DATA])
            if self._beyond(row[0]):
                break
            if taken and size > self._max_bytes:
                self._end = taken[-1][0]
                break
            taken.append(row)
            if len(taken) == self._limit:
                self._end = row[0]
                break
        return taken

    def _beyond(self, seq: int) -> bool:
        if self._end is None:
            return False
        return seq < self._end if self._backwards else seq > self._end


@dataclass(frozen=True, slots=True)
class Range:
    """Which events of the whole log: after < seq <= upto, of these streams and kinds."""

    after: int
    upto: int
    limit: int
    streams: Sequence[str] | None = None
    kinds: Sequence[str] | None = None


def read_range(connection: sqlite3.Connection, wanted: Range) -> list[RawEvent]:
    """The events of a range in the order of `seq`."""
    page = Page(wanted.limit)
    if wanted.limit <= 0:
        return []
    ids = None if wanted.streams is None else _stream_ids(connection, wanted.streams)
    if ids is not None and not ids:
        return []
    kinds, kind_values = _kind_filter(wanted.kinds)
    if ids is None or head(connection) - wanted.after <= NEAR_EVENTS:
        streams = "" if ids is None else f"AND +e.stream_id IN ({_marks(ids)})"
        page.add(
            connection.execute(
                f"SELECT {COLUMNS} FROM {SOURCE} WHERE e.seq > ? AND e.seq <= ? {streams} {kinds} "
                "ORDER BY e.seq LIMIT ?",
                (wanted.after, wanted.upto, *(ids or ()), *kind_values, wanted.limit),
            )
        )
    else:
        # Far from the head the index of each stream beats a walk over the events of all others.
        for stream_id in ids:
            first = _version_at(connection, stream_id, wanted.after)
            last = _version_at(connection, stream_id, wanted.upto)
            page.add(
                connection.execute(
                    f"SELECT {COLUMNS} FROM {SOURCE} WHERE e.stream_id = ? "
                    f"AND e.version > ? AND e.version <= ? {kinds} ORDER BY e.version LIMIT ?",
                    (stream_id, first, last, *kind_values, wanted.limit),
                )
            )
    _add_archived(connection, wanted, ids, page)
    return page.rows


def _version_at(connection: sqlite3.Connection, stream_id: int, seq: int) -> int:
    """The version that a stream had at a position, as far as its live events tell; by halving,
    since versions rise with positions and no index has both."""
    low, high = connection.execute(
        "SELECT coalesce((SELECT min(version) FROM event WHERE stream_id = ?1), 1), "
        "coalesce((SELECT max(version) FROM event WHERE stream_id = ?1), 0)",
        (stream_id,),
    ).fetchone()
    known = "SELECT seq FROM event WHERE stream_id = ? AND version = ?"
    while low <= high:
        middle = (low + high) // 2
        if connection.execute(known, (stream_id, middle)).fetchone()[0] <= seq:
            low = middle + 1
        else:
            high = middle - 1
    return high


def _add_archived(
    connection: sqlite3.Connection, wanted: Range, ids: Sequence[int] | None, page: Page
) -> None:
    streams = "" if ids is None else f"AND stream_id IN ({_marks(ids)})"
    found = connection.execute(
        f"SELECT id, first_seq FROM segment WHERE last_seq > ? AND first_seq <= ? {streams} "
        "ORDER BY first_seq",
        (wanted.after, min(page.end, wanted.upto), *(ids or ())),
    ).fetchall()
    keep = _kind_test(wanted.kinds)
    for segment_id, first_seq in found:
        if page.ends_before(first_seq):
            return
        page.add(
            row
            for row in load_segment(connection, segment_id)
            if wanted.after < row[0] <= wanted.upto and keep(row)
        )


def read_stream(
    connection: sqlite3.Connection,
    stream: str,
    after_version: int,
    limit: int,
    kinds: Sequence[str] | None = None,
) -> list[RawEvent]:
    """The events of one stream in order, those with a version above `after_version`."""
    page = Page(limit)
    ids = _stream_ids(connection, [stream])
    if not ids or limit <= 0:
        return []
    keep = _kind_test(kinds)
    for (segment_id,) in connection.execute(
        "SELECT id FROM segment WHERE stream_id = ? AND last_version > ? ORDER BY first_version",
        (ids[0], after_version),
    ).fetchall():
        rows = load_segment(connection, segment_id)
        page.add(row for row in rows if row[2] > after_version and keep(row))
        if page.full:
            return page.rows
    condition, kind_values = _kind_filter(kinds)
    page.add(
        connection.execute(
            f"SELECT {COLUMNS} FROM {SOURCE} WHERE e.stream_id = ? AND e.version > ? {condition} "
            "ORDER BY e.version LIMIT ?",
            (ids[0], after_version, *kind_values, limit),
        )
    )
    return page.rows


def read_stream_back(
    connection: sqlite3.Connection,
    stream: str,
    before_version: int | None,
    limit: int,
    kinds: Sequence[str] | None,
) -> list[RawEvent]:
    """The events of one stream from its end, those with a version below `before_version`."""
    page = Page(limit, backwards=True)
    ids = _stream_ids(connection, [stream])
    if not ids or limit <= 0:
        return []
    before = END_OF_LOG if before_version is None else before_version
    condition, kind_values = _kind_filter(kinds)
    page.add(
        connection.execute(
            f"SELECT {COLUMNS} FROM {SOURCE} WHERE e.stream_id = ? AND e.version < ? {condition} "
            "ORDER BY e.version DESC LIMIT ?",
            (ids[0], before, *kind_values, limit),
        )
    )
    keep = _kind_test(kinds)
    segments = connection.execute(
        "SELECT id FROM segment WHERE stream_id = ? AND first_version < ? "
        "ORDER BY first_version DESC",
        (ids[0], before),
    )
    while not page.full and (found := segments.fetchone()) is not None:
        rows = load_segment(connection, found[0])
        page.add(row for row in reversed(rows) if row[2] < before and keep(row))
    return page.rows


def live_block(
    connection: sqlite3.Connection, stream: str, upto_version: int, limit: int
) -> list[RawEvent]:
    """The oldest events of a stream that are not archived yet."""
    page = Page(limit, max_bytes=SEGMENT_BYTES)
    for stream_id in _stream_ids(connection, [stream]):
        page.add(
            connection.execute(
                f"SELECT {COLUMNS} FROM {SOURCE} WHERE e.stream_id = ? AND e.version <= ? "
                "ORDER BY e.version LIMIT ?",
                (stream_id, upto_version, limit),
            )
        )
    return page.rows


def head(connection: sqlite3.Connection) -> int:
    """The `seq` of the last event, 0 in an empty log."""
    row = connection.execute(
        "SELECT max(coalesce((SELECT max(seq) FROM event), 0), "
        "coalesce((SELECT max(last_seq) FROM segment), 0))"
    ).fetchone()
    return int(row[0])


def pack_segment(rows: Sequence[RawEvent]) -> bytes:
    """Events of one stream as a compressed block: a JSON array per line, a tab, the data as is."""
    lines = (
        json.dumps([seq, version, at, kind, v, command_id], separators=(",", ":")) + "\t" + data
        for seq, _, version, at, kind, v, data, command_id in rows
    )
    return zstandard.ZstdCompressor(level=9).compress("\n".join(lines).encode())


def load_segment(connection: sqlite3.Connection, segment_id: int) -> list[RawEvent]:
    """The events of an archived block, in order."""
    stream, packed = connection.execute(
        "SELECT s.name, g.data FROM segment g JOIN stream s ON s.id = g.stream_id WHERE g.id = ?",
        (segment_id,),
    ).fetchone()
    rows: list[RawEvent] = []
    for line in zstandard.ZstdDecompressor().decompress(packed).decode().split("\n"):
        fields, _, data = line.partition("\t")
        seq, version, at, kind, v, command_id = json.loads(fields)
        rows.append((seq, stream, version, at, kind, v, data, command_id))
    return rows


def _stream_ids(connection: sqlite3.Connection, names: Sequence[str]) -> list[int]:
    query = "SELECT id FROM stream WHERE name = ?"
    rows = (connection.execute(query, (name,)).fetchone() for name in dict.fromkeys(names))
    return [row[0] for row in rows if row is not None]


def _kind_filter(kinds: Sequence[str] | None) -> tuple[str, Sequence[str]]:
    if kinds is None:
        return "", ()
    return f"AND e.kind IN ({_marks(kinds)})", kinds


def _kind_test(kinds: Sequence[str] | None) -> Callable[[RawEvent], bool]:
    if kinds is None:
        return lambda row: True
    wanted = frozenset(kinds)
    return lambda row: row[4] in wanted


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
