"""What the harness says on stderr: kept raw, its first bytes and its last ones.

The first half of the limit stays in `err.log`; after that, `err.tail` is filled, becomes
`err.tail.old`, and is begun again, so the last quarter of the limit at least is always there.
"""

from __future__ import annotations

import os

from . import layout

READ_BYTES = 32 * 1024
LEAST_BYTES = 4 * READ_BYTES


class ErrLog:
    """Diagnostics never stop a harness: what the disk does not take is dropped, but counted."""

    def __init__(self, most_bytes: int) -> None:
        most_bytes = max(most_bytes, LEAST_BYTES)
        self._head_left = most_bytes // 2
        self._tail_most = most_bytes // 4
        self._tail_left = 0
        self._file = os.open(layout.ERR, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.length = 0

    def take(self, descriptor: int) -> bool:
        """Read once from the harness. False: it has closed its stderr."""
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return True
        self.length += len(data)
        head, tail = data[: self._head_left], data[self._head_left :]
        self._head_left -= len(head)
        try:
            os.write(self._file, head)
            if len(tail) > self._tail_left:
                self._rotate()
            self._tail_left -= len(tail)
            os.write(self._file, tail)
        except OSError:
            return bool(data)
        return bool(data)

    def _rotate(self) -> None:
        if os.path.exists(layout.ERR_TAIL):
            os.replace(layout.ERR_TAIL, layout.ERR_TAIL_OLD)
        fresh = os.open(layout.ERR_TAIL, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.close(self._file)
        self._file, self._tail_left = fresh, self._tail_most
