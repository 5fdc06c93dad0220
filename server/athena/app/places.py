"""`athena/transcript/locate`: where an item is, without reading those before it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from athena.app.context import Context
from athena.border import Connection
from athena.log import EventLog
from athena.projections.places import KINDS, MEMBERS, Places
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import ItemPlace, LocateItem

CHUNK = 10_000
"""Events read at a time."""

MOST_ITEMS = 200_000
"""Items whose places are remembered, of all agents together; each needs about 130 bytes."""


class KnownPlaces:
    """The places of the agents that were asked for last, each read once and then gone on with."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._known: OrderedDict[str, Places] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, agent_id: str) -> Places:
        """The places of an agent's items, up to its last event."""
        async with self._lock:
            places = self._known.setdefault(agent_id, Places())
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
    """The place of an item that is named by its number, a version or a time."""
    agent_id = context.directory.resolve(asked.agent)
    named = [n for n in ("number", "version", "at") if getattr(asked, n) is not None]
    if len(named) > 1:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS, f"Give {named[0]} or {named[1]}, not both.", field=named[1]
        )
    places = await context.places.of(agent_id)
    if len(places) == 0:
        raise AthenaError(ErrorCode.NOT_FOUND, "Nothing was said or done yet.")
    number = places.by_turns(_number(places, asked), asked.turns)
    return ItemPlace(
        agent_id=agent_id,
        number=number,
        total=len(places),
        version=places.version(number),
        at=places.at(number),
    )


def _number(places: Places, asked: LocateItem) -> int:
    if asked.version is not None:
        return places.by_version(asked.version)
    if asked.at is not None:
        return places.by_time(asked.at)
    return len(places) if asked.number is None else min(asked.number, len(places))
