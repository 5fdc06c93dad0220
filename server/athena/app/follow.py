"""Subscriptions: each follows the log from its own position, so a slow client misses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable

from athena.app.hub import Hub
from athena.app.writing import Writing
from athena.border import Connection
from athena.harness.driver import TextDelta
from athena.log import EventLog, LogClosed, LogUnavailable, StoredEvent, with_heads
from athena.protocol.agent import AgentView
from athena.protocol.events import Event
from athena.protocol.problem import Problem
from athena.protocol.transcript import EventBatch, EventDelta, EventLagged, Subscribe

BATCH = "athena/event/batch"
DELTA = "athena/event/delta"
LAGGED = "athena/event/lagged"
PROBLEM = "athena/system/problem"

PAGE = 500
MOST_BEHIND = 20_000
"""A follower further behind is told to start anew, which is cheaper for both than catching up."""

DELTA_INTERVAL = 0.03
AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)


def event_of(stored: StoredEvent) -> Event:
    """An event as clients see it: of a long text its beginning."""
    # Most events have no long text, and each is told to each who follows.
    data = with_heads(stored.data) if stored.cut else stored.data
    return Event(
        seq=stored.seq,
        agent_id=stored.stream,
        version=stored.version,
        at=stored.at,
        kind=stored.kind,
        v=stored.v,
        data=data,
        truncated=stored.cut and data != stored.data,
    )


class Follower:
    """One subscription of one client."""

    def __init__(
        self,
        subscription_id: str,
        connection: Connection,
        wanted: Subscribe,
        agents: list[str] | None,
        log: EventLog,
        hub: Hub,
        view: Callable[[str], AgentView | None],
    ) -> None:
        self.id = subscription_id
        self.connection = connection
        self._wanted = wanted
        self._agents = agents
        self._log = log
        self._hub = hub
        self._view = view
        self._cursor = 0
        self._writing = Writing()
        self._spoken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, cursor: int) -> None:
        """Begin to follow from `cursor`."""
        self._cursor = cursor
        self._tasks.append(asyncio.create_task(self._lead()))
        if self._wanted.deltas:
            self._hub.listen(self._heard)
            self._tasks.append(asyncio.create_task(self._speak()))

    async def stop(self) -> None:
        """End the subscription."""
        self._hub.leave(self._heard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _lead(self) -> None:
        """Follow; whatever goes wrong, the client is not left waiting for ever."""
        try:
            await self._follow()
        except LogClosed:
            return
        except Exception:
            logger.exception("subscription %s ends", self.id)
            await self._tell_to_begin_anew(self._log.head)

    async def _tell_to_begin_anew(self, head: int) -> None:
        lagged = EventLagged(subscription_id=self.id, cursor=self._cursor, head=head)
        await self.connection.notify(LAGGED, lagged.wire(), droppable=False)

    async def _follow(self) -> None:
        pause = self._wanted.interval_ms / 1000
        while True:
            head = await self._log.wait_beyond(self._cursor)
            if await self._behind(head) > MOST_BEHIND:
                await self._tell_to_begin_anew(head)
                return
            try:
                stored = await self._log.read(
                    self._cursor,
                    upto=head,
                    limit=PAGE,
                    streams=self._agents,
                    kinds=self._wanted.kinds,
                )
            except LogUnavailable as error:
                logger.warning("subscription %s waits for the log: %s", self.id, error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            cursor = stored[-1].seq if stored else head
            if stored and not await self._send(cursor, stored):
                return
            self._cursor = cursor
            if stored and pause:
                await asyncio.sleep(pause)

    async def _behind(self, head: int) -> int:
        """How many events may lie between: of chosen agents never more than they have in all."""
        behind = head - self._cursor
        if self._agents is None or behind <= MOST_BEHIND:
            return behind
        return min(behind, sum([await self._log.version(agent) for agent in self._agents]))

    async def _send(self, cursor: int, stored: list[StoredEvent]) -> bool:
        touched = dict.fromkeys(s.stream for s in stored)
        batch = EventBatch(
            subscription_id=self.id,
            cursor=cursor,
            events=[event_of(s) for s in stored],
            agents=[v for v in map(self._view, touched) if v is not None],
        )
        return await self.connection.notify(BATCH, batch.wire(), droppable=False)

    def _heard(self, agent_id: str, deltas: Iterable[TextDelta]) -> None:
        if self._agents is not None and agent_id not in self._agents:
            return
        for delta in deltas:
            self._writing.grow(agent_id, delta.item_id, delta.whole)
        self._spoken.set()

    async def _speak(self) -> None:
        """Send what was said since the last time, one notification for all of it."""
        while True:
            await self._spoken.wait()
            self._spoken.clear()
            told = EventDelta(subscription_id=self.id, deltas=self._writing.take())
            if not await self.connection.notify(DELTA, told.wire(), droppable=True):
                self._writing.forget()
            await asyncio.sleep(max(DELTA_INTERVAL, self._wanted.interval_ms / 1000))


class Subscriptions:
    """The subscriptions of all clients."""

    def __init__(self, log: EventLog, hub: Hub, view: Callable[[str], AgentView | None]) -> None:
        self._log = log
        self._hub = hub
        self._view = view
        self._of: dict[str, dict[str, Follower]] = defaultdict(dict)
        self._count = 0

    def open(
        self, connection: Connection, wanted: Subscribe, agents: list[str] | None, cursor: int
    ) -> str:
        """Begin a subscription and return its id."""
        self._count += 1
        name = f"s{self._count}"
        follower = Follower(name, connection, wanted, agents, self._log, self._hub, self._view)
        self._of[connection.id][name] = follower
        follower.start(cursor)
        return name

    async def close(self, connection: Connection, subscription_id: str) -> bool:
        """End a subscription; False when the client has none of that name."""
        follower = self._of[connection.id].pop(subscription_id, None)
        if follower is not None:
            await follower.stop()
        return follower is not None

    async def close_all(self, connection: Connection) -> None:
        """End all subscriptions of a client that is gone."""
        for follower in self._of.pop(connection.id, {}).values():
            await follower.stop()

    async def problem(self, problem: Problem) -> None:
        """Tell each client that follows anything of a lasting problem of the daemon's."""
        for followers in tuple(self._of.values()):
            for follower in tuple(followers.values())[:1]:
                await follower.connection.notify(PROBLEM, problem.wire(), droppable=True)
