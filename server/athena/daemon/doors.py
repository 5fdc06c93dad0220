"""Which door serves which mode. A door's library is imported when its first client comes."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
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


_RPC = Door("athena.rpc", "RpcDoor", "LineFrames")
DOORS: dict[Mode, Door] = {
    "lsp": Door("athena.lsp", "LspDoor", "LspFrames"),
    "headless": _RPC,
    "cli": _RPC,
}


WARM_AFTER_SECONDS = 2.0
IMPORT_SWITCH_SECONDS = 0.0005
_loaded: dict[str, tuple[Any, Any]] = {}


async def warm() -> None:
    """Load all doors when the daemon has settled, so that the next client does not wait for it."""
    await asyncio.sleep(WARM_AFTER_SECONDS)
    for mode in DOORS:
        await load(mode)


async def load(mode: Mode) -> tuple[Any, Any]:
    """The modules of a door. Imported in a thread: pygls takes half a second, others go on."""
    package = DOORS[mode].package
    if package not in _loaded:
        with _beside_others():
            _loaded[package] = await asyncio.to_thread(
                lambda: (
                    importlib.import_module(f"{package}.door"),
                    importlib.import_module(f"{package}.framing"),
                )
            )
    return _loaded[package]


@contextmanager
def _beside_others() -> Generator[None]:
    """Let agents go on while a thread imports: the interpreter changes hands more often.

    What is imported stays, so the collector need not look at it, now or later.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(IMPORT_SWITCH_SECONDS)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.setswitchinterval(usual)


async def converse(
    core: Core, connection: ClientConnection, inbox: Inbox, hung_up: Callable[[], bool]
) -> None:
    """Serve one welcomed client until its end."""
    row = DOORS[connection.mode]
    door, framing = await load(connection.mode)
    connection.encode = framing.encode
    requests = Requests(connection.room)
    connection.open_requests = requests.__len__
    speaker = getattr(door, row.speaker)(core, connection, requests)
    frames = getattr(framing, row.frames)(inbox)
    await Conversation(connection, requests, frames, speaker, hung_up).run()
