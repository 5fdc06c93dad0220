"""From rows to events: data decoded, upcast, and with its long texts back where asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import zstandard

from athena.log.encoding import decode, may_be_cut
from athena.log.errors import BlobNotFound
from athena.log.model import StoredEvent
from athena.log.rows import RawEvent
from athena.log.upcast import Upcasters

RESTORED_BYTES = 64 << 20


def to_events(
    connection: sqlite3.Connection, raw: Sequence[RawEvent], upcast: Upcasters, blobs: bool
) -> list[StoredEvent]:
    """The events of the rows; the list ends early where restored texts would fill the memory."""
    restored = 0

    def fetch(blob_id: str) -> bytes:
        nonlocal restored
        payload = load_blob(connection, blob_id)
        restored += len(payload)
        return payload

    events: list[StoredEvent] = []
    for seq, stream, version, at, kind, v, text, command_id in raw:
        v, data = upcast(kind, v, decode(text, fetch if blobs else None))
        cut = not blobs and may_be_cut(text)
        events.append(StoredEvent(seq, stream, version, at, kind, v, data, command_id, cut))
        if restored > RESTORED_BYTES:
            break
    return events


def load_blob(connection: sqlite3.Connection, blob_id: str) -> bytes:
    """The payload of a blob; `BlobNotFound` where there is none."""
    row = connection.execute("SELECT data FROM blob WHERE id = ?", (blob_id,)).fetchone()
    if row is None:
        raise BlobNotFound(blob_id)
    return zstandard.ZstdDecompressor().decompress(row[0])
