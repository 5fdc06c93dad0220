"""The transcript: items in the order in which they began, folded from an agent's events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from athena.protocol import events as e
from athena.protocol.events import Event, parse_event
from athena.protocol.items import Item
from athena.protocol.transcript import TranscriptItem, TurnView

KINDS = (
    e.ItemStarted.KIND,
    e.ItemUpdated.KIND,
    e.ItemCompleted.KIND,
    e.TurnStarted.KIND,
    e.TurnEnded.KIND,
)
"""The kinds of events that a transcript is made of."""

INSTANT = ("userMessage", "notice", "unrecognized")
"""Types of items that have no beginning of their own: one event says all of them."""

_ITEM: TypeAdapter[Any] = TypeAdapter(Item)


class Transcript:
    """Items and turns of one agent, folded from consecutive events (a part of them will do).

    An item whose beginning is not among the events is placed where it was first mentioned, and
    `begun` does not hold it.
    """

    def __init__(self) -> None:
        self.items: dict[str, TranscriptItem] = {}
        self.turns: dict[str, TurnView] = {}
        self.begun: set[str] = set()

    def add(self, events: Iterable[Event]) -> None:
        """Fold events, in order."""
        for event in events:
            self._add(event)

    def placed(self, item: TranscriptItem) -> bool:
        """Whether the item's true beginning was among the events."""
        return item.item_id in self.begun or item.item.type in INSTANT

    def _add(self, event: Event) -> None:
        match parse_event(event.kind, event.data):
            case e.ItemStarted() as data:
                self.begun.add(data.item_id)
                self.items[data.item_id] = TranscriptItem(
                    item_id=data.item_id,
                    turn_id=data.turn_id,
                    version=event.version,
                    seq=event.seq,
                    at=event.at,
                    open=True,
                    truncated=event.truncated,
                    item=data.item,
                )
            case e.ItemUpdated() as data:
                known = self.items.get(data.item_id)
                if known is not None:
                    self.items[data.item_id] = known.model_copy(
                        update={"item": changed(known.item, data.changes)}
                    )
            case e.ItemCompleted() as data:
                self._complete(event, data)
            case e.TurnStarted() as data:
                self.turns[data.turn_id] = TurnView(
                    turn_id=data.turn_id,
                    run_id=data.run_id,
                    prompt_id=data.prompt_id,
                    seq=event.seq,
                    started_at=event.at,
                )
            case e.TurnEnded() as data:
                turn = self.turns.get(data.turn_id)
                if turn is not None:
                    self.turns[data.turn_id] = turn.model_copy(
                        update={
                            "ended_at": event.at,
                            "stop_reason": data.stop_reason,
                            "usage": data.usage,
                            "cost": data.cost,
                            "error": data.error,
                        }
                    )
            case _:
                pass

    def _complete(self, event: Event, data: e.ItemCompleted) -> None:
        known = self.items.get(data.item_id)
        if known is None:
            self.items[data.item_id] = TranscriptItem(
                item_id=data.item_id,
                turn_id=data.turn_id,
                version=event.version,
                seq=event.seq,
                at=event.at,
                ended_at=event.at,
                truncated=event.truncated,
                item=data.item,
            )
            return
        done: dict[str, Any] = {"item": data.item, "open": False, "ended_at": event.at}
        done["truncated"] = event.truncated
        self.items[data.item_id] = known.model_copy(update=done)


def changed(item: Item, changes: dict[str, Any]) -> Item:
    """An item with some fields replaced. Changes that do not fit the item leave it as it was."""
    try:
        return _ITEM.validate_python({**item.wire(), **changes})
    except ValueError:
        return item


def text(item: Item) -> str:
    """All words of an item, for searching."""
    return "\n".join(strings(item.wire()))


def strings(value: object) -> Iterable[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from strings(part)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from strings(part)  # pyright: ignore[reportUnknownArgumentType]
