"""What can be asked of the writer, one class per verb. Each runs inside a group's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from athena.log import rows
from athena.log.encoding import encode, identify
from athena.log.errors import ArchiveRaced, IngestConflict, VersionConflict
from athena.log.model import Appended, Batch, Ingest, OutFrame
from athena.log.transaction import EncodedEvent, Transaction


@dataclass(slots=True)
class Append:
    """Events, ingest position, outbox frames and the mark of a command: all of it or nothing."""

    batches: Sequence[tuple[str, int | None, list[EncodedEvent]]]
    at: int
    command_id: str | None
    ingest: Ingest | None
    outbox: Sequence[OutFrame]
    blobs: dict[str, bytes]

    @classmethod
    def prepare(
        cls,
        batches: Sequence[Batch],
        at: int,
        command_id: str | None,
        ingest: Ingest | None,
        outbox: Sequence[OutFrame],
    ) -> Append:
        """Turn the data to text at once: what the caller does to it later is not written."""
        blobs: dict[str, bytes] = {}
        encoded = [
            (
                batch.stream,
                batch.expected,
                [
                    (at if e.at is None else e.at, e.kind, e.v, encode(e.data, blobs))
                    for e in batch.events
                ],
            )
            for batch in batches
        ]
        return cls(encoded, at, command_id, ingest, outbox, blobs)

    def run(self, tx: Transaction) -> Appended:
        if self.command_id is not None and (before := tx.command(self.command_id)) is not None:
            return before
        self._check_versions(tx)
        runs = self._check_runs(tx) if self.ingest is not None or self.outbox else {}
        first = tx.seq + 1
        versions = {
            stream: tx.add_events(stream, events, self.command_id)
            for stream, _, events in self.batches
        }
        result = Appended(first, tx.seq, self.at, versions)
        if runs:
            self._write_runs(tx, runs)
        for blob_id, payload in self.blobs.items():
            write_blob(tx.connection, blob_id, payload)
        if self.command_id is not None:
            tx.connection.execute(
                "INSERT INTO command VALUES (?, ?, ?, ?, ?)",
                (self.command_id, first, tx.seq, self.at, json.dumps(versions)),
            )
        return result

    def _check_versions(self, tx: Transaction) -> None:
        added: dict[str, int] = {}  # earlier in this append
        for stream, expected, events in self.batches:
            if expected is not None:
                actual = tx.stream(stream)[1] + added.get(stream, 0)
                if expected != actual:
                    raise VersionConflict(stream, expected, actual)
            added[stream] = added.get(stream, 0) + len(events)

    def _check_runs(self, tx: Transaction) -> dict[str, tuple[int, int]]:
        """The cursors of the touched runs as they will be."""
        runs: dict[str, tuple[int, int]] = {}
        if self.ingest is not None:
            run_id, given = self.ingest.run_id, self.ingest.position
            position, sent = tx.run(run_id)
            if given < position:
                raise IngestConflict(run_id, "ingest position", given, position)
            runs[run_id] = (given, sent)
        for frame in self.outbox:
            position, sent = runs.get(frame.run_id) or tx.run(frame.run_id)
            if frame.n <= sent:
                raise IngestConflict(frame.run_id, "outbox number", frame.n, sent)
            runs[frame.run_id] = (position, frame.n)
        return runs

    def _write_runs(self, tx: Transaction, runs: dict[str, tuple[int, int]]) -> None:
        for run_id, (position, sent) in runs.items():
            own = self.ingest is not None and self.ingest.run_id == run_id
            tx.connection.execute(
                "INSERT INTO run (id, position, sent, memory) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET position = excluded.position, "
                "sent = excluded.sent, memory = coalesce(excluded.memory, memory)",
                (run_id, position, sent, self.ingest.memory if self.ingest and own else None),
            )
            tx.set_run(run_id, (position, sent))
        if self.outbox:
            tx.connection.executemany(
                "INSERT INTO outbox VALUES (?, ?, ?)",
                [(frame.run_id, frame.n, frame.data) for frame in self.outbox],
            )


@dataclass(slots=True)
class ForgetSent:
    run_id: str
    upto: int

    def run(self, tx: Transaction) -> None:
        tx.connection.execute(
            "DELETE FROM outbox WHERE run_id = ? AND n <= ?", (self.run_id, self.upto)
        )


@dataclass(slots=True)
class ForgetRun:
    run_id: str

    def run(self, tx: Transaction) -> None:
        tx.connection.execute("DELETE FROM outbox WHERE run_id = ?", (self.run_id,))
        tx.connection.execute("DELETE FROM run WHERE id = ?", (self.run_id,))
        tx.set_run(self.run_id, None)


@dataclass(slots=True)
class SaveSnapshot:
    """Keep the state of a projection at `seq`, packed with zstd, instead of the key's last one."""

    name: str
    key: str
    schema: int
    seq: int
    data: bytes

    def run(self, tx: Transaction) -> None:
        packed = zstandard.ZstdCompressor().compress(self.data)
        tx.connection.execute(
            "INSERT OR REPLACE INTO snapshot (name, key, schema, seq, data) VALUES (?, ?, ?, ?, ?)",
            (self.name, self.key, self.schema, self.seq, packed),
        )


@dataclass(slots=True)
class DropSnapshots:
    """Drop the snapshot of a key, or all of a name."""

    name: str
    key: str | None

    def run(self, tx: Transaction) -> None:
        if self.key is None:
            tx.connection.execute("DELETE FROM snapshot WHERE name = ?", (self.name,))
        else:
            tx.connection.execute(
                "DELETE FROM snapshot WHERE name = ? AND key = ?", (self.name, self.key)
            )


@dataclass(slots=True)
class PutBlob:
    payload: bytes

    def run(self, tx: Transaction) -> str:
        blob_id = identify(self.payload)
        write_blob(tx.connection, blob_id, self.payload)
        return blob_id


@dataclass(slots=True)
class SetPosition:
    follower: str
    seq: int

    def run(self, tx: Transaction) -> None:
        tx.connection.execute(
            "INSERT OR REPLACE INTO follower (name, seq) VALUES (?, ?)", (self.follower, self.seq)
        )


@dataclass(slots=True)
class ArchiveBlock:
    """Replace events of one stream, from its oldest live one on, by their compressed block."""

    events: Sequence[rows.RawEvent]
    packed: bytes

    def run(self, tx: Transaction) -> None:
        tx.flush()
        first, last = self.events[0], self.events[-1]
        stream = first[1]
        stream_id, _ = tx.stream(stream)
        (oldest,) = tx.connection.execute(
            "SELECT min(version) FROM event WHERE stream_id = ?", (stream_id,)
        ).fetchone()
        if oldest != first[2]:
            raise ArchiveRaced(stream)
        tx.connection.execute(
            "INSERT INTO segment (stream_id, first_version, last_version, first_seq, last_seq, "
            "data) VALUES (?, ?, ?, ?, ?, ?)",
            (stream_id, first[2], last[2], first[0], last[0], self.packed),
        )
        tx.connection.execute(
            "DELETE FROM event WHERE stream_id = ? AND version BETWEEN ? AND ?",
            (stream_id, first[2], last[2]),
        )


def write_blob(connection: sqlite3.Connection, blob_id: str, payload: bytes) -> None:
    known = connection.execute("SELECT 1 FROM blob WHERE id = ?", (blob_id,)).fetchone()
    if known is None:
        packed = zstandard.ZstdCompressor().compress(payload)
        connection.execute("INSERT INTO blob VALUES (?, ?, ?)", (blob_id, len(payload), packed))
