"""What is said to the harness: numbered frames, durable on disk before the pipe sees them.

Frames are 1, 2, 3, … A frame arrives in pieces (`begin`, `write`…, `finish`), becomes durable
with `sync`, and only then can `feed` pass it on. Whatever stops halfway is cut off again, so half
a frame is never delivered. What the harness does not read yet waits on disk, not in memory.
"""

from __future__ import annotations

import os

from . import layout, shapes, system

PIECE_BYTES = 64 * 1024
HEADER_BYTES = 64
FEED_BYTES = 1024 * 1024


class InSpool:
    """`in.spool` of the run directory that is the working directory."""

    def __init__(self) -> None:
        self._file = os.open(layout.IN, os.O_RDWR | os.O_CREAT, 0o600)
        self.last = 0  # highest durable number
        self._durable = 0  # end of the durable frames
        self._finished = 0  # highest complete number, durable or not
        self._complete = 0  # end of the complete frames
        self._end = 0  # end of what is written of the frame that is arriving
        self._fed = 0  # offset of the next byte for the harness
        self._frame_left = 0  # bytes of the current frame still to feed
        self.delivered = 0  # number of the last frame that went into the pipe whole

    @property
    def next(self) -> int:
        """The only number that may begin."""
        return self._finished + 1

    @property
    def unsynced(self) -> bool:
        return self._finished > self.last

    @property
    def waiting(self) -> bool:
        """Whether the harness has not been given everything yet."""
        return self._fed < self._durable

    def begin(self, length: int) -> None:
        """Frame `next` is about to arrive, `length` bytes long. `OSError`: nothing is begun."""
        self._end = self._complete
        self._put(layout.input_header(self.next, length))

    def write(self, piece: memoryview) -> None:
        """The next piece of the frame. After an `OSError`, `abort` is due."""
        self._put(piece)

    def finish(self) -> None:
        """The frame is whole. After an `OSError`, `abort` is due."""
        self._put(b"\n")
        self._complete = self._end
        self._finished += 1

    def abort(self) -> None:
        """Forget the frame that was arriving."""
        self._end = self._complete
        os.ftruncate(self._file, self._complete)

    def sync(self) -> None:
        """Make the finished frames durable. `OSError`: they are forgotten, to be sent again."""
        try:
            system.sync(self._file)
        except OSError:
            self._complete, self._finished = self._durable, self.last
            self.abort()
            raise
        self._durable, self.last = self._complete, self._finished

    def feed(self, pipe: int) -> None:
        """Write as much to the harness as it takes now. `BrokenPipeError`: it has closed stdin."""
        budget = FEED_BYTES
        while self._fed < self._durable and budget > 0:
            if not self._frame_left:
                header, _, _ = os.pread(self._file, HEADER_BYTES, self._fed).partition(b"\n")
                self._frame_left = shapes.integer(shapes.parse(header), "len") + 1
                self._fed += len(header) + 1
            piece = os.pread(self._file, min(self._frame_left, PIECE_BYTES), self._fed)
            try:
                written = os.write(pipe, piece)
            except BlockingIOError:
                return
            self._fed += written
            self._frame_left -= written
            budget -= written
            if not self._frame_left:
                self.delivered += 1

    def _put(self, data: bytes | memoryview) -> None:
        while len(data):
            written = os.pwrite(self._file, data, self._end)
            self._end += written
            data = data[written:]
