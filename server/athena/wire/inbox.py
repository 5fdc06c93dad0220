"""Reading from a stream by lines and by lengths, with limits that never lose the place."""

from __future__ import annotations

import asyncio

CHUNK = 1 << 18


class TooLong(Exception):
    """A line was longer than allowed; it was skipped, and reading may go on after it."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Inbox:
    """A buffer over an `asyncio.StreamReader`.

    Its own `readuntil` cannot go on after a line that is too long, and ties the limit of a line
    to the amount of read-ahead.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()
        self._ended = False

    async def line(self, limit: int) -> bytes | None:
        """The next line without its end, or None at the end of the stream.

        A last line without an end is no line. Raises `TooLong`.
        """
        searched = skipped = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) > limit:
                skipped += len(self._buffer)
                self._buffer.clear()
            searched = len(self._buffer)
            if not await self._fill():
                return None
        if skipped or end > limit:
            self._take(end + 1)
            raise TooLong(skipped + end)
        return self._take(end + 1)[:-1].removesuffix(b"\r")

    async def exactly(self, size: int) -> bytes | None:
        """The next `size` bytes, or None when the stream ends before."""
        while len(self._buffer) < size:
            if not await self._fill():
                return None
        return self._take(size)

    async def skip(self, size: int) -> bool:
        """Read and forget `size` bytes; False when the stream ends before."""
        while len(self._buffer) < size:
            size -= len(self._buffer)
            self._buffer.clear()
            if not await self._fill():
                return False
        self._take(size)
        return True

    async def _fill(self) -> bool:
        if self._ended:
            return False
        try:
            chunk = await self._reader.read(CHUNK)
        except ConnectionError:
            chunk = b""
        self._ended = not chunk
        self._buffer += chunk
        return not self._ended

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken
