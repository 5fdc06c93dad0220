"""The loop that every door shares: read a message, hand it on, end in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from athena.protocol.errors import AthenaError
from athena.wire import answers, codec
from athena.wire.connection import ClientConnection, Goodbye
from athena.wire.requests import Requests

DISMISSED_SECONDS = 2.0
"""How long open requests may go on when the daemon ends."""
WATCH_SECONDS = 1.0


class Frames(Protocol):
    """Cuts a stream into message bodies."""

    async def next(self) -> bytes | None:
        """The next body; None at the end.

        Raises `AthenaError` for a message that must be refused without being read; reading goes
        on after it. Raises `LostPlace` when it cannot.
        """
        ...


class LostPlace(Exception):
    """Where the next message begins cannot be known any more."""

    def __init__(self, error: AthenaError) -> None:
        super().__init__(error.message)
        self.error = error


class Speaker(Protocol):
    """What a door does with messages."""

    linger_seconds: float | None
    """How long open requests may go on when the client has said all it had to say."""

    async def hear(self, value: object, size: int) -> Goodbye | None:
        """Take one parsed message of `size` bytes. A goodbye ends the conversation."""
        ...

    async def ended(self) -> None:
        """Nothing more comes, nothing is open any more, and nothing can be sent any more."""
        ...


class Conversation:
    """Runs one connection from its welcome to its end."""

    def __init__(
        self,
        connection: ClientConnection,
        requests: Requests,
        frames: Frames,
        speaker: Speaker,
        hung_up: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._frames = frames
        self._speaker = speaker
        self._hung_up = hung_up

    async def run(self) -> None:
        dismissed = self._connection.dismissed
        reading = asyncio.ensure_future(self._read())
        try:
            await asyncio.wait({reading, dismissed}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                goodbye = reading.result() or await self._linger()
            else:
                goodbye = dismissed.result()
                await self._requests.finished(DISMISSED_SECONDS)
        finally:
            reading.cancel()
            self._requests.cancel_all()
            await self._requests.finished()
            await self._speaker.ended()
        await self._connection.close(goodbye)

    async def _read(self) -> Goodbye | None:
        """Read to the end; None when the client closed its half without a goodbye."""
        while True:
            await self._requests.room()
            await self._connection.room()
            # A message that is buffered already makes nothing above wait: let the others run too.
            await asyncio.sleep(0)
            if self._connection.gone:
                return None
            try:
                body = await self._frames.next()
                if body is None:
                    return None
                value = codec.loads(body)
            except AthenaError as error:
                self._connection.send(answers.failure(None, error))
                continue
            except LostPlace as lost:
                self._connection.send(answers.failure(None, lost.error))
                return Goodbye(1, lost.error.message)
            goodbye = await self._speaker.hear(value, len(body))
            if goodbye is not None:
                return goodbye

    async def _linger(self) -> Goodbye:
        """Let open requests end, unless nobody is there any more to be answered."""
        left = self._speaker.linger_seconds
        while not self._hung_up() and (left is None or left > 0):
            if self._connection.dismissed.done():
                return self._connection.dismissed.result()
            if await self._requests.finished(WATCH_SECONDS):
                break
            left = None if left is None else left - WATCH_SECONDS
        return Goodbye()
