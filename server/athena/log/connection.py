"""aiosqlite connections that run one function per hop to their thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast
from urllib.parse import quote

import aiosqlite

P = ParamSpec("P")
T = TypeVar("T")

Mode = Literal["rw", "ro", "immutable"]

CACHE_KIB = 8 * 1024
STATEMENTS = 256


class Connection(aiosqlite.Connection):
    """An aiosqlite connection with one verb more: `run`.

    Each call of aiosqlite costs a hop to the connection's thread and back. A transaction of many
    statements would pay that many times, so `run` hands a whole function over.
    `docs/decisions/0002-one-hop-per-transaction.md` has the measurements.
    """

    stopped: asyncio.Future[object] | None = None

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # A program that ends by an exception, without closing the log, shall end all the same.
        self._thread.daemon = True

    def stop(self) -> asyncio.Future[object] | None:
        """As aiosqlite's, and remembered: its `connect` drops the future when opening fails."""
        stop = cast("Callable[[], asyncio.Future[object] | None]", super().stop)  # pyright: ignore[reportUnknownMemberType]
        self.stopped = stop()
        return self.stopped

    async def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `function(connection, ...)` on the connection's thread; its errors come through.

        A caller that is cancelled does not stop the function.
        """
        execute = cast("Callable[..., Awaitable[T]]", self._execute)  # pyright: ignore[reportUnknownMemberType]
        return await execute(function, self._conn, *args, **kwargs)


async def connect(
    path: Path,
    mode: Mode,
    *,
    busy_timeout: float,
    prepare: Callable[[sqlite3.Connection], None] | None = None,
) -> Connection:
    """Open `path`; `prepare` runs on the new connection's thread, its errors close it again."""
    parameters = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"file:{quote(str(path.absolute()))}?{parameters}"

    def connector() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            cached_statements=STATEMENTS,
            timeout=busy_timeout,
        )
        try:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            if prepare is not None:
                prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    opening = Connection(connector)
    try:
        await opening
    except BaseException:
        if opening.stopped is not None:
            await opening.stopped
        raise
    return opening
