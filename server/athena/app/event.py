"""`athena/event/...`: following the log and reading it."""

from __future__ import annotations

from athena.app.context import Context
from athena.app.follow import event_of
from athena.border import Connection
from athena.log import StoredEvent
from athena.protocol.base import Done
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import EventPage, ReadEvents, Subscribe, Subscribed, Unsubscribe

WINDOW = 5000
"""How many positions are looked through at a time when reading back with a filter."""


async def subscribe(context: Context, connection: Connection, asked: Subscribe) -> Subscribed:
    """Follow the log from a cursor, or from now with a snapshot."""
    head = await context.settled_head()
    if asked.cursor is not None and asked.cursor > head:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"The log ends at {head}: cursor {asked.cursor} belongs to another database.",
            field="cursor",
            head=head,
        )
    agents = None
    if asked.agents is not None:
        agents = [context.directory.resolve(name) for name in asked.agents]
    cursor = head if asked.cursor is None else asked.cursor
    snapshot = None
    if asked.cursor is None:
        snapshot = [v for v in context.directory.views() if agents is None or v.id in agents]
    name = context.subscriptions.open(connection, asked, agents, cursor)
    return Subscribed(subscription_id=name, cursor=cursor, agents=snapshot)


async def unsubscribe(context: Context, connection: Connection, asked: Unsubscribe) -> Done:
    """Stop following."""
    if not await context.subscriptions.close(connection, asked.subscription_id):
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"There is no subscription {asked.subscription_id}.",
            field="subscriptionId",
        )
    return Done()


async def list_(context: Context, connection: Connection, asked: ReadEvents) -> EventPage:
    """A page of the log, after or before a position."""
    streams = [context.directory.resolve(asked.agent)] if asked.agent else None
    head = context.log.head
    if asked.before is not None:
        return await _before(context, asked, streams, min(asked.before, head + 1))
    stored = await context.log.read(
        asked.after or 0, upto=head, limit=asked.limit, streams=streams, kinds=asked.kinds
    )
    cursor = stored[-1].seq if stored else head
    return EventPage(events=[event_of(s) for s in stored], cursor=cursor, more=cursor < head)


async def _before(
    context: Context, asked: ReadEvents, streams: list[str] | None, before: int
) -> EventPage:
    """The last events before a position: positions have no gaps, so windows find them."""
    found: list[StoredEvent] = []
    filtered = streams is not None or asked.kinds is not None
    while before > 1 and len(found) < asked.limit:
        start = max(0, before - 1 - (WINDOW if filtered else asked.limit))
        window: list[StoredEvent] = []
        position = start
        while chunk := await context.log.read(
            position, upto=before - 1, streams=streams, kinds=asked.kinds
        ):
            window += chunk
            position = chunk[-1].seq
        found = window + found
        before = start + 1
    page = found[-asked.limit :]
    more = before > 1 or len(found) > len(page)
    return EventPage(
        events=[event_of(s) for s in page], cursor=page[0].seq if page else 0, more=more
    )
