"""The writer's side of the database: what one group of jobs sees and writes.

Everything here runs on the writer connection's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from athena.log import lookups, rows
from athena.log.errors import LogError
from athena.log.health import FileGone, classify
from athena.log.model import Appended

T_co = TypeVar("T_co", covariant=True)

# at, kind, v, data as JSON text
EncodedEvent = tuple[int, str, int, str]

EVENT_COLUMNS = 8
INSERT_ROWS = 64
REMEMBERED = 50_000
ONE_EVENT = "(?,?,?,?,?,?,?,?)"
# One statement per power of two: a call per statement, not per row, keeps the writer from fighting
# the event loop for the interpreter lock at every row.
INSERTS = {
    1 << power: "INSERT INTO event VALUES " + ",".join([ONE_EVENT] * (1 << power))
    for power in range(INSERT_ROWS.bit_length())
}


class Job(Protocol[T_co]):
    """A piece of work inside a group's transaction.

    It raises a `LogError` only before its first write: the others of its group are committed.
    """

    def run(self, tx: Transaction) -> T_co: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """What becomes of a job that wrote nothing, in the place of its value."""

    error: BaseException


@dataclass(slots=True)
class Memory:
    """What the writer remembers of the committed database, to look little up."""

    path: Path
    seq: int = 0
    streams: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    runs: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    data_version: int = -1
    inode: int = 0

    def reload(self, connection: sqlite3.Connection) -> None:
        """Forget everything and read the head anew."""
        self.streams.clear()
        self.runs.clear()
        self.seq = rows.head(connection)
        self.inode = self.path.stat().st_ino

    def check(self, connection: sqlite3.Connection) -> None:
        """Notice a file that was swapped under us, and changes by a foreign hand."""
        try:
            same = self.path.stat().st_ino == self.inode
        except FileNotFoundError:
            same = False
        if not same:
            raise FileGone(str(self.path))
        (data_version,) = connection.execute("PRAGMA data_version").fetchone()
        if data_version != self.data_version or len(self.streams) > REMEMBERED:
            self.reload(connection)
            self.data_version = data_version


class Transaction:
    """One open transaction. What it learns and changes is remembered only if it commits."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        self.connection = connection
        self.seq = memory.seq
        self._memory = memory
        self._streams: dict[str, tuple[int, int]] = {}
        self._runs: dict[str, tuple[int, int] | None] = {}
        self._values: list[Any] = []
        self._rewritten = False

    def stream(self, name: str) -> tuple[int, int]:
        """The id and the version of a stream; (0, 0) for one that has no events yet."""
        known = self._streams.get(name) or self._memory.streams.get(name)
        if known is None:
            known = stream_head(self.connection, name)
            self._streams[name] = known
        return known

    def run(self, run_id: str) -> tuple[int, int]:
        """The ingest position of a run and its highest outbox number."""
        if run_id in self._runs:
            return self._runs[run_id] or (0, 0)
        known = self._memory.runs.get(run_id)
        if known is None:
            row = self.connection.execute("SELECT position, sent FROM run WHERE id = ?", (run_id,))
            known = row.fetchone() or (0, 0)
            self._runs[run_id] = known
        return known

    def set_run(self, run_id: str, cursor: tuple[int, int] | None) -> None:
        """Remember a run's cursor as written by the caller; None forgets the run."""
        self._runs[run_id] = cursor

    def add_events(
        self, stream: str, events: Sequence[EncodedEvent], command_id: str | None
    ) -> int:
        """Give events the next `seq` and versions and put them among those to be inserted.

        Returns the version of the stream afterwards.
        """
        stream_id, version = self.stream(stream)
        if stream_id == 0 and events:
            cursor = self.connection.execute("INSERT INTO stream (name) VALUES (?)", (stream,))
            stream_id = cursor.lastrowid or 0
        seq, values = self.seq, self._values
        for at, kind, v, data in events:
            seq += 1
            version += 1
            values += (seq, stream_id, version, at, kind, v, data, command_id)
        self.seq = seq
        self._streams[stream] = (stream_id, version)
        return version

    def flush(self) -> None:
        """Insert the events that were added."""
        values, start = self._values, 0
        size = INSERT_ROWS
        while start < len(values):
            left = (len(values) - start) // EVENT_COLUMNS
            while size > left:
                size //= 2
            stop = start + size * EVENT_COLUMNS
            self.connection.execute(INSERTS[size], values[start:stop])
            start = stop
        self._values = []

    def command(self, command_id: str) -> Appended | None:
        """What a command became when it was carried out before."""
        return lookups.command(self.connection, command_id)

    def rewritten(self) -> None:
        """Say that the tables were written past this object: they are read anew then."""
        self._rewritten = True

    def publish(self) -> None:
        """Hand what was learnt to the memory, after the commit."""
        memory = self._memory
        if self._rewritten:
            memory.reload(self.connection)
            return
        memory.seq = self.seq
        memory.streams.update(self._streams)
        for run_id, cursor in self._runs.items():
            if cursor is None:
                memory.runs.pop(run_id, None)
            else:
                memory.runs[run_id] = cursor


def stream_head(connection: sqlite3.Connection, name: str) -> tuple[int, int]:
    """The id and the version of a stream, from the tables."""
    row = connection.execute(
        "SELECT s.id, max("
        "coalesce((SELECT max(version) FROM event WHERE stream_id = s.id), 0), "
        "coalesce((SELECT max(last_version) FROM segment WHERE stream_id = s.id), 0)) "
        "FROM stream s WHERE s.name = ?",
        (name,),
    ).fetchone()
    return row or (0, 0)


def commit_group(
    connection: sqlite3.Connection, memory: Memory, jobs: Sequence[Job[Any]]
) -> list[Any]:
    """Carry out jobs in one transaction; the value or the `Failure` of each, in order.

    A job that fails for a reason of its own fails alone. When the disk, a lock or the file is the
    reason, all that are not committed get that error.
    """
    try:
        return _attempt(connection, memory, jobs)
    except Exception as error:  # noqa: BLE001  Whatever it is goes to whoever asked for the job.
        if len(jobs) == 1 or classify(error, memory.path) is not None:
            return [Failure(error)] * len(jobs)
    outcomes: list[Any] = []
    for job in jobs:
        outcomes += commit_group(connection, memory, [job])
    return outcomes


def _attempt(connection: sqlite3.Connection, memory: Memory, jobs: Sequence[Job[Any]]) -> list[Any]:
    memory.check(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        tx = Transaction(connection, memory)
        outcomes = [_outcome(job, tx) for job in jobs]
        tx.flush()
        connection.execute("COMMIT")
    except BaseException:
        # Some errors of SQLite have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    tx.publish()
    return outcomes


def _outcome(job: Job[Any], tx: Transaction) -> Any:
    try:
        return job.run(tx)
    except LogError as error:
        return Failure(error)
