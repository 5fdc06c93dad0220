"""From a path to a database that can be written: made, recognized, migrated, tried."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from athena.log.connection import Connection, connect
from athena.log.errors import LogUnavailable
from athena.log.health import newer_schema
from athena.log.lockfile import FileLock
from athena.log.schema import Migration, NewerSchema, check_owner, migrate, schema_version
from athena.log.transaction import Memory

WAL_LIMIT_BYTES = 64 << 20


@dataclass(slots=True)
class Opening:
    """How the writer gets its connection, the first time and after trouble."""

    path: Path
    lock: FileLock
    backups: Path
    busy_timeout: float
    migrations: Sequence[Migration]

    async def writer(self, memory: Memory) -> Connection:
        """A connection that has proved it can write.

        Raises `LogInUse`, `NotAnEventLog`, `LogUnavailable` for a newer schema, and what SQLite
        and the file system raise.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.lock.held:
            self.lock.acquire()
        # Made by us and not by SQLite, so that it is private from the start.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return await connect(
            self.path,
            "rw",
            busy_timeout=self.busy_timeout,
            prepare=partial(self._prepare, memory=memory),
        )

    def _prepare(self, connection: sqlite3.Connection, memory: Memory) -> None:
        check_owner(connection, self.path)
        found = schema_version(connection)
        backup = self.backups / f"{self.path.stem}-before-schema-{len(self.migrations)}.db"
        try:
            if found <= len(self.migrations):
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            migrate(connection, backup, self.migrations)
        except NewerSchema as newer:
            raise LogUnavailable(newer_schema(self.path, newer.found, newer.known)) from None
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        memory.reload(connection)
