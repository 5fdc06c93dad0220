"""The runner's Unix socket: who may drive the run.

Protocol: newline-delimited JSON headers, each with a `type`; only `send` is followed by payload
bytes. Frames are numbered 1, 2, 3, …

| daemon says | meaning |
| --- | --- |
| `hello{epoch, holder}` | must be first |
| `send{n, len}` + bytes | frame `n`; a known number is skipped and acknowledged again |
| `signal{name}` | to the harness's whole group, such as `SIGINT` |
| `kill{grace_ms}` | TERM to everything of the run, KILL after the grace |
| `closeInput` | end of file on the harness's stdin, after the frames that wait |
| `detach` | goodbye; the run goes on |

| runner says | meaning |
| --- | --- |
| `welcome{runId, pid, pgid, startTime, lastIn, out, err, state}` | you drive the run |
| `ack{n}` | all frames up to `n` are durable and will reach the harness in order, once |
| `out{length}` | `out.spool` is that long now; many bells may be one message |
| `state{state}` | `running`, `ending`, `stalled: <why>` |
| `exit{…}` | the content of `exit.json`; the last message |
| `fenced{epoch}` | another daemon drives the run now; the last message |
| `refused{code, reason, …}` | one of the codes below |

Codes: `epoch`, `malformed` (both end the connection), `signal`, and with the number `n` of the
frame `gap`, `too large`, `disk`, `closed`.

Fencing. A daemon takes a higher epoch each time it starts, and a random `holder` word for the
life of its process. A hello is accepted if its epoch is above the highest one accepted so far, or
equal to it with the same holder (the same daemon after its connection dropped). Whoever is
accepted takes over; the connection before is told `fenced`. Everyone else is refused with
`epoch`, so that two daemons never drive one run, not even by turns.
"""

from __future__ import annotations

import os

from . import layout, shapes, system
from .layout import Document
from .lean import accept, socket
from .loop import READ, Loop
from .wire import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Desk(Protocol):
        """The run behind the door; only the accepted connection reaches it."""

        def welcome(self) -> Document:
            """The answer to a hello."""
            ...

        def command(self, connection: Connection, message: Document) -> None:
            """Anything but a hello; `shapes.Malformed` if it is no command."""

        def payload(self, connection: Connection, piece: memoryview) -> None:
            """The next bytes of the payload."""

        def payload_end(self, connection: Connection) -> None:
            """The payload is whole."""

        def received(self, connection: Connection) -> None:
            """All that one read brought has been passed on."""

        def left(self) -> None:
            """The accepted connection is gone, or another one took its place."""


WAITING_ROOM = 8
BACKLOG = 128
"""Generous, as connecting to a full Unix socket fails on Linux instead of waiting."""


class Door:
    """Listens on `sock` in the working directory: a short name, however long the path is.

    (An AF_UNIX address holds about 104 bytes on macOS and 108 on Linux.)
    """

    def __init__(self, loop: Loop, desk: Desk) -> None:
        self._loop, self._desk = loop, desk
        self._epoch = 0
        self._holder: str = ""
        self._strangers: list[Connection] = []
        self.driver: Connection | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(layout.SOCKET)
        os.chmod(layout.SOCKET, 0o600)
        self._listener.listen(BACKLOG)
        loop.watch(self._listener.fileno(), READ, self._knock)

    def shut(self) -> None:
        """Take no more connections."""
        self._loop.watch(self._listener.fileno(), 0, self._knock)
        self._listener.close()
        os.unlink(layout.SOCKET)

    def _knock(self, _events: int) -> None:
        try:
            sock = accept(self._listener)
        except OSError:
            return  # it gave up in the meantime
        if system.peer_uid(sock) != os.getuid():
            sock.close()
            return
        # Who connects and says nothing may not keep others out.
        if len(self._strangers) >= WAITING_ROOM:
            self._strangers[0].close()
        self._strangers.append(Connection(self._loop, sock, self))

    def message(self, connection: Connection, message: Document) -> None:
        if connection is self.driver:
            self._desk.command(connection, message)
        elif message.get("type") == "hello":
            self._hello(
                connection, shapes.integer(message, "epoch"), shapes.text(message, "holder")
            )
        else:
            raise shapes.Malformed("the first message must be a hello")

    def _hello(self, connection: Connection, epoch: int, holder: str) -> None:
        same = epoch == self._epoch and holder == self._holder
        if epoch <= self._epoch and not same:
            reason = f"epoch {self._epoch} drives this run, and {epoch} is not above it"
            refusal = {"type": "refused", "code": "epoch", "reason": reason, "epoch": self._epoch}
            connection.close(refusal)
            return
        before, self.driver = self.driver, None
        self._strangers.remove(connection)
        if before:
            self._desk.left()
            before.close({"type": "fenced", "epoch": epoch})
        self._epoch, self._holder = epoch, holder
        _note(epoch, holder)
        self.driver = connection
        connection.say(self._desk.welcome())

    def payload(self, connection: Connection, piece: memoryview) -> None:
        self._desk.payload(connection, piece)

    def payload_end(self, connection: Connection) -> None:
        self._desk.payload_end(connection)

    def received(self, connection: Connection) -> None:
        if connection is self.driver:
            self._desk.received(connection)

    def gone(self, connection: Connection) -> None:
        if connection is self.driver:
            self.driver = None
            self._desk.left()
        elif connection in self._strangers:
            self._strangers.remove(connection)


def _note(epoch: int, holder: str) -> None:
    """Write it down for people who look. Our memory is what counts, as no runner starts twice."""
    try:
        layout.replace(layout.EPOCH, {"epoch": epoch, "holder": holder})
    except OSError:
        return  # a full disk
