"""One connection: newline-delimited JSON headers in, payload bytes after a `send`, messages out.

Memory is bounded both ways. Inwards, at most one header line is held; payloads are passed on in
pieces. Outwards, what only tells the latest state (`ack`, `out`, `state`) is one dirty flag each,
so a peer that does not read delays its own news and nobody else; while an answer waits, nothing
more is read.
"""

from __future__ import annotations

from . import shapes
from .layout import Document
from .lean import Callable, dumps, socket
from .loop import READ, WRITE, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

RECEIVE_BYTES = 64 * 1024
HEADER_BYTES = 4096

News = Callable[[], Document]


if TYPE_CHECKING:

    class Peer(Protocol):
        """What a connection calls."""

        def message(self, connection: Connection, message: Document) -> None:
            """A header line; one that announces a payload answers with `expect`."""

        def payload(self, connection: Connection, piece: memoryview) -> None:
            """The next bytes of the payload."""

        def payload_end(self, connection: Connection) -> None:
            """The payload is whole."""

        def received(self, connection: Connection) -> None:
            """All that one read brought has been passed on."""

        def gone(self, connection: Connection) -> None:
            """The connection is closed, for whatever reason."""


class Connection:
    """One socket with somebody at its other end."""

    def __init__(self, loop: Loop, sock: socket.socket, peer: Peer) -> None:
        sock.setblocking(False)
        self._loop, self._socket, self._peer = loop, sock, peer
        self._header = bytearray()
        self._payload_left = 0
        self._unsent = bytearray()
        self._news: dict[str, News] = {}
        self._owing = False  # an answer waits to be read
        self._last_words = False
        self.open = True
        loop.watch(sock.fileno(), READ, self._ready)

    def expect(self, length: int) -> None:
        """The next `length` bytes are a payload."""
        self._payload_left = length

    def say(self, message: Document) -> None:
        """Send an answer. The peer gets no further word in until it has read it."""
        self._unsent += dumps(message) + b"\n"
        self._owing = True
        self._flush()

    def tell(self, topic: str, news: News) -> None:
        """Send the latest state of `topic` as soon as the peer takes it; earlier ones are void."""
        self._news[topic] = news
        self._flush()

    def close(self, message: Document | None = None) -> None:
        """Say a last word if it can be said, and hang up when it has been taken."""
        if message is not None and self.open:
            self._last_words = True
            self._news.clear()
            self.say(message)
        if self.open and not (self._last_words and self._unsent):
            self._hang_up()

    @property
    def quiet(self) -> bool:
        """Nothing waits to be sent."""
        return not self._unsent and not self._news

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & READ and self.open and not self._last_words:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        try:
            self._split(memoryview(data))
        except shapes.Malformed as error:
            self.close({"type": "refused", "code": "malformed", "reason": str(error)})
        self._peer.received(self)

    def _split(self, data: memoryview) -> None:
        while data and self.open and not self._last_words:
            if self._payload_left:
                piece = data[: self._payload_left]
                data = data[len(piece) :]
                self._payload_left -= len(piece)
                self._peer.payload(self, piece)
                if not self._payload_left:
                    self._peer.payload_end(self)
            else:
                line, newline, _ = bytes(data[:HEADER_BYTES]).partition(b"\n")
                self._header += line
                data = data[len(line) + len(newline) :]
                if len(self._header) > HEADER_BYTES:
                    raise shapes.Malformed(f"a header line may have {HEADER_BYTES} bytes at most")
                if newline:
                    self._parse()

    def _parse(self) -> None:
        line = bytes(self._header)
        self._header.clear()
        self._peer.message(self, shapes.parse(line))

    def _flush(self) -> None:
        if not self.open:
            return
        try:
            while self._unsent or self._news:
                if not self._unsent:
                    topic = next(iter(self._news))
                    self._unsent += dumps(self._news.pop(topic)()) + b"\n"
                del self._unsent[: self._socket.send(self._unsent)]
                self._owing = self._owing and bool(self._unsent)
        except BlockingIOError:
            events = WRITE if self._owing else READ | WRITE
            self._loop.watch(self._socket.fileno(), events, self._ready)
            return
        except OSError:
            self._hang_up()
            return
        if self._last_words:
            self._hang_up()
        else:
            self._loop.watch(self._socket.fileno(), READ, self._ready)

    def _hang_up(self) -> None:
        if self.open:
            self.open = False
            self._loop.watch(self._socket.fileno(), 0, self._ready)
            self._socket.close()
            self._peer.gone(self)
