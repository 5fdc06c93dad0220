"""One selector and callbacks by descriptor. Nothing is queued, so nothing can grow."""

from __future__ import annotations

import selectors
from collections.abc import Callable

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

Callback = Callable[[int], None]


class Loop:
    """Waits on descriptors and calls back."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, descriptor: int, events: int, callback: Callback) -> None:
        """Call `callback(events)` whenever the descriptor is ready; no events: stop to watch it."""
        known = self._selector.get_map().get(descriptor)
        if known is None:
            if events:
                self._selector.register(descriptor, events, callback)
        elif not events:
            self._selector.unregister(descriptor)
        elif known.events != events or known.data != callback:
            self._selector.modify(descriptor, events, callback)

    def turn(self, timeout: float | None) -> None:
        """Wait for at most `timeout` seconds and serve what is ready."""
        for key, events in self._selector.select(timeout):
            # An earlier callback of this turn may have closed this descriptor.
            if self._selector.get_map().get(key.fd) is key:
                key.data(events)
