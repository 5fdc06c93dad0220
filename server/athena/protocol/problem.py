"""What goes wrong in the daemon itself, and not with one agent."""

from __future__ import annotations

from athena.protocol.base import Record


class Problem(Record):
    """Something that fails again and again, until its user mends it; also a notification,
    `athena/system/problem`, when it begins.

    `name` says what it is of: `notify.webhook`. `words`, and `hint`, which says what helps, are
    sentences. `lost` counts what was left out because of it. `since` is in milliseconds since 1970
    UTC.
    """

    name: str
    words: str
    hint: str
    lost: int = 0
    since: int
