"""When the user is told again of an open request, and when nobody will answer it any more."""

from __future__ import annotations

from athena.protocol import events as e
from athena.protocol.agent import OpenRequest
from athena.protocol.request import Outcome

BY = "athena"


def overdue(
    opened: OpenRequest, now: int, remind_seconds: float | None, expire_seconds: float | None
) -> e.RequestReminded | e.RequestClosed | None:
    """What is due of a request at `now` (milliseconds since 1970 UTC), if anything.

    Reminders that were missed (the machine slept) are made up for by one.
    """
    waited = (now - opened.at) / 1000
    if expire_seconds is not None and waited >= expire_seconds:
        note = f"Nobody answered within {expire_seconds:g} s."
        return e.RequestClosed(
            request_id=opened.request_id, outcome=Outcome.EXPIRED, by=BY, note=note
        )
    if remind_seconds is None:
        return None
    count = int(waited // remind_seconds)
    if count <= opened.reminders:
        return None
    return e.RequestReminded(request_id=opened.request_id, count=count)
