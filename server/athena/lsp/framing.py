"""LSP's base protocol: bodies with a `Content-Length` header (LSP 3.17, "Base Protocol")."""

from __future__ import annotations

import re

from athena.protocol.errors import AthenaError, ErrorCode
from athena.wire import answers, limits
from athena.wire.conversation import LostPlace
from athena.wire.inbox import Inbox, TooLong

HEADER_BYTES = 8192
HEADER_LINES = 32
SKIP_BYTES = 1 << 30
"""A body longer than this is not skipped over: it is the end."""
_NAME = re.compile(r"[A-Za-z0-9-]+\s*")
_UTF8 = re.compile(r"charset\s*=\s*\"?utf-?8\"?", re.IGNORECASE)


def encode(body: bytes) -> bytes:
    """A body with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class LspFrames:
    """`athena.wire.conversation.Frames`. Lines may end without CR, names may be of any case."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def next(self) -> bytes | None:
        headers = await self._headers()
        if headers is None:
            return None
        length = _content_length(headers.get("content-length"))
        if length > limits.BODY:
            if length > SKIP_BYTES or not await self._inbox.skip(length):
                raise LostPlace(answers.too_large("message", length, limits.BODY))
            raise answers.too_large("message", length, limits.BODY)
        body = await self._inbox.exactly(length)
        if body is not None and "charset" in (kind := headers.get("content-type", "")):
            _check_charset(kind)
        return body

    async def _headers(self) -> dict[str, str] | None:
        headers: dict[str, str] = {}
        for _ in range(HEADER_LINES):
            try:
                line = await self._inbox.line(HEADER_BYTES)
            except TooLong as error:
                raise _lost(f"a header line of {error.size} bytes") from None
            if line is None:
                return None
            if not line:
                if headers:
                    return headers
                continue
            name, colon, value = line.decode("latin-1").partition(":")
            if not (colon and _NAME.fullmatch(name)):
                raise _lost(f"the line {name[:80]!r}, which is no header")
            headers[name.strip().lower()] = value.strip()
        raise _lost(f"more than {HEADER_LINES} header lines")


def _content_length(value: str | None) -> int:
    if value is None:
        raise _lost("a header without Content-Length")
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise _lost(f"the Content-Length {value[:80]!r}")
    return int(value)


def _check_charset(content_type: str) -> None:
    if not _UTF8.search(content_type):
        raise AthenaError(
            ErrorCode.PARSE_ERROR,
            f"The message is {content_type!r}; LSP knows only charset=utf-8.",
        )


def _lost(what: str) -> LostPlace:
    return LostPlace(
        AthenaError(
            ErrorCode.PARSE_ERROR,
            f"Where the next message begins is not known after {what}. The connection ends.",
        )
    )
