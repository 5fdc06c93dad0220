"""Work that goes on: to its end when whoever asked for it gives up, or as long as the daemon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from athena.log import LogError
from athena.protocol.errors import AthenaError

T = TypeVar("T")
logger = logging.getLogger(__name__)

FINISH_SECONDS = 3.0
AGAIN_SECONDS = 2.0


class Steady:
    """Runs what must not end half-way, such as what is on its way into the log."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of `work`. Cancelling the caller does not cancel the work."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait until nothing is under way. What takes too long, as a push may, is cancelled."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        # Read here, because a caller that gave up reads it nowhere.
        if not task.cancelled() and (error := task.exception()):
            logger.debug("ended with an error: %r", error)


async def always(work: Callable[[], Coroutine[Any, Any, None]], what: str) -> None:
    """Do what is to go on as long as the daemon: a fault is logged, and it begins anew."""
    while True:
        try:
            await work()
        except (LogError, AthenaError) as error:
            logger.warning("%s waits: %s", what, error)
        except Exception:
            logger.exception("%s failed and begins anew", what)
        await asyncio.sleep(AGAIN_SECONDS)
