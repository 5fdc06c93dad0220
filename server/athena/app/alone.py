"""The first start of a harness in a home, which some harnesses must be alone for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable

from athena.runs import Run

START_SECONDS = 20.0
"""A harness that comes to no session for so long does not keep others from starting."""


class FirstStarts:
    """Lets the first start of each key come to a session before the next one begins.

    A harness that makes or migrates a database in the user's home when it starts fails when
    another one does so at the same time. Once one has a session in the life of this daemon, the
    database is there and up to date.
    """

    def __init__(self) -> None:
        self._locks: defaultdict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._over: set[Hashable] = set()
        self._under_way: dict[str, tuple[Hashable, asyncio.TimerHandle]] = {}

    async def open(self, key: Hashable, run_id: str, start: Callable[[], Awaitable[Run]]) -> Run:
        """What `start` returns; it is not called while another first start is under way.

        Call `ended` when the run has a session, and when it is over.
        """
        if key not in self._over:
            await self._locks[key].acquire()
            loop = asyncio.get_running_loop()
            timer = loop.call_later(START_SECONDS, self.ended, run_id, True)
            self._under_way[run_id] = key, timer
            if key in self._over:
                self.ended(run_id, True)
        try:
            return await start()
        except BaseException:
            self.ended(run_id, False)
            raise

    def ended(self, run_id: str, has_session: bool) -> None:
        """The start of a run came to its end."""
        found = self._under_way.pop(run_id, None)
        if found is None:
            return
        key, timer = found
        timer.cancel()
        if has_session:
            self._over.add(key)
        self._locks[key].release()
