"""One attached client: who it is, and what we send it, with a bound on what it has not read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from athena.border import ClientInfo, Mode
from athena.relay.hello import goodbye
from athena.wire import answers, codec, limits
from athena.wire.envelope import Id

log = logging.getLogger(__name__)

Encode = Callable[[bytes], bytes]
"""Puts a body into the frame of the door's protocol."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the hello told of a client."""

    mode: Mode
    version: str = ""
    pid: int = 0
    cwd: str = "/"
    umask: int = 0o022
    client: ClientInfo = field(default_factory=ClientInfo)
    environ: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Goodbye:
    """How a conversation ended: the exit code of the relay, and words if it was not as asked."""

    code: int = 0
    message: str = ""


class ClientConnection:
    """`athena.border.Connection` over an asyncio stream."""

    def __init__(self, connection_id: str, origin: Origin, writer: asyncio.StreamWriter) -> None:
        self.id = connection_id
        self.origin = origin
        self.client = origin.client
        self.options: Mapping[str, object] = {}
        self.since = time.time()
        self.dropped = 0
        """Droppable notifications that the client was too slow for."""
        self.encode: Encode = bytes
        self.open_requests: Callable[[], int] = int
        self._writer = writer
        self._transport = writer.transport
        self._transport.set_write_buffer_limits(limits.PAUSE_ABOVE, limits.PAUSE_ABOVE // 4)
        self._dismissal: asyncio.Future[Goodbye] = asyncio.get_running_loop().create_future()

    @property
    def mode(self) -> Mode:
        return self.origin.mode

    @property
    def pid(self) -> int:
        return self.origin.pid

    @property
    def cwd(self) -> str:
        return self.origin.cwd

    @property
    def environ(self) -> Mapping[str, str]:
        return self.origin.environ

    @property
    def umask(self) -> int:
        return self.origin.umask

    @property
    def unread(self) -> int:
        """Bytes that we sent and the client's side has not taken yet."""
        return self._transport.get_write_buffer_size()

    @property
    def gone(self) -> bool:
        return self._transport.is_closing()

    def send(self, message: dict[str, object]) -> None:
        """Send a message at once. One that cannot be sent is replaced or dropped, never halved.

        An answer whose result is no JSON, or too large, becomes the error that says so.
        """
        if body := _body(message):
            self._write(body)

    def send_batch(self, messages: list[dict[str, object]]) -> None:
        """Send the answers to a batch, as one message."""
        body = b"[" + b",".join(_body(message) for message in messages) + b"]"
        if len(body) > limits.BODY:
            error = answers.too_large("answer", len(body), limits.BODY)
            refused = [answers.failure(cast("Id | None", m.get("id")), error) for m in messages]
            body = codec.dumps(refused)
        self._write(body)

    async def notify(self, method: str, params: object, *, droppable: bool) -> bool:
        if self.gone:
            return False
        if droppable and self.unread > limits.DROP_ABOVE:
            self.dropped += 1
            return False
        self.send({"jsonrpc": "2.0", "method": method, "params": params})
        if not droppable:
            await self.room()
        return not self.gone

    async def room(self) -> None:
        """Wait until the client has read enough to be sent more, or is gone.

        All who wait are woken together, so each looks again whether those before it have left
        room.
        """
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()
            while self.unread > limits.PAUSE_ABOVE and not self.gone:
                await self._writer.drain()

    def dismiss(self, goodbye: Goodbye) -> None:
        """The daemon ends this conversation; `dismissed` tells its door."""
        if not self._dismissal.done():
            self._dismissal.set_result(goodbye)

    @property
    def dismissed(self) -> asyncio.Future[Goodbye]:
        return self._dismissal

    async def close(self, last: Goodbye) -> None:
        """Say goodbye and close; what the client does not read in time is given up."""
        if not self.gone:
            self._writer.write(goodbye(last.code, last.message))
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), limits.FLUSH_SECONDS)
        except (TimeoutError, ConnectionError):
            self._transport.abort()

    def _write(self, body: bytes) -> None:
        if self.gone:
            return
        if self.unread + len(body) > limits.CUT_ABOVE:
            log.warning("%s has left %d bytes unread and is cut off", self.id, self.unread)
            self._transport.abort()
            return
        self._writer.write(self.encode(body))


def _body(message: dict[str, object]) -> bytes:
    """The message's body, or that of what is sent in its place; empty if nobody waits for it."""
    try:
        body = codec.dumps(message)
        if len(body) <= limits.BODY:
            return body
        error = answers.too_large("answer", len(body), limits.BODY)
    except (TypeError, ValueError, RecursionError) as cause:
        error = answers.as_athena_error(cause, "The encoding of the answer")
    if "method" in message:
        log.error("%s cannot be sent: %s", message["method"], error.message)
        return b""
    return codec.dumps(answers.failure(cast("Id | None", message.get("id")), error))
