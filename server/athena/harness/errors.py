"""The classes of errors that all harnesses share."""

from __future__ import annotations

import re
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


_STATUS = re.compile(r"\b(4\d\d|5\d\d)\b")

_WORDS: tuple[tuple[str, Category], ...] = (
    (r"context (length|window)|too long|too large|maximum context|token limit", "contextOverflow"),
    (r"rate.?limit|too many requests|resource.?exhausted", "rateLimit"),
    (r"overloaded|unavailable|capacity", "overloaded"),
    (r"billing|credit|payment|quota", "billing"),
    (r"auth|log.?in|api.?key|unauthorized|forbidden|permission denied", "authentication"),
    (
        r"network|connect|timed? ?out|timeout|socket|dns|fetch failed|stream .*closed|"
        r"\bterminated|other side closed",
        "network",
    ),
    (r"invalid|bad request|not supported|unsupported", "invalidRequest"),
)


def status_in(message: str) -> int | None:
    """The HTTP status that a message names, if it names one."""
    found = _STATUS.search(message)
    return int(found[1]) if found else None


def of_words(*messages: str) -> Category | None:
    """The class that a message's words speak of, for harnesses that have no classes; the first
    message that speaks of one tells."""
    for message in messages:
        for words, category in _WORDS:
            if re.search(words, message, re.IGNORECASE):
                return category
    return None


def provider_words(message: str) -> tuple[str, str]:
    """The message and the type in the body of a provider's error, where the message is one."""
    body = obj((parse(message.encode(errors="replace")) or {}).get("error"))
    if not body:
        return message, ""
    kind = maybe_text(body.get("code")) or text(body.get("type"))
    return maybe_text(body.get("message")) or message, kind
