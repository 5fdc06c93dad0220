"""`athena/transcript/locate`: where an item is, without reading those before it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from pydantic.alias_generators import to_camel

from athena.app.context import Context
from athena.border import Connection
from athena.log import EventLog
from athena.projections.places import KINDS, MEMBERS, Places
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import ItemPlace, LocateItem

CHUNK = 10_000
"""Events read at a time."""

NAMES = ("number", "version", "at", "item_id", "turn_id", "turn")
"""What an item is found by; one of them."""

MOST_ITEMS = 200_000
"""Items whose places are remembered, of all agents together; each needs about 160 bytes."""


class KnownPlaces:
    """The places of the agents that were asked for last, each read once and then gone on with."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._known: OrderedDict[str, Places] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, agent_id: str) -> Places:
        """The places of an agent's items, up to its last event."""
        async with self._lock:
            places = self._known.setdefault(agent_id, Places(agent_id))
            while mentions := await self._log.read_mentions(
                agent_id, MEMBERS, after_version=places.upto, limit=CHUNK, kinds=KINDS
            ):
                places.add(mentions)
            self._known.move_to_end(agent_id)
            self._make_room()
            return places

    def _make_room(self) -> None:
        items = sum(map(len, self._known.values()))
        while items > MOST_ITEMS and len(self._known) > 1:
            _, forgotten = self._known.popitem(last=False)
            items -= len(forgotten)


async def locate(context: Context, connection: Connection, asked: LocateItem) -> ItemPlace:
    """The place of the item that is asked for."""
    agent_id = context.directory.resolve(asked.agent)
    named = [n for n in NAMES if getattr(asked, n) is not None]
    if len(named) > 1:
        one, other = map(to_camel, named[:2])
        raise AthenaError(
            ErrorCode.INVALID_PARAMS, f"Give {one} or {other}, not both.", field=other
        )
    places = await context.places.of(agent_id)
    if len(places) == 0:
        raise AthenaError(ErrorCode.NOT_FOUND, "Nothing was said or done yet.")
    number = places.by_turns(_number(places, asked), asked.turns)
    turn_id, turn = places.turn_of(number) or (None, None)
    return ItemPlace(
        agent_id=agent_id,
        number=number,
        total=len(places),
        version=places.version(number),
        at=places.at(number),
        turn_id=turn_id,
        turn=turn or None,
    )


def _number(places: Places, asked: LocateItem) -> int:
    if asked.item_id is not None:
        return _known(places.by_item(asked.item_id), f"There is no item {asked.item_id}.", "itemId")
    if asked.turn_id is not None:
        words = f"There is no item of a turn {asked.turn_id}."
        return _known(places.by_turn_id(asked.turn_id), words, "turnId")
    if asked.version is not None:
        return places.by_version(asked.version)
    if asked.at is not None:
        return places.by_time(asked.at)
    if asked.turn is not None:
        return places.by_turn(asked.turn)
    return len(places) if asked.number is None else min(asked.number, len(places))


def _known(number: int | None, words: str, field: str) -> int:
    if number is None:
        raise AthenaError(ErrorCode.NOT_FOUND, words, field=field)
    return number
