"""The runner's protocol spoken by hand, to say what the daemon's client never would."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any


class Plain:
    """One raw connection to a runner's socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, run_dir: Path) -> Plain:
        return cls(*await asyncio.open_unix_connection(str(run_dir / "sock")))

    @classmethod
    async def driver(cls, run_dir: Path, epoch: int, holder: str = "plain") -> Plain:
        """Connected and welcome."""
        plain = await cls.connect(run_dir)
        plain.say(type="hello", epoch=epoch, holder=holder)
        assert (await plain.hear())["type"] == "welcome"
        return plain

    def say(self, **message: Any) -> None:
        self.raw(json.dumps(message).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        self.writer.write(data)

    def send(self, number: int, data: bytes) -> None:
        self.say(type="send", n=number, len=len(data))
        self.raw(data)

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next message (of that kind)."""
        while True:
            line = await asyncio.wait_for(self.reader.readline(), 10)
            assert line, "the runner hung up"
            message = json.loads(line)
            if kind in (None, message["type"]):
                return message

    async def hung_up(self) -> bool:
        """Whether the runner ends the connection, after the messages that are on their way."""
        while await asyncio.wait_for(self.reader.readline(), 10):
            pass
        return True

    def cut(self) -> None:
        self.writer.transport.abort()
