"""Whether everything that the log promises about its file is so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import zstandard

from athena.log import rows
from athena.log.encoding import blob_ids, identify

PAGE = 1000
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was found wrong, as sentences; none is good news.

    `damage` is what SQLite itself complains of, if it does.
    """

    events: int
    streams: int
    segments: int
    blobs: int
    problems: list[str] = field(default_factory=list[str])
    damage: str | None = None

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(
    connection: sqlite3.Connection, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Check the whole file, within a read transaction; `progress` is told (done, all) events."""
    damage = integrity(connection, "integrity_check")
    problems = [f"SQLite: {text}" for text in damage]
    if not problems:
        checker = _Checker(connection)
        for check in (
            lambda: checker.events(progress),
            checker.segments,
            checker.blobs,
            checker.references,
            checker.cursors,
        ):
            for problem in check():
                problems.append(problem)
                if len(problems) >= MAX_PROBLEMS:
                    break
    return Report(
        events=_count(connection, "event") + _archived(connection),
        streams=_count(connection, "stream"),
        segments=_count(connection, "segment"),
        blobs=_count(connection, "blob"),
        problems=problems[:MAX_PROBLEMS],
        damage=damage[0] if damage else None,
    )


def integrity(connection: sqlite3.Connection, pragma: str) -> list[str]:
    """What `quick_check` or `integrity_check` of SQLite complains of."""
    try:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}({MAX_PROBLEMS})")]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        return [str(error)]
    return [] if found == ["ok"] else found


def _count(connection: sqlite3.Connection, table: str) -> int:
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.DatabaseError:  # A damaged table was reported already.
        return 0


def _archived(connection: sqlite3.Connection) -> int:
    total = "SELECT coalesce(sum(last_version - first_version + 1), 0) FROM segment"
    try:
        return int(connection.execute(total).fetchone()[0])
    except sqlite3.DatabaseError:  # As above.
        return 0


class _Checker:
    """The checks, in an order in which each can rely on the ones before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._head = rows.head(connection)
        self._wanted_blobs: set[str] = set()

    def events(self, progress: Callable[[int, int], None] | None) -> Iterator[str]:
        """Gap-free `seq` and versions, readable data."""
        seq = 0
        versions: dict[str, int] = {}
        while page := self._page(seq):
            if isinstance(page, str):
                yield page
                return
            for row in page:
                if row[0] != seq + 1:
                    yield f"after event {seq} comes event {row[0]}"
                seq = row[0]
                stream, version = row[1], row[2]
                if version != versions.get(stream, 0) + 1:
                    yield f"event {seq}: stream {stream} jumps to version {version}"
                versions[stream] = version
                try:
                    self._wanted_blobs.update(blob_ids(row[rows.DATA]))
                    if not isinstance(json.loads(row[rows.DATA]), dict):
                        yield f"event {seq}: its data is no JSON object"
                except ValueError as error:
                    yield f"event {seq}: its data is no JSON ({error})"
            if progress is not None:
                progress(seq, self._head)
        if seq != self._head:
            yield f"the last event read is {seq}, the last one stored is {self._head}"

    def _page(self, after: int) -> list[rows.RawEvent] | str:
        try:
            wanted = rows.Range(after, rows.END_OF_LOG, PAGE)
            return rows.read_range(self._connection, wanted)
        except (zstandard.ZstdError, ValueError, UnicodeDecodeError) as error:
            return f"an archived block after event {after} cannot be read ({error})"

    def segments(self) -> Iterator[str]:
        """Archived blocks hold what their row says."""
        found = self._connection.execute(
            "SELECT id, first_version, last_version, first_seq, last_seq FROM segment ORDER BY id"
        ).fetchall()
        for segment_id, *claimed in found:
            try:
                block = rows.load_segment(self._connection, segment_id)
            except (zstandard.ZstdError, ValueError) as error:
                yield f"segment {segment_id} cannot be read ({error})"
                continue
            if [block[0][2], block[-1][2], block[0][0], block[-1][0]] != claimed:
                yield f"segment {segment_id} does not hold the events that its row says"

    def blobs(self) -> Iterator[str]:
        """Payloads are what their hash says, and all that events refer to are there."""
        found: set[str] = set()
        for blob_id, size, packed in self._connection.execute("SELECT id, size, data FROM blob"):
            found.add(blob_id)
            try:
                payload = zstandard.ZstdDecompressor().decompress(packed)
            except zstandard.ZstdError as error:
                yield f"blob {blob_id} cannot be read ({error})"
                continue
            if identify(payload) != blob_id or len(payload) != size:
                yield f"blob {blob_id} is not what its id says"
        for blob_id in sorted(self._wanted_blobs - found):
            yield f"blob {blob_id} is missing, an event refers to it"

    def references(self) -> Iterator[str]:
        """Rows that point at rows which do not exist."""
        for table, rowid, parent, _ in self._connection.execute("PRAGMA foreign_key_check"):
            yield f"row {rowid} of {table} refers to a missing row of {parent}"

    def cursors(self) -> Iterator[str]:
        """Commands, outbox frames, followers and snapshots stay inside of what there is."""
        for name, query in (
            ("command", "SELECT id FROM command WHERE last_seq > ? OR first_seq > last_seq + 1"),
            ("follower", "SELECT name FROM follower WHERE seq > ?"),
            ("snapshot", "SELECT name || '/' || key FROM snapshot WHERE seq > ?"),
        ):
            for (key,) in self._connection.execute(query, (self._head,)):
                yield f"{name} {key} is ahead of the log, which ends at {self._head}"
        for run_id, n in self._connection.execute(
            "SELECT o.run_id, o.n FROM outbox o JOIN run r ON r.id = o.run_id WHERE o.n > r.sent"
        ):
            yield f"outbox frame {n} of run {run_id} was never counted"
