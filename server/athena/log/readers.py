"""Read-only connections, opened as they are needed and shared by all who read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from athena.log.connection import Connection, connect
from athena.log.errors import LogClosed, LogUnavailable
from athena.log.health import Health, LogState, classify
from athena.log.rows import within_snapshot

P = ParamSpec("P")
T = TypeVar("T")

UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class Readers:
    """At most `size` connections; the one used last is taken first, so that few stay warm."""

    def __init__(
        self,
        health: Health,
        size: int,
        busy_timeout: float,
        trouble: Callable[[LogState], None],
    ) -> None:
        self.reads = 0
        self._health = health
        self._busy_timeout = busy_timeout
        self._trouble = trouble
        self._size = size
        self._places = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._frozen: set[Connection] = set()
        self._closed = False

    async def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function with a connection that sees one state of the database throughout.

        Raises `LogUnavailable` where the database cannot be read.
        """
        self.reads += 1
        async with self._places:
            if self._closed:
                raise LogClosed
            with self.explained():
                connection = await self._take()
                try:
                    return await connection.run(within_snapshot, function, *args, **kwargs)
                finally:
                    await self._give_back(connection)

    @asynccontextmanager
    async def dedicated(self) -> AsyncGenerator[Connection]:
        """A connection for long work, which keeps nobody else from reading."""
        if self._closed:
            raise LogClosed
        with self.explained():
            connection = await self._connect()
        try:
            yield connection
        finally:
            await self._discard(connection)

    async def close(self) -> None:
        """Close all connections; long work on a dedicated one is interrupted."""
        self._closed = True
        for connection in list(self._open):
            await connection.interrupt()
        for _ in range(self._size):
            await self._places.acquire()
        while self._idle:
            await self._discard(self._idle.pop())
        for _ in range(self._size):
            self._places.release()

    @contextmanager
    def explained(self) -> Generator[None]:
        """Turn errors of SQLite into `LogUnavailable`, where they are not mistakes of ours."""
        try:
            yield
        except sqlite3.Error as error:
            if self._closed:
                raise LogClosed from error
            state = classify(error, self._health.path)
            if state is not None and state.name == "damaged":
                self._trouble(state)
            if not self._health.state.ok:
                raise LogUnavailable(self._health.state) from error
            if state is not None:
                raise LogUnavailable(state) from error
            raise

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection not in self._frozen or not self._health.state.ok:
                return connection
            # It sees the file as it was when nobody could write to it.
            self._frozen.discard(connection)
            await self._discard(connection)
        return await self._connect()

    async def _discard(self, connection: Connection) -> None:
        self._open.discard(connection)
        await connection.close()

    async def _give_back(self, connection: Connection) -> None:
        if self._closed:
            await self._discard(connection)
        else:
            self._idle.append(connection)

    async def _connect(self) -> Connection:
        path = self._health.path
        try:
            connection = await connect(
                path, "ro", busy_timeout=self._busy_timeout, prepare=_readable
            )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in UNWRITABLE or wal_size(path):
                raise
            # A WAL database in a folder that cannot be written: with an empty WAL it is all there.
            connection = await connect(
                path, "immutable", busy_timeout=self._busy_timeout, prepare=_readable
            )
            self._frozen.add(connection)
        self._open.add(connection)
        return connection


def _readable(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def wal_size(path: Path) -> int:
    """The bytes in the write-ahead log: more than none at the start means an unclean stop."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0
