"""`EventLog`: the one door to the event database."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from athena.log import backup, jobs, lookups, portable, rows, stored, verify
from athena.log.errors import LogClosed, LogError
from athena.log.health import Health, LogState, damaged
from athena.log.lockfile import FileLock
from athena.log.model import (
    Appended,
    Batch,
    Ingest,
    Mention,
    NewEvent,
    OutFrame,
    Snapshot,
    StoredEvent,
    StreamHead,
)
from athena.log.opening import Opening
from athena.log.readers import Readers, wal_size
from athena.log.schema import MIGRATIONS, Migration
from athena.log.transaction import stream_head
from athena.log.upcast import Upcasters
from athena.log.writer import Writer

Clock = Callable[[], int]

READERS = 3
BUSY_SECONDS = 5.0
PROBE_SECONDS = 1.0
ARCHIVE_EVENTS = 512
KEPT_BACKUPS = 7


def unix_ms() -> int:
    """The time now in Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class LogMetrics:
    """Counters since the log was opened, and sizes now."""

    head: int
    groups: int
    jobs: int
    largest_group: int
    commit_seconds: float
    refused: int
    waiting: int
    reads: int
    database_bytes: int
    wal_bytes: int


class EventLog:
    """Events in streams, with all that must be saved in the same transaction.

    One per database: a lock beside the file keeps a second one out. Appends raise `LogUnavailable`
    while the database cannot be written (`state` says why); reads go on as far as they can.

    A page may be shorter than its limit, because pages are limited in bytes too. Only an empty
    page means that there is no more.
    """

    def __init__(
        self,
        opening: Opening,
        health: Health,
        *,
        clock: Clock,
        upcasters: Upcasters,
        readers: int,
        probe_interval: float,
    ) -> None:
        self._opening = opening
        self._health = health
        self._clock = clock
        self._upcasters = upcasters
        self._head = 0
        self._bell = asyncio.Event()
        self._closed = False
        self._writer = Writer(opening.writer, health, probe_interval, self._ring)
        self._readers = Readers(health, readers, opening.busy_timeout, self._writer.trouble)
        self._check: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock = unix_ms,
        upcasters: Upcasters | None = None,
        readers: int = READERS,
        busy_timeout: float = BUSY_SECONDS,
        probe_interval: float = PROBE_SECONDS,
        backups: Path | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
        on_state: Callable[[LogState], None] | None = None,
    ) -> Self:
        """Open or make the database; times are in seconds.

        Raises `LogInUse` and `NotAnEventLog`. Other trouble (a full disk, a read-only folder, a
        newer or a damaged file) gives a log whose `state` tells of it. After an unclean stop the
        file is checked in the background; `checked` waits for that.
        """
        lock = FileLock(path.with_name(path.name + ".lock"))
        folder = backups or path.parent / "backups"
        log = cls(
            Opening(path, lock, folder, busy_timeout, migrations),
            Health(path, on_state),
            clock=clock,
            upcasters=upcasters or Upcasters(),
            readers=readers,
            probe_interval=probe_interval,
        )
        unclean = wal_size(path) > 0
        try:
            await log._start(unclean)
        except BaseException:
            await log.close()
            raise
        return log

    async def _start(self, unclean: bool) -> None:
        await self._writer.start()
        if self._writer.memory.seq == 0:
            try:
                self._head = await self._readers.run(rows.head)
            except LogError:
                if self.state.ok:
                    raise
        if unclean:
            self._check = asyncio.create_task(self._quick_check())

    async def close(self) -> None:
        """Write what waits, close the file cleanly, wake and turn away all who wait."""
        self._closed = True
        await self._writer.drain()
        await self._readers.close()
        if self._check is not None:
            await asyncio.gather(self._check, return_exceptions=True)
        await self._writer.close()
        self._opening.lock.release()
        self._bell.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # State

    @property
    def path(self) -> Path:
        return self._opening.path

    @property
    def backups(self) -> Path:
        """The folder of the dated copies, and of those made before a migration."""
        return self._opening.backups

    @property
    def state(self) -> LogState:
        return self._health.state

    async def wait_ok(self) -> None:
        """Return once the log can be written; never, where only a restart helps."""
        await self._health.wait_ok()

    async def checked(self) -> None:
        """Wait for the check after an unclean stop; `state` has its result."""
        if self._check is not None:
            await asyncio.shield(self._check)

    async def _quick_check(self) -> None:
        async with self._readers.dedicated() as connection:
            with self._readers.explained():
                found = await connection.run(verify.integrity, "quick_check")
        if found:
            self._writer.trouble(damaged(self.path, found[0]))

    @property
    def metrics(self) -> LogMetrics:
        writer = self._writer.metrics
        return LogMetrics(
            head=self._head,
            groups=writer.groups,
            jobs=writer.jobs,
            largest_group=writer.largest_group,
            commit_seconds=writer.commit_seconds,
            refused=writer.refused,
            waiting=self._writer.waiting,
            reads=self._readers.reads,
            database_bytes=self.path.stat().st_size if self.path.exists() else 0,
            wal_bytes=wal_size(self.path),
        )

    # Writing

    async def append(
        self,
        stream: str,
        events: Sequence[NewEvent],
        *,
        expected: int | None = None,
        command_id: str | None = None,
        ingest: Ingest | None = None,
        outbox: Sequence[OutFrame] = (),
    ) -> Appended:
        """Append to one stream; see `append_many`."""
        batch = Batch(stream, events, expected)
        job = jobs.Append.prepare((batch,), self._clock(), command_id, ingest, outbox)
        return await self._writer.submit(job)

    async def append_many(
        self,
        batches: Sequence[Batch],
        *,
        command_id: str | None = None,
        ingest: Ingest | None = None,
        outbox: Sequence[OutFrame] = (),
    ) -> Appended:
        """Write all of it in one transaction; when this returns it is on the disk.

        A `command_id` that was carried out before gives the first result, marked `duplicate`, and
        writes nothing. Raises `VersionConflict`, `IngestConflict`, `LogUnavailable`, `LogClosed`,
        and `TypeError` or `ValueError` for data that JSON cannot carry; then nothing was written.
        An append that was cancelled may have been written nevertheless.
        """
        job = jobs.Append.prepare(batches, self._clock(), command_id, ingest, outbox)
        return await self._writer.submit(job)

    # Reading

    async def read(
        self,
        after: int = 0,
        *,
        upto: int | None = None,
        limit: int = 1000,
        streams: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        blobs: bool = False,
    ) -> list[StoredEvent]:
        """Events of the whole log with after < seq <= upto, oldest first.

        Long texts are markers unless `blobs` asks for them (see `athena.log.encoding`).
        """
        last = rows.END_OF_LOG if upto is None else upto
        wanted = rows.Range(after, last, limit, streams, kinds)

        def reading(connection: sqlite3.Connection) -> list[StoredEvent]:
            raw = rows.read_range(connection, wanted)
            return stored.to_events(connection, raw, self._upcasters, blobs)

        return await self._readers.run(reading)

    async def read_stream(
        self,
        stream: str,
        *,
        after_version: int = 0,
        limit: int = 1000,
        blobs: bool = False,
        find: str | None = None,
    ) -> list[StoredEvent]:
        """Events of one stream with a version above `after_version`, oldest first.

        Markers of long texts that hold the words `find` beyond their head have an `excerpt`.
        """

        def reading(connection: sqlite3.Connection) -> list[StoredEvent]:
            raw = rows.read_stream(connection, stream, after_version, limit)
            return stored.to_events(connection, raw, self._upcasters, blobs, find)

        return await self._readers.run(reading)

    async def read_mentions(
        self,
        stream: str,
        names: Sequence[str],
        *,
        after_version: int = 0,
        limit: int = 1000,
        kinds: Sequence[str] | None = None,
    ) -> list[Mention]:
        """What events of one stream say under some names of their data, oldest first.

        For a pass over many events of which little is wanted.
        """

        def reading(connection: sqlite3.Connection) -> list[Mention]:
            raw = rows.read_stream(connection, stream, after_version, limit, kinds)
            return stored.to_mentions(raw, self._upcasters, names)

        return await self._readers.run(reading)

    async def read_stream_back(
        self,
        stream: str,
        *,
        before_version: int | None = None,
        limit: int = 100,
        kinds: Sequence[str] | None = None,
        blobs: bool = False,
        find: str | None = None,
    ) -> list[StoredEvent]:
        """Events of one stream with a version below `before_version`, newest first.

        `find` is as in `read_stream`.
        """

        def reading(connection: sqlite3.Connection) -> list[StoredEvent]:
            raw = rows.read_stream_back(connection, stream, before_version, limit, kinds)
            return stored.to_events(connection, raw, self._upcasters, blobs, find)

        return await self._readers.run(reading)

    async def version(self, stream: str) -> int:
        """The version of a stream, 0 for one without events."""
        known = self._writer.memory.streams.get(stream)
        return known[1] if known else (await self._readers.run(stream_head, stream))[1]

    async def streams(self, prefix: str = "") -> list[StreamHead]:
        return await self._readers.run(lookups.streams, prefix)

    # Following

    @property
    def head(self) -> int:
        """The `seq` of the last event that is on the disk, 0 in an empty log."""
        return self._head

    async def wait_beyond(self, seq: int) -> int:
        """Wait until there is an event after `seq`; returns the head then."""
        while self._head <= seq:
            if self._closed:
                raise LogClosed
            await self._bell.wait()
        return self._head

    def _ring(self, head: int) -> None:
        if head > self._head:
            self._head = head
            bell, self._bell = self._bell, asyncio.Event()
            bell.set()

    async def position(self, follower: str) -> int:
        """How far a replica or an exporter has come; 0 for one that never said."""
        return await self._readers.run(lookups.position, follower)

    async def positions(self) -> dict[str, int]:
        return await self._readers.run(lookups.positions)

    async def set_position(self, follower: str, seq: int) -> None:
        await self._writer.submit(jobs.SetPosition(follower, seq))

    async def carried_out(self, command_id: str) -> Appended | None:
        """What a command became (a `duplicate` then), None for one that never was carried out."""
        return await self._readers.run(lookups.command, command_id)

    # Runs

    async def ingest_state(self, run_id: str) -> Ingest | None:
        """The stored position and driver memory of a run, None for an unknown one."""
        return await self._readers.run(lookups.ingest_state, run_id)

    async def outbox_after(self, run_id: str, n: int = 0) -> list[OutFrame]:
        """The frames of a run that were not forgotten, those numbered above `n`."""
        return await self._readers.run(lookups.outbox_after, run_id, n)

    async def last_sent(self, run_id: str) -> int:
        """The highest outbox number a run ever had, forgotten ones included; 0 for none."""
        return await self._readers.run(lookups.last_sent, run_id)

    async def runs(self) -> list[str]:
        return await self._readers.run(lookups.runs)

    async def forget_sent(self, run_id: str, upto: int) -> None:
        """Drop outbox frames that the runner has acknowledged."""
        await self._writer.submit(jobs.ForgetSent(run_id, upto))

    async def forget_run(self, run_id: str) -> None:
        """Drop all that is stored of a run that has ended, but not its events."""
        await self._writer.submit(jobs.ForgetRun(run_id))

    # Snapshots and blobs

    async def save_snapshot(
        self, name: str, key: str, seq: int, data: bytes, *, schema: int = 1
    ) -> None:
        """Keep a folded state (compressed) that can be made again from the events at any time."""
        await self._writer.submit(jobs.SaveSnapshot(name, key, schema, seq, data))

    async def load_snapshot(self, name: str, key: str, *, schema: int = 1) -> Snapshot | None:
        """A snapshot, None where there is none of this schema."""
        return (await self.load_snapshots(name, [key], schema=schema)).get(key)

    async def load_snapshots(
        self, name: str, keys: Sequence[str] | None = None, *, schema: int = 1
    ) -> dict[str, Snapshot]:
        """Many snapshots at once, by key; None for `keys` takes all."""
        return await self._readers.run(lookups.snapshots, name, keys, schema)

    async def drop_snapshots(self, name: str, key: str | None = None) -> None:
        await self._writer.submit(jobs.DropSnapshots(name, key))

    async def put_blob(self, data: bytes) -> str:
        """Keep a payload; the same bytes are kept once. Returns the SHA-256 in hexadecimal."""
        return await self._writer.submit(jobs.PutBlob(data))

    async def get_blob(self, blob_id: str) -> bytes:
        """A payload; raises `BlobNotFound`."""
        return await self._readers.run(stored.load_blob, blob_id)

    # Keeping

    async def archive(self, stream: str) -> int:
        """Compress all events that a stream has now; reads do not change. Returns how many."""
        archived, upto = 0, await self.version(stream)
        while block := await self._readers.run(rows.live_block, stream, upto, ARCHIVE_EVENTS):
            packed = await asyncio.to_thread(rows.pack_segment, block)
            await self._writer.submit(jobs.ArchiveBlock(block, packed))
            archived += len(block)
        return archived

    async def backup(self, folder: Path | None = None, *, keep: int = KEPT_BACKUPS) -> Path:
        """Put a dated copy into the folder and drop all but the newest `keep` of them."""
        async with self._readers.dedicated() as connection:
            with self._readers.explained():
                now = self._clock() / 1000
                return await connection.run(backup.backup, folder or self.backups, keep, now)

    def daily_backup_due(self, folder: Path | None = None) -> bool:
        return backup.due(folder or self.backups, self._clock() / 1000)

    async def verify(self, progress: portable.Progress | None = None) -> verify.Report:
        """Check everything; `progress` is told (done, all) events from another thread.

        A damaged file is written no more from then on.
        """
        async with self._readers.dedicated() as connection:
            with self._readers.explained():
                report = await connection.run(rows.within_snapshot, verify.verify, progress)
        if report.damage is not None:
            self._writer.trouble(damaged(self.path, report.damage))
        return report

    async def export(self, sink: portable.Sink, progress: portable.Progress | None = None) -> int:
        """Write all of one moment as lines of JSON (see `athena.log.portable`), without blocking.

        `sink.write` is called from another thread. Returns how many events were written.
        """
        async with self._readers.dedicated() as connection:
            with self._readers.explained():
                return await connection.run(rows.within_snapshot, portable.export, sink, progress)

    async def import_(
        self, lines: Iterable[bytes], progress: portable.Progress | None = None
    ) -> int:
        """Fill an empty log from an export, exactly; raises `ImportRefused`, then it stays empty.

        `lines` is read from another thread. Returns how many events there were.
        """
        return await self._writer.submit(portable.Import(lines, progress))
