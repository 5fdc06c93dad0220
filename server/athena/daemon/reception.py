"""From an accepted socket to a client that was let in, or words why not."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Protocol

from athena.daemon import peer
from athena.daemon.admission import Hello, Refusal, Situation, judge, read_hello
from athena.relay import hello as lines
from athena.relay.failure import EXIT_NOT_PERMITTED, EXIT_VERSION
from athena.wire import limits
from athena.wire.inbox import Inbox, TooLong

PATIENCE_SECONDS = 2.0
"""How often a client that waits for our start is told why."""


class House(Protocol):
    """What reception asks of the daemon."""

    def situation(self) -> Situation: ...
    async def wait_until_open(self, seconds: float) -> Refusal | bool:
        """True when clients are served, False after `seconds`, or why none ever will be."""
        ...

    def progress(self) -> str: ...
    def make_room(self, now: bool) -> None:
        """A newer client wants a newer daemon: now, or when idle."""
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody to be welcomed; `notice` is what they should know."""

    hello: Hello
    notice: str = ""


async def receive(house: House, inbox: Inbox, writer: asyncio.StreamWriter) -> Admitted | None:
    """Read the hello and decide; None when its sender was told why not, or is gone."""
    pid, uid = peer.credentials(writer.get_extra_info("socket"))
    if uid != os.geteuid():
        refusal = Refusal(
            EXIT_NOT_PERMITTED,
            f"This Athena daemon belongs to user {os.geteuid()}, and you are user {uid}.",
        )
        return await _refuse(writer, refusal)
    hello = await _read(inbox, pid)
    if hello is None:
        return None
    if isinstance(hello, Refusal):
        return await _refuse(writer, hello)
    if hello.origin is None:
        return Admitted(hello)
    while (opened := await house.wait_until_open(PATIENCE_SECONDS)) is False:
        await tell(writer, {"wait": house.progress()})
    if isinstance(opened, Refusal):
        return await _refuse(writer, opened)
    verdict = judge(hello, house.situation())
    if verdict.leave_when_idle:
        house.make_room(now=False)
    match verdict.kind:
        case "refuse":
            return await _refuse(writer, Refusal(EXIT_VERSION, verdict.words))
        case "restart":
            house.make_room(now=True)
            return await tell(writer, {"restart": {"message": verdict.words}})
        case "welcome":
            return Admitted(hello, verdict.words)


async def tell(writer: asyncio.StreamWriter, answer: dict[str, object]) -> None:
    """Send one line of the greeting; a client that went away is no matter here."""
    try:
        writer.write(lines.encode(answer))
        await writer.drain()
    except ConnectionError:
        pass


async def _refuse(writer: asyncio.StreamWriter, refusal: Refusal) -> None:
    await tell(writer, {"refusal": {"code": refusal.code, "message": refusal.message}})


async def _read(inbox: Inbox, pid: int) -> Hello | Refusal | None:
    """The hello, or None when the other side only looked whether we are there."""
    try:
        async with asyncio.timeout(limits.HELLO_SECONDS):
            line = await inbox.line(lines.HELLO_BYTES)
        return None if line is None else read_hello(lines.decode(line), pid)
    except TooLong as error:
        return Refusal(EXIT_VERSION, f"The hello has {error.size} bytes, which is too many.")
    except ValueError:
        return Refusal(EXIT_VERSION, "This is the socket of the Athena daemon; say hello first.")
    except TimeoutError:
        return Refusal(EXIT_VERSION, "No hello came.")
