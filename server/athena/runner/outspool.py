"""What the harness says: appended to disk before anyone is told, and never held beyond one read."""

from __future__ import annotations

import errno
import os
import time

from . import layout

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class OutSpool:
    """`out.spool` and `out.index` of the run directory that is the working directory.

    While the disk takes nothing more, one read (at most `read_bytes`) waits in the buffer,
    `blocked` says why, and the caller leaves the harness's pipe alone: the harness feels it as a
    reader that is slow. `retry` goes on where the write stopped, so no byte is lost or doubled.
    """

    def __init__(self, read_bytes: int, most_bytes: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._spool = os.open(layout.OUT, flags, 0o600)
        self._index = os.open(layout.INDEX, flags, 0o600)
        self._buffer = bytearray(read_bytes)
        self._pending = memoryview(b"")
        self._read_at_ms = 0
        self._indexed = True
        self._last_indexed_ms = -1
        self._most_bytes = most_bytes
        self.length = 0
        self.blocked = ""

    def take(self, descriptor: int) -> bool:
        """Read once from the harness and append it. False: the harness has closed its stdout.

        Only to be called when `blocked` is empty.
        """
        try:
            count = os.readv(descriptor, [self._buffer])
        except BlockingIOError:
            return True
        if count == 0:
            return False
        self._pending = memoryview(self._buffer)[:count]
        self._read_at_ms = time.time_ns() // 1_000_000
        # Reads of one millisecond share a record, so that a harness that prints byte by byte
        # cannot make the index many times longer than the spool.
        self._indexed = self._read_at_ms == self._last_indexed_ms
        self.retry()
        return True

    def retry(self) -> bool:
        """Write what waits. True: all of it is written and `blocked` is empty."""
        try:
            self._write()
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "?")
            full = error.errno in FULL
            self.blocked = "disk full" if full else f"{os.strerror(error.errno or 0)} ({name})"
            return False
        self.blocked = "output limit" if self.limited else ""
        return not self.blocked

    @property
    def limited(self) -> bool:
        """Whether as much was said as may be; nothing more will be read."""
        return bool(self._most_bytes) and self.length >= self._most_bytes

    @property
    def waiting(self) -> bool:
        """Whether bytes that were read are not on disk yet."""
        return len(self._pending) > 0

    def sync(self) -> None:
        os.fsync(self._index)
        os.fsync(self._spool)

    def _write(self) -> None:
        # The record goes first: whoever sees a byte in the spool also finds when it was said.
        if not self._indexed:
            self._write_record()
            self._indexed = True
            self._last_indexed_ms = self._read_at_ms
        while self._pending:
            written = os.write(self._spool, self._pending)
            self._pending = self._pending[written:]
            self.length += written

    def _write_record(self) -> None:
        record = layout.index_record(self.length, self._read_at_ms)
        if os.write(self._index, record) < len(record):
            size = os.fstat(self._index).st_size
            os.ftruncate(self._index, size - size % layout.INDEX_RECORD)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
