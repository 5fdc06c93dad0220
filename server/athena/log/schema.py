"""The tables of the event database and the numbered steps that lead to them.

A step is only added, never edited. It runs in one transaction with the rise of `user_version`;
before the first step on a database that holds data, a copy is put into the backups folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.log.backup import copy_into
from athena.log.errors import NotAnEventLog

APPLICATION_ID = (
    0x41544841  # "ATHA" in the file's header, see https://www.sqlite.org/fileformat2.html
)


@dataclass(frozen=True, slots=True)
class Migration:
    """A step of the schema: its SQL statements, without transaction control."""

    name: str
    statements: tuple[str, ...]


FIRST = Migration(
    "the first schema",
    (
        "CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """CREATE TABLE event (
            seq INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            version INTEGER NOT NULL,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            v INTEGER NOT NULL,
            data TEXT NOT NULL,
            command_id TEXT)""",
        "CREATE UNIQUE INDEX event_stream ON event (stream_id, version)",
        # Old events of a stream, compressed; always the beginning of the stream.
        """CREATE TABLE segment (
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            first_version INTEGER NOT NULL,
            last_version INTEGER NOT NULL,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            data BLOB NOT NULL)""",
        "CREATE UNIQUE INDEX segment_stream ON segment (stream_id, first_version)",
        "CREATE INDEX segment_seq ON segment (last_seq, first_seq)",
        # What an append of a command became, for the second time the same command comes.
        """CREATE TABLE command (
            id TEXT PRIMARY KEY,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            at INTEGER NOT NULL,
            versions TEXT NOT NULL) WITHOUT ROWID""",
        # `sent` is the highest outbox number ever given out, pruned ones included.
        """CREATE TABLE run (
            id TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            memory BLOB)""",
        """CREATE TABLE outbox (
            run_id TEXT NOT NULL REFERENCES run (id),
            n INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (run_id, n))""",
        "CREATE TABLE blob (id TEXT PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL)",
        """CREATE TABLE snapshot (
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            schema INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (name, key))""",
        """CREATE TABLE follower (
            name TEXT PRIMARY KEY,
            seq INTEGER NOT NULL) WITHOUT ROWID""",
        # Written and emptied to find out whether a full disk has room again.
        "CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL)",
    ),
)

MIGRATIONS: tuple[Migration, ...] = (FIRST,)


class NewerSchema(Exception):
    """The database has steps that this program does not know."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"schema {found} is newer than {known}")
        self.found = found
        self.known = known


def schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `NotAnEventLog` for another program's database, before anything is written to it."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise NotAnEventLog(path)


def migrate(
    connection: sqlite3.Connection, backup: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Bring the schema up to date; `backup` is where a copy goes before old data is changed."""
    found = schema_version(connection)
    if found > len(migrations):
        raise NewerSchema(found, len(migrations))
    if found == len(migrations):
        return
    if found > 0 and not backup.exists():
        copy_into(connection, backup)
    for number, migration in enumerate(migrations[found:], found + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
