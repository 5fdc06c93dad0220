"""From rows to events: data decoded, upcast, and with its long texts back where asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import zstandard

from athena.log.encoding import decode, may_be_cut, opening, with_excerpts
from athena.log.errors import BlobNotFound
from athena.log.model import Mention, StoredEvent
from athena.log.rows import RawEvent
from athena.log.searching import Search
from athena.log.upcast import Upcasters

RESTORED_BYTES = 64 << 20
SEARCHED_BYTES = 32 << 20
"""After so much a search lets others read."""


def to_events(
    connection: sqlite3.Connection,
    raw: Sequence[RawEvent],
    upcast: Upcasters,
    blobs: bool,
    find: str | None = None,
) -> list[StoredEvent]:
    """The events of the rows; the list ends early where restored texts would fill the memory, or
    where those that were searched keep others waiting.
    """
    restored = 0
    search = None if find is None else Search(connection, find)

    def fetch(blob_id: str) -> bytes:
        nonlocal restored
        payload = load_blob(connection, blob_id)
        restored += len(payload)
        return payload

    events: list[StoredEvent] = []
    for seq, stream, version, at, kind, v, text, command_id in raw:
        v, data = upcast(kind, v, decode(text, fetch if blobs else None))
        cut = not blobs and may_be_cut(text)
        if cut and search is not None:
            data = with_excerpts(data, search)
        events.append(StoredEvent(seq, stream, version, at, kind, v, data, command_id, cut))
        if restored > RESTORED_BYTES or (search and search.bytes > SEARCHED_BYTES):
            break
    return events


def to_mentions(raw: Sequence[RawEvent], upcast: Upcasters, names: Sequence[str]) -> list[Mention]:
    """Of each row what its event says under some names; far quicker than the event."""
    mentions: list[Mention] = []
    first = opening(names)
    for _, _, version, at, kind, v, text, _ in raw:
        if (found := first.match(text)) is not None and not upcast.is_old(kind, v):
            mentions.append((version, at, *found.groups()))
            continue
        data = upcast(kind, v, decode(text))[1]
        mentions.append((version, at, *(data.get(name) for name in names)))
    return mentions


def load_blob(connection: sqlite3.Connection, blob_id: str) -> bytes:
    """The payload of a blob; `BlobNotFound` where there is none."""
    row = connection.execute("SELECT data FROM blob WHERE id = ?", (blob_id,)).fetchone()
    if row is None:
        raise BlobNotFound(blob_id)
    return zstandard.ZstdDecompressor().decompress(row[0])
