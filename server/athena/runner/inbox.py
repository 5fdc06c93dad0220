"""Frames from the daemon to the harness: which are taken, acknowledged, passed on, and when."""

from __future__ import annotations

import os

from .inspool import InSpool
from .layout import Document
from .lean import Callable
from .loop import WRITE, Loop
from .shapes import integer
from .wire import Connection


class Inbox:
    """Between the accepted connection and the harness's stdin, with `InSpool` in the middle."""

    def __init__(self, loop: Loop, stdin: int, frame_bytes: int) -> None:
        self._loop, self._stdin, self._frame_bytes = loop, stdin, frame_bytes
        self._spool = InSpool()
        self._skip = False  # the payload that arrives is not wanted
        self._ack = False  # there is something to acknowledge, perhaps again
        self._closing = False

    @property
    def last(self) -> int:
        return self._spool.last

    @property
    def delivered(self) -> int:
        return self._spool.delivered

    def announce(self, connection: Connection, message: Document) -> None:
        """A `send` header came: decide whether its payload is kept or skipped."""
        number, length = integer(message, "n"), integer(message, "len")
        self._skip = True
        if 0 < number < self._spool.next:
            self._ack = True
        elif number != self._spool.next:
            words = f"frame {number} cannot follow frame {self._spool.next - 1}"
            _refuse(connection, number, "gap", words)
        elif length > self._frame_bytes:
            words = f"a frame may have {self._frame_bytes} bytes at most"
            _refuse(connection, number, "too large", words)
        elif self._closing or self._stdin < 0:
            _refuse(connection, number, "closed", "the harness takes no more input")
        else:
            self._skip = False
            self._attempt(connection, lambda: self._spool.begin(length))
        connection.expect(length)
        if not length:
            self.end(connection)

    def piece(self, connection: Connection, piece: memoryview) -> None:
        if not self._skip:
            self._attempt(connection, lambda: self._spool.write(piece))

    def end(self, connection: Connection) -> None:
        if not self._skip:
            self._attempt(connection, self._spool.finish)

    def settle(self, connection: Connection | None) -> None:
        """Make durable, acknowledge and pass on whatever frames are whole.

        Many small ones may have come in one read: one sync is enough for all of them.
        """
        first, end = self._spool.last + 1, self._spool.next
        try:
            if first < end:
                self._spool.sync()
                self._ack = True
        except OSError as error:
            for number in range(first, end):
                _refuse_for_disk(connection, number, error)
        if self._ack and connection:
            self._ack = False
            connection.tell("ack", lambda: {"type": "ack", "n": self._spool.last})
        self._watch()

    def abandon(self) -> None:
        """The connection is gone: keep what is whole, forget what is half."""
        self.settle(None)
        self._spool.abort()

    def close(self) -> None:
        """End of file for the harness, after the frames that wait."""
        self._closing = True
        self._watch()

    def _attempt(self, connection: Connection, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self._skip = True
            number = self._spool.next
            self._spool.abort()
            _refuse_for_disk(connection, number, error)

    def _watch(self) -> None:
        if self._stdin < 0:
            return
        if self._spool.waiting:
            self._loop.watch(self._stdin, WRITE, self._feed)
        elif self._closing:
            self._let_go()
        else:
            self._loop.watch(self._stdin, 0, self._feed)

    def _feed(self, _events: int) -> None:
        try:
            self._spool.feed(self._stdin)
        except OSError:
            # It closed its stdin. What it was not given stays in `in.spool`; the exit record says
            # which frame was the last one delivered.
            self._let_go()
        self._watch()

    def _let_go(self) -> None:
        self._loop.watch(self._stdin, 0, self._feed)
        os.close(self._stdin)
        self._stdin = -1


def _refuse_for_disk(connection: Connection | None, number: int, error: OSError) -> None:
    _refuse(connection, number, "disk", f"the frame could not be written down: {error.strerror}")


def _refuse(connection: Connection | None, number: int, code: str, words: str) -> None:
    if connection:
        connection.say({"type": "refused", "code": code, "n": number, "reason": words})
