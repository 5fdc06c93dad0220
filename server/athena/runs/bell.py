"""Something changed: wake everyone who waits. What changed is for them to look up."""

from __future__ import annotations

import asyncio


class Bell:
    """No ring is missed: note `rings` before looking, and `wait` for a later one."""

    def __init__(self) -> None:
        self.rings = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        self.rings += 1
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def wait(self, heard: int) -> None:
        """Return when it has rung since it had rung `heard` times."""
        if self.rings != heard:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
