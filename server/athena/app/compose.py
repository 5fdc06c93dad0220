"""The core behind the doors: opens the log, revives the agents, answers requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from athena.app import settings
from athena.app.actor import AgentActor
from athena.app.authorship import Authorship
from athena.app.checkpoints import Pruning
from athena.app.collisions import CollisionWatch
from athena.app.context import Context
from athena.app.directory import Directory
from athena.app.dispatch import dispatch
from athena.app.epoch import next_epoch
from athena.app.follow import Subscriptions
from athena.app.hub import Hub
from athena.app.launching import Launcher
from athena.app.leftovers import Leftovers
from athena.app.notification import DesktopTeller, WebhookTeller
from athena.app.patience import Patience
from athena.app.places import KnownPlaces
from athena.app.problems import Problems
from athena.app.stall import StallWatch
from athena.app.states import open_cache
from athena.app.steady import always
from athena.border import Connection, StartupError
from athena.core.state import AgentState
from athena.log import EventLog, LogError
from athena.protocol.agent import Status
from athena.protocol.methods import METHODS

logger = logging.getLogger(__name__)

AT_WORK = {Status.STARTING, Status.WORKING, Status.NEEDS_PERMISSION, Status.NEEDS_INPUT}
UPKEEP_SECONDS = 600


class AthenaCore:
    """`athena.border.Core` over one state directory."""

    def __init__(self, state_dir: Path, progress: Callable[[str], None]) -> None:
        self._state_dir = state_dir
        self._progress = progress
        self._context: Context | None = None
        self._idle_seconds = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def context(self) -> Context:
        """The context, once started."""
        assert self._context is not None
        return self._context

    async def start(self) -> None:
        """Open the log and take up what the last daemon left."""
        limits = settings.limits()
        try:
            log = await EventLog.open(self._state_dir / "athena.db")
        except LogError as error:
            raise StartupError(str(error)) from error
        self._idle_seconds = limits.idle_exit_seconds
        cache = open_cache(log, limits.cache_bytes)
        context = Context(state_dir=self._state_dir, log=log, cache=cache, hub=Hub())
        self._context = context
        context.authorship = Authorship()
        context.places = KnownPlaces(log)
        context.collisions = CollisionWatch(context)
        context.launcher = Launcher(context, next_epoch(self._state_dir, context.clock()))
        directory = Directory(
            self._load, lambda agent_id, state: AgentActor(context, agent_id, state)
        )
        context.directory = directory
        context.subscriptions = Subscriptions(log, context.hub, directory.view)
        context.problems = Problems(self._state_dir, context.subscriptions.problem)
        await self._list_agents()
        await self._revive()
        self._tasks = [
            asyncio.create_task(always(work, what))
            for what, work in (
                ("the watch for stalled agents", StallWatch(context).run),
                ("the watch over open requests", Patience(context).run),
                ("telling the desktop", DesktopTeller(context).run),
                ("telling the webhook", WebhookTeller(context).run),
                ("the watch for collisions", context.collisions.run),
                ("the pruning of checkpoints", Pruning(context).run),
                ("forgetting old runs", Leftovers(context).run),
                ("the upkeep", self._upkeep),
            )
        ]

    async def _load(self, agent_id: str) -> AgentState | None:
        state, _ = await self.context.cache.get(agent_id)
        return state

    async def _list_agents(self) -> None:
        """Fill the directory, newest agents last in the cache so that they stay in it."""
        heads = await self.context.log.streams()
        with contextlib.suppress(ValueError):  # It is told below, for the agent that it is of.
            await self.context.cache.warm([h.stream for h in reversed(heads)])
        for head in heads:
            try:
                state = self.context.cache.peek(head.stream) or await self._load(head.stream)
            except ValueError as error:
                # As of a newer Athena. The others are there all the same.
                logger.error("agent %s cannot be read, and is left out: %s", head.stream, error)
                continue
            if state is not None:
                self.context.directory.changed(state)

    async def _revive(self) -> None:
        """Take up the agents that have a process or should have one."""
        due = [
            v.id
            for v in self.context.directory.views()
            if v.run_id or v.scripts or v.status in AT_WORK
        ]
        actors = await asyncio.gather(*(self.context.directory.actor(i) for i in due))
        await _each(actors, AgentActor.revive)

    async def _upkeep(self) -> None:
        """What is due now and then: the daily backup, and letting go of agents at rest."""
        while True:
            try:
                if self.context.log.daily_backup_due():
                    await self.context.log.backup()
            except (LogError, OSError) as error:
                logger.warning("the daily backup failed: %s", error)
            await asyncio.sleep(UPKEEP_SECONDS)
            self.context.directory.release_idle()

    async def stop(self) -> None:
        """Let go of the runs, which go on, and close the log."""
        if self._context is None:
            return  # It was told to end before the log was open.
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.context.steady.finish()
        await _each(self.context.directory.actors(), AgentActor.detach)
        await self.context.cache.flush()
        await self.context.log.close()

    def idle_seconds(self) -> float:
        """The user's setting, as it was at the start."""
        return self._idle_seconds

    def busy(self) -> bool:
        """Whether an agent is at work."""
        return any(v.status in AT_WORK for v in self.context.directory.views())

    def methods(self) -> Iterable[str]:
        """The names of all methods."""
        return [m.name for m in METHODS]

    def connected(self, connection: Connection) -> None:
        """A client is there."""
        self.context.connections += 1

    async def disconnected(self, connection: Connection) -> None:
        """A client is gone."""
        self.context.connections -= 1
        await self.context.subscriptions.close_all(connection)

    async def dispatch(self, connection: Connection, method: str, params: object) -> object:
        """Answer one request."""
        return await dispatch(self.context, connection, method, params)


async def _each(
    actors: Sequence[AgentActor], work: Callable[[AgentActor], Awaitable[None]]
) -> None:
    """Do it with all of them at once. A fault with one is no matter for the others."""
    outcomes = await asyncio.gather(*map(work, actors), return_exceptions=True)
    for actor, fault in zip(actors, outcomes, strict=True):
        if isinstance(fault, BaseException):
            logger.error("agent %s: %s failed", actor.agent_id, work.__name__, exc_info=fault)


def compose(state_dir: Path, progress: Callable[[str], None]) -> AthenaCore:
    """The core of a state directory (`athena.border.Compose`)."""
    return AthenaCore(state_dir, progress)
