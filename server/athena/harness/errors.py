"""The classes of errors that all harnesses share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from athena.harness.decode import maybe_text, obj, parse, text

Category = Literal[
    "rateLimit",
    "overloaded",
    "authentication",
    "billing",
    "invalidRequest",
    "contextOverflow",
    "network",
    "harness",
    "unknown",
]

OF_STATUS: Mapping[int, Category] = {
    400: "invalidRequest",
    401: "authentication",
    402: "billing",
    403: "authentication",
    413: "contextOverflow",
    429: "rateLimit",
    503: "overloaded",
    529: "overloaded",
}


def of_status(status: int | None) -> Category:
    """The class of an HTTP status; no status at all is no statement."""
    if status is None:
        return "unknown"
    return OF_STATUS.get(status, "overloaded" if status >= 500 else "unknown")


def provider_words(message: str) -> tuple[str, str]:
    """The message and the type in the body of a provider's error, where the message is one."""
    body = obj((parse(message.encode(errors="replace")) or {}).get("error"))
    if not body:
        return message, ""
    kind = maybe_text(body.get("code")) or text(body.get("type"))
    return maybe_text(body.get("message")) or message, kind
