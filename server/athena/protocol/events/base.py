"""What every event payload is."""

from __future__ import annotations

from typing import ClassVar

from athena.protocol.base import Record


class EventData(Record):
    """The payload of an event."""

    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1


class UnknownEvent(EventData):
    """An event of a newer writer, kept as it is."""

    KIND = ""
