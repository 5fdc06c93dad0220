"""Words in the middle of long texts, which lie apart from their events."""

from __future__ import annotations

import codecs
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing

import zstandard

PIECE_BYTES = 128 * 1024
"""So much of a text is in memory at a time, and is looked through without letting others work."""

EXCERPT_CHARACTERS = 512
EXCERPT_BEFORE = 160
"""How many of them stand before what was found."""


class Search:
    """One search, ignoring case. Texts are read in pieces, each text once.

    `bytes` counts what was read so far.
    """

    def __init__(self, connection: sqlite3.Connection, words: str) -> None:
        self.bytes = 0
        self._connection = connection
        self._words = words.lower()
        self._known: dict[str, str | None] = {}

    def holds(self, text: str) -> bool:
        """Whether a text that is at hand holds the words."""
        return self._words in text.lower()

    def excerpt(self, blob_id: str) -> str | None:
        """What stands around the words in a blob, with an ellipsis where it was cut; else None."""
        if blob_id not in self._known:
            self._known[blob_id] = self._look(blob_id)
        return self._known[blob_id]

    def _look(self, blob_id: str) -> str | None:
        held, is_cut = "", False
        kept = len(self._words) + EXCERPT_BEFORE
        with closing(self._pieces(blob_id)) as pieces:
            for piece in pieces:
                held += piece
                at = _index(held, self._words)
                if at is not None:
                    return self._around(held, at, is_cut, pieces)
                is_cut = is_cut or len(held) > kept
                held = held[-kept:]
        return None

    def _around(self, held: str, at: int, is_cut: bool, pieces: Iterator[str]) -> str:
        start = max(0, at - EXCERPT_BEFORE)
        end = start + max(EXCERPT_CHARACTERS, EXCERPT_BEFORE + len(self._words))
        while len(held) <= end and (piece := next(pieces, None)) is not None:
            held += piece
        before = "…" if is_cut or start else ""
        return before + held[start:end] + ("…" if len(held) > end else "")

    def _pieces(self, blob_id: str) -> Generator[str]:
        row = self._connection.execute("SELECT rowid FROM blob WHERE id = ?", (blob_id,)).fetchone()
        if row is None:
            return
        decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        with (
            self._connection.blobopen("blob", "data", row[0], readonly=True) as packed,
            zstandard.ZstdDecompressor().stream_reader(packed, closefd=False) as reader,  # pyright: ignore[reportArgumentType]
        ):
            while payload := reader.read(PIECE_BYTES):
                self.bytes += len(payload)
                yield decoder.decode(payload)


def _index(text: str, words: str) -> int | None:
    """Where lower-case words begin in a text; small letters may be more than the capital was."""
    lower = text.lower()
    at = lower.find(words)
    if at < 0 or len(lower) == len(text):
        return at if at >= 0 else None
    length = 0
    for place, letter in enumerate(text):
        length += len(letter.lower())
        if length > at:
            return place
    return None
