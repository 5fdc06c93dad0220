"""Reading `out.spool`: lines with their positions and times, straight from the file.

It needs no runner: what a dead one left behind is read the same way.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from athena.runner import layout

CHUNK_BYTES = 256 * 1024
LINE_BYTES = 32 * 1024 * 1024
HEAD_BYTES = 64 * 1024


class Frame(NamedTuple):
    """One line that a harness said, without its newline, as the bytes that it is.

    `position` and `end` are byte offsets in the spool; `end` is behind the newline, so it is the
    position to go on from. `at_ms` is when the line became whole (Unix ms). `oversize`: longer
    than the limit, so `data` is only its head. `torn`: the run ended before the newline came.
    """

    position: int
    end: int
    data: bytes
    at_ms: int
    oversize: bool
    torn: bool


class SpoolReader:
    """Frames from a position on. Not more than a chunk and one line within the limit is held."""

    def __init__(self, run_dir: Path, position: int = 0, line_bytes: int = LINE_BYTES) -> None:
        self._spool = _Reader(run_dir / layout.OUT)
        self._times = _Times(run_dir / layout.INDEX, position)
        self._line_bytes = line_bytes
        self._head_bytes = min(HEAD_BYTES, line_bytes)
        self._start = position  # of the line that is being put together
        self._read_to = position
        self._pieces: list[bytes] = []
        self._held = 0  # bytes in `_pieces`
        self._oversize = False

    def read(self) -> list[Frame] | None:
        """The frames that end in the next chunk (maybe none), or `None` if nothing more was said
        so far."""
        chunk = self._spool.read(self._read_to, CHUNK_BYTES)
        if not chunk:
            return None
        self._read_to += len(chunk)
        self._times.load(self._read_to)
        lines = chunk.split(b"\n")
        tail = lines.pop()
        frames: list[Frame] = []
        if self._held and lines:
            self._hold(lines.pop(0))
            frames.append(self._close(self._start + self._held + 1, torn=False))
        frames += self._whole(lines)
        self._hold(tail)
        return frames

    def tail(self) -> Frame | None:
        """What was said after the last newline. Only to be asked of a run that has ended."""
        return self._close(self._read_to, torn=True) if self._held else None

    def close(self) -> None:
        self._spool.close()
        self._times.close()

    def _whole(self, lines: list[bytes]) -> list[Frame]:
        """Frames of lines that lie within one chunk. A catch-up spends its time here."""
        frames: list[Frame] = []
        position, at_ms, coming = self._start, self._times.at_ms, self._times.coming
        for line in lines:
            end = position + len(line) + 1
            while coming and coming[0][0] < end:
                at_ms = coming.popleft()[1]
            oversize = end - position > self._line_bytes + 1
            data = line[: self._head_bytes] if oversize else line
            frames.append(_frame((position, end, data, at_ms, oversize, False)))
            position = end
        self._start, self._times.at_ms = position, at_ms
        return frames

    def _hold(self, piece: bytes) -> None:
        """Keep the beginning of a line whose end is not read yet."""
        if not piece:
            return
        self._held += len(piece)
        self._times.pass_to(self._start + self._held)
        if self._oversize:
            return
        self._pieces.append(piece)
        if self._held > self._line_bytes:
            self._oversize = True
            self._pieces = [_head(self._pieces, self._head_bytes)]

    def _close(self, end: int, *, torn: bool) -> Frame:
        at_ms = self._times.pass_to(end)
        data = b"".join(self._pieces)
        frame = Frame(self._start, end, data, at_ms, self._oversize, torn)
        self._start, self._pieces, self._held, self._oversize = end, [], 0, False
        return frame


def _head(pieces: list[bytes], size: int) -> bytes:
    head = bytearray()
    for piece in pieces:
        head += piece[: size - len(head)]
        if len(head) == size:
            break
    return bytes(head)


# Three times as fast as calling `Frame`, which a catch-up of half a million frames feels.
_frame: Callable[[tuple[int, int, bytes, int, bool, bool]], Frame] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]
    Frame,
)


class _Reader:
    """A growing file that may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def read(self, position: int, size: int) -> bytes:
        if self._file < 0:
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
        return os.pread(self._file, size, position)

    def length(self) -> int:
        self.read(0, 0)
        return 0 if self._file < 0 else os.fstat(self._file).st_size

    def modified_ms(self) -> int:
        return 0 if self._file < 0 else os.fstat(self._file).st_mtime_ns // 1_000_000

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class _Times:
    """When what ends at an offset was said; offsets are asked for in rising order.

    `at_ms` belongs to the record in force; `coming` holds those that begin later.
    """

    BLOCK_RECORDS = 1024

    def __init__(self, path: Path, position: int) -> None:
        self._file = _Reader(path)
        self._position = position
        self._next = -1  # number of the first record that is not read; -1: not looked up yet
        self.at_ms = 0
        self.coming: deque[tuple[int, int]] = deque()

    def load(self, said_to: int) -> None:
        """Have all records for the bytes before `said_to`, which have been read: the runner
        writes a record before the bytes that it is for."""
        if self._next < 0:
            self._next = self._seek(self._position)
        size = layout.INDEX_RECORD
        while not self.coming or self.coming[-1][0] < said_to:
            block = self._file.read(self._next * size, self.BLOCK_RECORDS * size)
            count = len(block) // size
            if not count:
                break
            self._next += count
            self.coming.extend(struct.iter_unpack("<QQ", block[: count * size]))
        if not self.at_ms and not self.coming:
            self.at_ms = self._file.modified_ms()  # a power cut took the index

    def pass_to(self, end: int) -> int:
        """The time of what ends at `end`."""
        while self.coming and self.coming[0][0] < end:
            self.at_ms = self.coming.popleft()[1]
        return self.at_ms

    def close(self) -> None:
        self._file.close()

    def _seek(self, offset: int) -> int:
        """Number of the last record that begins at or before `offset`, by halving."""
        low, high = 0, self._file.length() // layout.INDEX_RECORD
        while low < high:
            middle = (low + high) // 2
            record = self._file.read(middle * layout.INDEX_RECORD, layout.INDEX_RECORD)
            if int.from_bytes(record[:8], "little") <= offset:
                low = middle + 1
            else:
                high = middle
        return max(0, low - 1)
