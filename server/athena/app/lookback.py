"""Reading a transcript from its end: items as they are found, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from athena.app.follow import event_of
from athena.log import StoredEvent
from athena.projections.transcript import Transcript, strings, text
from athena.protocol import events as e
from athena.protocol.events import Event
from athena.protocol.transcript import ReadTranscript, TranscriptItem, TurnView

MOST_CHUNKS = 5
"""For so many chunks the beginning of an item is looked for; then it is placed where it was met."""


class Lookback:
    """Folds a stream from its end, chunk by chunk; what it costs grows with what is read.

    What an item became is met before its beginning, so one that does not fit in the end is let go
    before anything of it is parsed.
    """

    def __init__(self, asked: ReadTranscript) -> None:
        self.items: list[TranscriptItem] = []
        """Those that fit and whose place is known, in no order."""
        self.turns: dict[str, TurnView] = {}
        self._asked = asked
        self._find = asked.find.lower() if asked.find is not None else None
        self._held: list[Event] = []
        """Events of items and turns whose beginning was not met yet, in order."""
        self._waited: dict[str, int] = {}
        self._rejected: set[str] = set()

    def add(self, newest_first: Sequence[StoredEvent]) -> None:
        """Take the events before all those that were given so far."""
        kept = [event_of(stored) for stored in newest_first if self._may_fit(stored)]
        folded = Transcript()
        folded.add([*reversed(kept), *self._held])
        self.turns |= folded.turns
        for found in folded.items.values():
            if folded.placed(found):
                self._settle(found)
            elif not self._goes_on_waiting(found.item_id):
                self._rejected.add(found.item_id)
                self._settle(found)
        events = [*reversed(kept), *self._held]
        self._held = [event for event in events if self._is_open(event, folded)]

    def finish(self) -> None:
        """There are no events before: place what is left where it was met."""
        folded = Transcript()
        folded.add(self._held)
        self._held = []
        for found in folded.items.values():
            self._settle(found)

    def _may_fit(self, stored: StoredEvent) -> bool:
        data = stored.data
        item_id = data.get("itemId")
        if not isinstance(item_id, str):
            return True
        if item_id in self._rejected:
            if stored.kind == e.ItemStarted.KIND:
                self._rejected.discard(item_id)
            return False
        if stored.kind != e.ItemCompleted.KIND or self._fits_raw(data):
            return True
        self._rejected.add(item_id)
        return False

    def _fits_raw(self, data: dict[str, object]) -> bool:
        asked, item = self._asked, cast("dict[str, object]", data["item"])
        if asked.turn_id is not None and data.get("turnId") != asked.turn_id:
            return False
        if asked.types is not None and item["type"] not in asked.types:
            return False
        find = self._find
        return find is None or any(find in part.lower() for part in strings(item))

    def _settle(self, item: TranscriptItem) -> None:
        if fits(item, self._asked):
            self.items.append(item)

    def _goes_on_waiting(self, item_id: str) -> bool:
        waited = self._waited.get(item_id, 0) + 1
        self._waited[item_id] = waited
        return waited <= MOST_CHUNKS

    def _is_open(self, event: Event, folded: Transcript) -> bool:
        """Whether what an event is about may still have its beginning before."""
        item_id = event.data.get("itemId")
        if item_id is None:
            return event.data["turnId"] not in self.turns
        if (found := folded.items.get(item_id)) is not None:
            return not folded.placed(found) and item_id not in self._rejected
        return self._goes_on_waiting(item_id)


def fits(item: TranscriptItem, asked: ReadTranscript) -> bool:
    """Whether an item is among those that were asked for."""
    if asked.types is not None and item.item.type not in asked.types:
        return False
    if asked.turn_id is not None and item.turn_id != asked.turn_id:
        return False
    return asked.find is None or asked.find.lower() in text(item.item).lower()
