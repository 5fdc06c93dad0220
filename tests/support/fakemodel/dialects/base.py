"""What every dialect offers: reading a request, and writing a reply in pieces."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.fakemodel.history import Turn
from tests.support.fakemodel.script import Tokens
from tests.support.fakemodel.tools import Tool, ToolCall

JSON = Mapping[str, Any]
Speech = Literal["say", "think"]

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def halves(text: str) -> tuple[str, str]:
    """Tool arguments are streamed in two pieces, so that a reader must join them."""
    middle = len(text) // 2
    return text[:middle], text[middle:]


@dataclass(slots=True)
class Usage:
    """Token counts of one reply; `cached` input is not part of `input`."""

    input: int = 1
    output: int = 1
    cached: int = 0

    @property
    def prompt(self) -> int:
        return self.input + self.cached

    @property
    def total(self) -> int:
        return self.prompt + self.output

    def override(self, tokens: Tokens) -> None:
        self.input, self.output, self.cached = tokens.input, tokens.output, tokens.cached


class Reply(ABC):
    """Builds one response: its stream piece by piece, and its whole body at the end.

    A speech is `open`, any number of `chunk`s, `close` with the full text. `number` identifies the
    request and goes into every id, so that a reader can match replies and requests.
    """

    def __init__(self, model: str, number: int) -> None:
        self.model = model
        self.stem = f"{number:06d}"
        self.index = 0
        self.usage = Usage()
        self.called = False

    def call_id(self, prefix: str) -> str:
        return f"{prefix}_{self.stem}_{self.index}"

    def start(self) -> bytes:
        return b""

    def open(self, kind: Speech) -> bytes:
        return b""

    @abstractmethod
    def chunk(self, kind: Speech, text: str) -> bytes: ...

    @abstractmethod
    def close(self, kind: Speech, text: str) -> bytes: ...

    @abstractmethod
    def call(self, call: ToolCall) -> bytes: ...

    @abstractmethod
    def finish(self) -> bytes: ...

    @abstractmethod
    def whole(self) -> dict[str, Any]: ...


class Dialect(ABC):
    """Reads the requests of one API."""

    name: str

    @abstractmethod
    def turns(self, body: JSON) -> list[Turn]: ...

    @abstractmethod
    def tools(self, body: JSON) -> list[Tool]: ...

    @abstractmethod
    def schema(self, body: JSON) -> Any:
        """The JSON schema that the answer must follow, or `None`."""

    @abstractmethod
    def images(self, body: JSON) -> int:
        """How many images the conversation holds."""

    @abstractmethod
    def reply(self, model: str, number: int) -> Reply: ...

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = ERROR_TYPES.get(status, "api_error")
        return {"error": {"message": message, "type": kind, "code": kind}}
