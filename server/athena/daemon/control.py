"""The daemon's answers to `athena daemon status` and `stop`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from typing import Protocol

from athena import __version__
from athena.daemon.reception import tell
from athena.relay import hello as lines
from athena.relay.failure import EXIT_LOST, EXIT_NO_START, EXIT_STOPPED
from athena.wire import limits
from athena.wire.connection import ClientConnection, Goodbye
from athena.wire.inbox import Inbox, TooLong

STOPPED = Goodbye(EXIT_STOPPED, "The Athena daemon was stopped. Agents go on working.")
FAULT = Goodbye(EXIT_NO_START, "A fault of Athena ended this connection; the daemon's log has it.")
RESTARTS = Goodbye(EXIT_LOST, "The Athena daemon restarts.")


class House(Protocol):
    """What control asks of the daemon."""

    def status(self) -> dict[str, object]: ...
    def stop(self, goodbye: Goodbye) -> None: ...


async def serve(house: House, inbox: Inbox, writer: asyncio.StreamWriter) -> None:
    """Answer one line `{"verb": "status" | "stop" | "restart"}` with one line."""
    try:
        async with asyncio.timeout(limits.HELLO_SECONDS):
            line = await inbox.line(lines.HELLO_BYTES)
        asked = {} if line is None else lines.decode(line)
    except (TimeoutError, TooLong, ValueError):
        asked = {}
    match asked.get("verb"):
        case "status":
            await tell(writer, house.status())
        case "stop":
            house.stop(STOPPED)
            await tell(writer, {"stopping": os.getpid()})
        case "restart":
            house.stop(RESTARTS)
            await tell(writer, {"stopping": os.getpid()})
        case other:
            await tell(writer, {"error": f"There is no verb {other!r}."})


def describe(
    state: str,
    started: float,
    connections: Iterable[ClientConnection],
    **more: object,
) -> dict[str, object]:
    """The status: times in seconds since 1970, sizes in bytes."""
    return {
        "pid": os.getpid(),
        "version": __version__,
        "stateDirectory": state,
        "startedAt": started,
        "uptimeSeconds": round(time.time() - started, 3),
        "connections": [_connection(each) for each in connections],
        **more,
    }


def _connection(each: ClientConnection) -> dict[str, object]:
    return {
        "id": each.id,
        "mode": each.mode,
        "client": each.client.name,
        "clientVersion": each.client.version,
        "pid": each.origin.pid,
        "cwd": each.cwd,
        "since": each.since,
        "openRequests": each.open_requests(),
        "unreadBytes": each.unread,
        "droppedNotifications": each.dropped,
    }
