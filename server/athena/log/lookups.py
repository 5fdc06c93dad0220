"""Small reads beside the events: runs, outbox, snapshots, positions, the list of streams."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import zstandard

from athena.log.model import Appended, Ingest, OutFrame, Snapshot, StreamHead


def ingest_state(connection: sqlite3.Connection, run_id: str) -> Ingest | None:
    row = connection.execute("SELECT position, memory FROM run WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else Ingest(run_id, row[0], row[1] or b"")


def command(connection: sqlite3.Connection, command_id: str) -> Appended | None:
    """What a command became when it was carried out, None for one that never was."""
    found = connection.execute(
        "SELECT first_seq, last_seq, at, versions FROM command WHERE id = ?", (command_id,)
    ).fetchone()
    if found is None:
        return None
    first_seq, last_seq, at, versions = found
    return Appended(first_seq, last_seq, at, json.loads(versions), duplicate=True)


def outbox_after(connection: sqlite3.Connection, run_id: str, n: int) -> list[OutFrame]:
    found = connection.execute(
        "SELECT n, data FROM outbox WHERE run_id = ? AND n > ? ORDER BY n", (run_id, n)
    )
    return [OutFrame(run_id, number, data) for number, data in found]


def last_sent(connection: sqlite3.Connection, run_id: str) -> int:
    row = connection.execute("SELECT sent FROM run WHERE id = ?", (run_id,)).fetchone()
    return 0 if row is None else int(row[0])


def runs(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT id FROM run ORDER BY id")]


def snapshots(
    connection: sqlite3.Connection, name: str, keys: Sequence[str] | None, schema: int
) -> dict[str, Snapshot]:
    """The snapshots of a name by key, those of another schema left out."""
    query = "SELECT key, seq, data FROM snapshot WHERE name = ? AND schema = ?"
    if keys is None:
        found = connection.execute(query, (name, schema)).fetchall()
    else:
        one = f"{query} AND key = ?"
        rows = (connection.execute(one, (name, schema, key)).fetchone() for key in keys)
        found = [row for row in rows if row is not None]
    decompress = zstandard.ZstdDecompressor().decompress
    return {key: Snapshot(key, seq, decompress(packed)) for key, seq, packed in found}


def position(connection: sqlite3.Connection, follower: str) -> int:
    row = connection.execute("SELECT seq FROM follower WHERE name = ?", (follower,)).fetchone()
    return 0 if row is None else int(row[0])


def positions(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, seq FROM follower ORDER BY name").fetchall())


def streams(connection: sqlite3.Connection, prefix: str) -> list[StreamHead]:
    """All streams whose name begins with `prefix`, in the order in which they began."""
    found = connection.execute(
        "SELECT s.name, "
        "coalesce((SELECT max(version) FROM event WHERE stream_id = s.id), 0), "
        "coalesce((SELECT max(last_version) FROM segment WHERE stream_id = s.id), 0) "
        "FROM stream s WHERE substr(s.name, 1, ?) = ? ORDER BY s.id",
        (len(prefix), prefix),
    )
    return [StreamHead(name, max(live, archived), archived) for name, live, archived in found]
