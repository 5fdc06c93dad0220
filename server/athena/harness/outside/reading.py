"""What the readers of both kinds of session files share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from athena.protocol import events as e


@dataclass(frozen=True, slots=True)
class Dated:
    """An event and when it was, in milliseconds since 1970 UTC (0: the file does not say)."""

    at: int
    event: e.EventData


def milliseconds(timestamp: str) -> int | None:
    """An ISO 8601 time as milliseconds since 1970 UTC, or `None` if it is none."""
    try:
        moment = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment.tzinfo is not None else None
