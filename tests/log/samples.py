"""Short ways to write events in tests, and to see them."""

from __future__ import annotations

from collections.abc import Iterable

from athena.log import EventLog, NewEvent, StoredEvent


def note(text: object = "", kind: str = "noted") -> NewEvent:
    return NewEvent(kind, {"text": text})


def notes(*texts: object) -> list[NewEvent]:
    return [note(text) for text in texts]


def told(events: Iterable[StoredEvent]) -> list[str]:
    """One line per event: seq, stream@version, kind, text."""
    return [f"{e.seq} {e.stream}@{e.version} {e.kind} {e.data.get('text')}" for e in events]


async def everything(log: EventLog, *, limit: int = 1000, blobs: bool = True) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    while page := await log.read(found[-1].seq if found else 0, limit=limit, blobs=blobs):
        found += page
    return found
