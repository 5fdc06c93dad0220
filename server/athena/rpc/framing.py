"""One message per line."""

from __future__ import annotations

from athena.wire import answers, limits
from athena.wire.inbox import Inbox, TooLong


def encode(body: bytes) -> bytes:
    """A body as a line; JSON as we write it has no line ends inside."""
    return body + b"\n"


class LineFrames:
    """`athena.wire.conversation.Frames`. Empty lines are passed over."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def next(self) -> bytes | None:
        try:
            while (line := await self._inbox.line(limits.BODY)) is not None:
                if line.strip():
                    return line
        except TooLong as error:
            raise answers.too_large("message", error.size, limits.BODY) from None
        return None
