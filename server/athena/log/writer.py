"""The one writer: jobs that wait are committed together, as many as came during the last commit."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from athena.log.connection import Connection
from athena.log.errors import LogClosed, LogError, LogUnavailable
from athena.log.health import OK, Health, LogState, classify
from athena.log.transaction import Failure, Job, Memory, commit_group

T = TypeVar("T")

MAX_GROUP = 1024
PROBE_BYTES = 64 * 1024


@dataclass(slots=True)
class WriterMetrics:
    """Counters since the start; seconds are those spent inside transactions."""

    groups: int = 0
    jobs: int = 0
    largest_group: int = 0
    commit_seconds: float = 0.0
    refused: int = 0


class Writer:
    """Owns the writing connection. `connect` makes a new one, now or once the trouble is over."""

    def __init__(
        self,
        connect: Callable[[Memory], Awaitable[Connection]],
        health: Health,
        probe_interval: float,
        committed: Callable[[int], None],
    ) -> None:
        self.memory = Memory(health.path)
        self.metrics = WriterMetrics()
        self._connect = connect
        self._health = health
        self._probe_interval = probe_interval
        self._committed = committed
        self._connection: Connection | None = None
        self._queue: deque[tuple[Job[Any], asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def start(self) -> None:
        """Connect, or go into the state that says why not; raises what only the caller can mend."""
        await self._try_connect()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._recover())]

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Have a job carried out. Cancelling does not take back what is on its way already."""
        if self._closing:
            raise LogClosed
        if not self._health.state.ok:
            raise LogUnavailable(self._health.state)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append((job, future))
        self._wake.set()
        return future

    async def drain(self) -> None:
        """Carry out what waits, and take nothing more."""
        self._closing = True
        self._wake.set()
        if self._tasks:
            writing, recovering = self._tasks
            await writing
            recovering.cancel()
            await asyncio.gather(recovering, return_exceptions=True)
            self._tasks = []

    async def close(self) -> None:
        """Close the connection, as the last of the process: that empties the WAL."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
            # Those whom the last commit woke queue up again before this turn of the loop is over.
            await asyncio.sleep(0)
            group = self._take()
            if group:
                await self._commit(group)

    def _take(self) -> list[tuple[Job[Any], asyncio.Future[Any]]]:
        group: list[tuple[Job[Any], asyncio.Future[Any]]] = []
        while self._queue and len(group) < MAX_GROUP:
            job, future = self._queue.popleft()
            if not future.done():
                group.append((job, future))
        return group

    async def _commit(self, group: list[tuple[Job[Any], asyncio.Future[Any]]]) -> None:
        connection, state = self._connection, self._health.state
        if connection is None or not state.ok:
            for _, future in group:
                if not future.done():
                    future.set_exception(LogUnavailable(state))
            return
        started = time.perf_counter()
        outcomes = await connection.run(commit_group, self.memory, [job for job, _ in group])
        metrics = self.metrics
        metrics.commit_seconds += time.perf_counter() - started
        metrics.groups += 1
        metrics.jobs += len(group)
        metrics.largest_group = max(metrics.largest_group, len(group))
        self._committed(self.memory.seq)
        for (_, future), outcome in zip(group, outcomes, strict=True):
            failed = isinstance(outcome, Failure)
            error = self._explain(outcome.error) if failed else None
            if future.done():
                continue
            if error is None:
                future.set_result(outcome)
            else:
                future.set_exception(error)

    def _explain(self, error: BaseException) -> BaseException:
        if isinstance(error, LogError):
            return error
        state = classify(error, self._health.path)
        if state is None:
            return error
        self.metrics.refused += 1
        self.trouble(state)
        return LogUnavailable(state)

    def trouble(self, state: LogState) -> None:
        """Stop writing for the reason given and, unless it lasts, see when it is over."""
        self._health.set(state)
        self._trouble.set()

    async def _recover(self) -> None:
        while True:
            await self._trouble.wait()
            if self._health.state.lasting:
                return
            await asyncio.sleep(self._probe_interval)
            try:
                if self._connection is None:
                    await self._try_connect()
                else:
                    await self._probe(self._connection)
            except (LogError, sqlite3.Error):
                # Trouble of another kind, as when somebody else has the lock now: the state stays.
                continue

    async def _try_connect(self) -> None:
        try:
            self._connection = await self._connect(self.memory)
        except LogUnavailable as error:
            self.trouble(error.state)
        except (sqlite3.Error, OSError) as error:
            state = classify(error, self._health.path)
            if state is None:
                raise
            self.trouble(state)
        else:
            self._well()

    async def _probe(self, connection: Connection) -> None:
        try:
            await connection.run(_probe, self.memory)
        except (sqlite3.Error, OSError) as error:
            self._health.set(classify(error, self._health.path) or self._health.state)
        else:
            self._well()

    def _well(self) -> None:
        self._trouble.clear()
        self._health.set(OK)
        self._committed(self.memory.seq)


def _probe(connection: sqlite3.Connection, memory: Memory) -> None:
    """Write some pages and take them back; raises what stands in the way.

    The checkpoint first: it may be all that a full disk needs, as it lets the WAL start over.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    for statement in (
        f"INSERT OR REPLACE INTO probe (id, data) VALUES (1, zeroblob({PROBE_BYTES}))",
        "DELETE FROM probe",
    ):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    memory.reload(connection)
