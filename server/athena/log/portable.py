"""The whole log as newline-delimited JSON, out and in again without a difference.

The first line is a header, the last one counts what lies between; a file without it was cut off.
Derived data (snapshots) is not part of it. Format 1, one object per line, told apart by `type`:

    {"type": "athena-export", "format": 1, "schema": 1, "head": 2}
    {"type": "event", "seq": 1, "stream": ..., "version": 1, "at": ..., "kind": ..., "v": 1,
     "commandId": null, "data": {...}}
    {"type": "blob", "id": ..., "text" or "base64": ...}
    {"type": "command", "id": ..., "firstSeq": 1, "lastSeq": 2, "at": ..., "versions": {...}}
    {"type": "run", "id": ..., "position": ..., "sent": ..., "memory": base64 or null}
    {"type": "outbox", "runId": ..., "n": ..., "data": base64}
    {"type": "follower", "name": ..., "seq": ...}
    {"type": "end", "counts": {"event": 2, ...}}

A long text stands in an event as its marker (see `athena.log.encoding`) and follows as a blob.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import zstandard

from athena.log import rows
from athena.log.encoding import identify, restore_text
from athena.log.errors import ImportRefused
from athena.log.jobs import write_blob
from athena.log.schema import schema_version
from athena.log.transaction import Transaction

FORMAT = 1
HEADER = "athena-export"
PAGE = 1000

# What a line that is no line of ours makes of the code below.
UNFIT = (ValueError, KeyError, TypeError, OverflowError, AttributeError, sqlite3.IntegrityError)

Progress = Callable[[int, int], None]


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def _line(kind: str, /, **members: object) -> str:
    return json.dumps({"type": kind, **members}, ensure_ascii=False, separators=(",", ":"))


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def export(connection: sqlite3.Connection, sink: Sink, progress: Progress | None = None) -> int:
    """Write everything to `sink`, in a read transaction; returns how many events.

    `progress` is told (events done, events in all) from the connection's thread. Of a damaged file
    all is written that can be read, and no last line; then the first `sqlite3.Error` is raised.
    """
    head = rows.head(connection)
    counts: Counter[str] = Counter()
    schema = schema_version(connection)
    sink.write((_line(HEADER, format=FORMAT, schema=schema, head=head) + "\n").encode())
    unread: list[sqlite3.Error] = []
    for kind, line in _records(connection, head, progress, unread):
        counts[kind] += 1
        sink.write(line.encode() + b"\n")
    if unread:
        raise unread[0]
    sink.write((_line("end", counts=counts) + "\n").encode())
    return counts["event"]


def _records(
    connection: sqlite3.Connection,
    head: int,
    progress: Progress | None,
    unread: list[sqlite3.Error],
) -> Iterator[tuple[str, str]]:
    yield from _event_records(connection, head, progress, unread)
    for table in (_blob_records, _command_records, _run_records):
        try:
            yield from table(connection)
        except sqlite3.DatabaseError as error:
            _expect_harm(error)
            unread.append(error)


def _expect_harm(error: sqlite3.DatabaseError) -> None:
    """Raise an error again that does not come from a damaged file."""
    if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise error


def _blob_records(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for blob_id, packed in connection.execute("SELECT id, data FROM blob ORDER BY id"):
        yield "blob", _blob_line(blob_id, zstandard.ZstdDecompressor().decompress(packed))


def _command_records(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for command_id, first, last, at, versions in connection.execute(
        "SELECT id, first_seq, last_seq, at, versions FROM command ORDER BY id"
    ):
        members = {"firstSeq": first, "lastSeq": last, "at": at, "versions": json.loads(versions)}
        yield "command", _line("command", id=command_id, **members)


def _run_records(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for run_id, position, sent, memory in connection.execute(
        "SELECT id, position, sent, memory FROM run ORDER BY id"
    ):
        yield "run", _line("run", id=run_id, position=position, sent=sent, memory=_base64(memory))
    for run_id, n, data in connection.execute(
        "SELECT run_id, n, data FROM outbox ORDER BY run_id, n"
    ):
        yield "outbox", _line("outbox", runId=run_id, n=n, data=_base64(data))
    for name, seq in connection.execute("SELECT name, seq FROM follower ORDER BY name"):
        yield "follower", _line("follower", name=name, seq=seq)


def _event_records(
    connection: sqlite3.Connection,
    head: int,
    progress: Progress | None,
    unread: list[sqlite3.Error],
) -> Iterator[tuple[str, str]]:
    after = 0
    while page := _readable_page(connection, after, head, unread):
        for seq, stream, version, at, kind, v, data, command_id in page:
            members = {"seq": seq, "stream": stream, "version": version, "at": at, "kind": kind}
            start = _line("event", **members, v=v, commandId=command_id)
            # The stored text as it is: what this program does not know is not touched.
            yield "event", f'{start[:-1]},"data":{data}}}'
        after = page[-1][0]
        if progress is not None:
            progress(after, head)


def _readable_page(
    connection: sqlite3.Connection, after: int, head: int, unread: list[sqlite3.Error]
) -> list[rows.RawEvent]:
    """The next events; around harm they are read one by one, and those that it hit are left out."""
    limit = PAGE
    while after < head:
        try:
            return rows.read_range(connection, rows.Range(after, head, limit))
        except sqlite3.DatabaseError as error:
            _expect_harm(error)
            unread.append(error)
            after += limit == 1
            limit = max(1, limit // 4)
    return []


def _blob_line(blob_id: str, payload: bytes) -> str:
    try:
        return _line("blob", id=blob_id, text=payload.decode())
    except UnicodeDecodeError:
        return _line("blob", id=blob_id, base64=_base64(payload))


@dataclass(slots=True)
class Import:
    """The job that fills an empty log from the lines of an export; all of it or nothing."""

    lines: Iterable[bytes]
    progress: Progress | None = None

    def run(self, tx: Transaction) -> int:
        tx.flush()
        occupied = tx.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM stream) OR EXISTS (SELECT 1 FROM run) "
            "OR EXISTS (SELECT 1 FROM command) OR EXISTS (SELECT 1 FROM blob)"
        ).fetchone()[0]
        if occupied:
            raise ImportRefused("an import needs an empty log; choose a new ATHENA_STATE_DIR")
        tx.connection.execute("SAVEPOINT import")
        try:
            count = _Reading(tx.connection, self.progress).read(self.lines)
        except BaseException:
            tx.connection.execute("ROLLBACK TO import")
            raise
        finally:
            tx.connection.execute("RELEASE import")
        tx.rewritten()
        return count


class _Reading:
    """One pass over the lines of an export."""

    def __init__(self, connection: sqlite3.Connection, progress: Progress | None) -> None:
        self._connection = connection
        self._progress = progress
        self._head = 0
        self._seq = 0
        self._streams: dict[str, tuple[int, int]] = {}
        self._counts: Counter[str] = Counter()
        self._table: dict[str, Callable[[dict[str, Any]], None]] = {
            "event": self._event,
            "blob": self._blob,
            "command": self._command,
            "run": self._run,
            "outbox": self._outbox,
            "follower": self._follower,
        }

    def read(self, lines: Iterable[bytes]) -> int:
        number, ended = 0, False
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if number == 1:
                    self._header(record)
                elif ended:
                    raise ImportRefused("there is more after the last line of the export")
                elif record["type"] == "end":
                    self._end(record)
                    ended = True
                else:
                    self._table[record["type"]](record)
                    self._counts[record["type"]] += 1
            except ImportRefused as error:
                raise ImportRefused(str(error), number) from None
            except UNFIT as error:
                reason = f"this is no line of an Athena export ({type(error).__name__}: {error})"
                raise ImportRefused(reason, number) from error
        if not ended:
            raise ImportRefused("the export is cut off: its last line is missing", number or None)
        return self._seq

    def _header(self, record: dict[str, Any]) -> None:
        if record.get("type") != HEADER:
            raise ImportRefused("this is no Athena export: its first line must be the header")
        if record.get("format") != FORMAT:
            reason = f"the export has format {record.get('format')}, this Athena reads {FORMAT}"
            raise ImportRefused(f"{reason}; update Athena")
        self._head = record["head"]

    def _end(self, record: dict[str, Any]) -> None:
        if record["counts"] != dict(self._counts) or self._seq != self._head:
            raise ImportRefused("the export is not complete: lines are missing or doubled")

    def _event(self, record: dict[str, Any]) -> None:
        stream = str(record["stream"])
        stream_id, version = self._streams.get(stream) or (0, 0)
        if (record["seq"], record["version"]) != (self._seq + 1, version + 1):
            raise ImportRefused("an event is missing before this one, or it comes twice")
        if stream_id == 0:
            cursor = self._connection.execute("INSERT INTO stream (name) VALUES (?)", (stream,))
            stream_id = cursor.lastrowid or 0
        self._seq += 1
        self._streams[stream] = (stream_id, version + 1)
        self._connection.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._seq,
                stream_id,
                version + 1,
                int(record["at"]),
                str(record["kind"]),
                int(record["v"]),
                restore_text(record["data"]),
                record["commandId"],
            ),
        )
        if self._progress is not None and self._seq % PAGE == 0:
            self._progress(self._seq, self._head)

    def _blob(self, record: dict[str, Any]) -> None:
        text = record.get("text")
        payload = base64.b64decode(record["base64"]) if text is None else str(text).encode()
        if identify(payload) != record["id"]:
            raise ImportRefused(f"blob {record['id']} is not what its id says")
        write_blob(self._connection, record["id"], payload)

    def _command(self, record: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO command VALUES (?, ?, ?, ?, ?)",
            (
                str(record["id"]),
                int(record["firstSeq"]),
                int(record["lastSeq"]),
                int(record["at"]),
                json.dumps(record["versions"]),
            ),
        )

    def _run(self, record: dict[str, Any]) -> None:
        memory = record["memory"]
        self._connection.execute(
            "INSERT INTO run (id, position, sent, memory) VALUES (?, ?, ?, ?)",
            (
                str(record["id"]),
                int(record["position"]),
                int(record["sent"]),
                None if memory is None else base64.b64decode(memory),
            ),
        )

    def _outbox(self, record: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO outbox VALUES (?, ?, ?)",
            (str(record["runId"]), int(record["n"]), base64.b64decode(record["data"])),
        )

    def _follower(self, record: dict[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO follower VALUES (?, ?)", (str(record["name"]), int(record["seq"]))
        )
