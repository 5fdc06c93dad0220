"""`athena/transcript/...` and `athena/item/...`: what an agent said and did, in pages."""

from __future__ import annotations

from athena.app.context import Context
from athena.app.follow import event_of
from athena.app.lookback import Lookback, fits
from athena.border import Connection
from athena.log import StoredEvent
from athena.projections.transcript import INSTANT, KINDS, Transcript
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.events import Event, ItemCompleted, TurnEnded, TurnStarted
from athena.protocol.transcript import (
    ReadItem,
    ReadTranscript,
    TranscriptItem,
    TranscriptPage,
    TurnView,
)

CHUNK = 400
"""Events read at a time when it is not known how many are needed."""

EXTRA_CHUNK = 64
"""Events read beyond those of a page, for the beginnings of its first items."""

MOST_EXTRA_CHUNKS = 5
"""How far beyond a page the ends of its items are looked for."""

INSTANT_KINDS = (ItemCompleted.KIND, TurnStarted.KIND, TurnEnded.KIND)
"""What items without a beginning of their own are made of."""

MOST_EDGES = 400
"""Beginnings and ends of turns that are read to find those of a page."""


async def page(context: Context, connection: Connection, asked: ReadTranscript) -> TranscriptPage:
    """Items in order, from either end or around a position."""
    agent_id = context.directory.resolve(asked.agent)
    cursor = context.log.head
    if asked.after is not None:
        found = await _forward(context, agent_id, asked, cursor)
    else:
        found = await _backward(context, agent_id, asked, cursor)
    written = context.directory.written(agent_id)
    items = [
        i.model_copy(update={"written": written.get(i.item_id)}) if i.open else i
        for i in found.items
    ]
    return found.model_copy(update={"items": items})


async def _backward(
    context: Context, agent_id: str, asked: ReadTranscript, cursor: int
) -> TranscriptPage:
    """Read back until the page is full of items whose beginnings are known."""
    found = Lookback(asked)
    version = asked.before
    plain = asked.types is None and asked.turn_id is None and asked.find is None
    chunk = min(CHUNK, 2 * asked.limit + EXTRA_CHUNK) if plain else CHUNK
    kinds = INSTANT_KINDS if asked.types and set(asked.types) <= set(INSTANT) else KINDS
    newest_first: list[StoredEvent] = []
    while len(found.items) <= asked.limit:
        newest_first = await context.log.read_stream_back(
            agent_id, before_version=version, limit=chunk, kinds=kinds, find=asked.find
        )
        if not newest_first:
            found.finish()
            break
        found.add(newest_first)
        version = newest_first[-1].version
    fitting = sorted(found.items, key=lambda i: i.version)
    items = fitting[-asked.limit :]
    if asked.before is not None:
        items = await _with_ends(context, agent_id, items, asked.before, asked.find)
    more = len(fitting) > asked.limit
    turns = await _turns(context, agent_id, items, found.turns)
    return _page(agent_id, items, turns, cursor, before=more, after=asked.before is not None)


async def _turns(
    context: Context, agent_id: str, items: list[TranscriptItem], known: dict[str, TurnView]
) -> list[TurnView]:
    """The turns of the items: of a long one the beginning or the end may be far from the page."""
    named = {i.turn_id for i in items}
    turns = {n: t for n, t in known.items() if n in named}
    if any(n not in turns or turns[n].ended_at is None for n in named):
        edges = await context.log.read_stream_back(
            agent_id, limit=MOST_EDGES, kinds=(TurnStarted.KIND, TurnEnded.KIND)
        )
        folded = Transcript()
        folded.add(event_of(s) for s in reversed(edges))
        turns |= {n: t for n, t in folded.turns.items() if n in named}
    return sorted(turns.values(), key=lambda t: t.seq)


async def _with_ends(
    context: Context,
    agent_id: str,
    items: list[TranscriptItem],
    version: int,
    find: str | None,
) -> list[TranscriptItem]:
    """The items with what became of them after the page, as far as it is near."""
    folded = Transcript()
    folded.items = {i.item_id: i for i in items}
    position = version - 1
    for _ in range(MOST_EXTRA_CHUNKS):
        if not any(folded.items[i.item_id].open for i in items):
            break
        chunk = await context.log.read_stream(
            agent_id, after_version=position, limit=CHUNK, find=find
        )
        if not chunk:
            break
        folded.add(event_of(s) for s in chunk if s.data.get("itemId") in folded.items)
        position = chunk[-1].version
    return [folded.items[i.item_id] for i in items]


async def _forward(
    context: Context, agent_id: str, asked: ReadTranscript, cursor: int
) -> TranscriptPage:
    """Read on until the page is full; an item that begins before it belongs to another one."""
    assert asked.after is not None
    folded = Transcript()
    position = asked.after
    fitting: dict[str, TranscriptItem] = {}
    while len(fitting) <= asked.limit:
        chunk = await context.log.read_stream(
            agent_id, after_version=position, limit=CHUNK, find=asked.find
        )
        if not chunk:
            break
        folded.add(event_of(s) for s in chunk if s.kind in KINDS)
        for name in {str(s.data.get("itemId")) for s in chunk} & folded.items.keys():
            found = folded.items[name]
            if folded.placed(found) and fits(found, asked):
                fitting[name] = found
                continue
            fitting.pop(name, None)
            if not found.open:
                del folded.items[name]
        position = chunk[-1].version
    in_order = sorted(fitting.values(), key=lambda i: i.version)
    more = len(in_order) > asked.limit
    items = await _with_ends(context, agent_id, in_order[: asked.limit], position + 1, asked.find)
    turns = await _turns(context, agent_id, items, folded.turns)
    return _page(agent_id, items, turns, cursor, before=asked.after > 0, after=more)


def _page(
    agent_id: str,
    items: list[TranscriptItem],
    turns: list[TurnView],
    cursor: int,
    *,
    before: bool,
    after: bool,
) -> TranscriptPage:
    return TranscriptPage(
        agent_id=agent_id,
        items=items,
        turns=turns,
        before=items[0].version if before and items else None,
        after=items[-1].version if after and items else None,
        cursor=cursor,
    )


async def item(context: Context, connection: Connection, asked: ReadItem) -> TranscriptItem:
    """One item, whole, with payloads that pages leave out."""
    agent_id = context.directory.resolve(asked.agent)
    own: list[Event] = []
    version: int | None = None
    while True:
        newest_first = await context.log.read_stream_back(
            agent_id, before_version=version, limit=CHUNK, kinds=KINDS
        )
        found = [s for s in reversed(newest_first) if s.data.get("itemId") == asked.item_id]
        own = [await _whole(context, s) for s in found] + own
        folded = Transcript()
        folded.add(own)
        known = folded.items.get(asked.item_id)
        if known is not None and (folded.placed(known) or not newest_first):
            return known
        if not newest_first:
            raise AthenaError(
                ErrorCode.NOT_FOUND, f"There is no item {asked.item_id}.", field="itemId"
            )
        version = newest_first[-1].version


async def _whole(context: Context, stored: StoredEvent) -> Event:
    """An event with its long texts, which are read for it alone."""
    told = event_of(stored)
    if not told.truncated:
        return told
    before = stored.version - 1
    (read,) = await context.log.read_stream(
        stored.stream, after_version=before, limit=1, blobs=True
    )
    return event_of(read)
