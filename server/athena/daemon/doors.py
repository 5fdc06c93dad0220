"""Which door serves which mode."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from athena.border import Core, Mode
from athena.wire.connection import ClientConnection
from athena.wire.conversation import Conversation
from athena.wire.inbox import Inbox
from athena.wire.requests import Requests


@dataclass(frozen=True, slots=True)
class Door:
    """A package with `door` and `framing`, and the names in them."""

    package: str
    speaker: str
    frames: str

    def modules(self) -> tuple[Any, Any]:
        """`door` and `framing`."""
        return (
            importlib.import_module(f"{self.package}.door"),
            importlib.import_module(f"{self.package}.framing"),
        )


_RPC = Door("athena.rpc", "RpcDoor", "LineFrames")
DOORS: dict[Mode, Door] = {
    "lsp": Door("athena.lsp", "LspDoor", "LspFrames"),
    "headless": _RPC,
    "cli": _RPC,
}


def load() -> None:
    """Import all doors. pygls takes a quarter of a second, in which nobody should be waiting."""
    for door in DOORS.values():
        door.modules()


async def converse(
    core: Core, connection: ClientConnection, inbox: Inbox, hung_up: Callable[[], bool]
) -> None:
    """Serve one welcomed client until its end."""
    row = DOORS[connection.mode]
    door, framing = row.modules()
    connection.encode = framing.encode
    requests = Requests(connection.room)
    connection.open_requests = requests.__len__
    speaker = getattr(door, row.speaker)(core, connection, requests)
    frames = getattr(framing, row.frames)(inbox)
    await Conversation(connection, requests, frames, speaker, hung_up).run()
