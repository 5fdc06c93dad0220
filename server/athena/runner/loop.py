"""One `poll` and callbacks by descriptor. Nothing is queued, so nothing can grow."""

from __future__ import annotations

import select

from .lean import Callable

READ = 1
WRITE = 2

Callback = Callable[[int], None]


class Loop:
    """Waits on descriptors and calls back."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._callbacks: dict[int, Callback] = {}

    def watch(self, descriptor: int, events: int, callback: Callback) -> None:
        """Call `callback(events)` whenever the descriptor is ready; no events: stop to watch it."""
        if events:
            wanted = (select.POLLIN if events & READ else 0) | (
                select.POLLOUT if events & WRITE else 0
            )
            self._callbacks[descriptor] = callback
            self._poll.register(descriptor, wanted)
        elif self._callbacks.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def turn(self, timeout: float | None) -> None:
        """Wait for at most `timeout` seconds and serve what is ready."""
        # Rounded up, or the last millisecond before a deadline would be spent in circles.
        patience = None if timeout is None else int(timeout * 1000) + 1
        served = dict(self._callbacks)
        for descriptor, found in self._poll.poll(patience):
            callback = self._callbacks.get(descriptor)
            # An earlier callback of this turn may have closed this descriptor.
            if callback is None or callback is not served.get(descriptor):
                continue
            # An end or an error is for whoever reads, and for whoever writes.
            ready = (READ if found & ~select.POLLOUT else 0) | (
                WRITE if found & ~select.POLLIN else 0
            )
            callback(ready)
