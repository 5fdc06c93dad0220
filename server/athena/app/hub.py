"""Who wants to hear of text as it is being written. Deltas are never stored and may be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from athena.harness.driver import TextDelta

Listener = Callable[[str, Iterable[TextDelta]], None]


class Hub:
    """Hands deltas from the agents to the subscriptions that asked for them."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def listen(self, listener: Listener) -> None:
        """Call `listener(agent id, deltas)` for all deltas from now on."""
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Stop calling it."""
        self._listeners.discard(listener)

    def publish(self, agent_id: str, deltas: Iterable[TextDelta]) -> None:
        """Tell everybody who listens."""
        for listener in tuple(self._listeners):
            listener(agent_id, deltas)
