"""One state directory with the echo daemon behind it, and the ways in."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from athena.relay import control
from athena.relay.hello import encode, hello
from tests.support import wait

PROGRAM = [sys.executable, "-P", str(Path(__file__).with_name("program.py"))]
STREAM_LIMIT = 1 << 28
PATIENCE = 60.0
"""Seconds. Each start of a daemon costs a second of one core, and there may be few."""
until = partial(wait.until, timeout=PATIENCE)

Message = dict[str, Any]


class Talk:
    """Messages over a pair of streams, framed as the mode wants."""

    def __init__(
        self, mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.mode = mode
        self.reader = reader
        self.writer = writer
        self.name = ""
        self._ids = 0

    def frame(self, body: bytes) -> bytes:
        if self.mode == "lsp":
            return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        return body + b"\n"

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send(self, message: object) -> None:
        await self.raw(self.frame(json.dumps(message).encode()))

    async def receive(self) -> Any:
        """The next message, or None at the end."""
        async with asyncio.timeout(PATIENCE):
            return await self._receive()

    async def _receive(self) -> Any:
        line = await self.reader.readline()
        if not line:
            return None
        if self.mode != "lsp":
            return json.loads(line)
        length = int(line.removeprefix(b"Content-Length:"))
        assert await self.reader.readline() == b"\r\n"
        return json.loads(await self.reader.readexactly(length))

    async def ask(self, method: str, params: object = None) -> int:
        """Send a request and return its id."""
        self._ids += 1
        message: Message = {"jsonrpc": "2.0", "id": self._ids, "method": method}
        await self.send(message if params is None else {**message, "params": params})
        return self._ids

    async def answer(self, request_id: int) -> Message:
        """The answer to a request; notifications before it are passed over."""
        while (message := await self.receive()) is not None:
            if message.get("id") == request_id:
                return message
        raise AssertionError("the conversation ended without an answer")

    async def call(self, method: str, params: object = None) -> Any:
        """The result of a request."""
        answer = await self.answer(await self.ask(method, params))
        assert "result" in answer, answer
        return answer["result"]

    async def initialize(self, **params: object) -> Any:
        """Begin as an editor does."""
        result = await self.call("initialize", {"capabilities": {}, **params})
        await self.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
        return result


class Relay(Talk):
    """A relay process."""

    def __init__(self, mode: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout and process.stdin and process.stderr
        super().__init__(mode, process.stdout, process.stdin)
        self.process = process

    async def end_input(self) -> None:
        self.writer.close()

    async def exit(self) -> tuple[int, str]:
        """Exit code and standard error, when it has ended by itself."""
        assert self.process.stderr
        async with asyncio.timeout(PATIENCE):
            words = (await self.process.stderr.read()).decode()
            return await self.process.wait(), words


class House:
    """`environ` is the environment of relays, and so of the daemon that they start."""

    def __init__(self, state: Path, home: Path, **more: str) -> None:
        self.state = state
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ATHENA_STATE_DIR": str(state),
            **more,
        }
        self._relays: list[Relay] = []

    async def relay(
        self,
        mode: str,
        *arguments: str,
        cwd: Path | None = None,
        prefix: Sequence[str] = (),
        before: Callable[[], None] | None = None,
        program: Sequence[str] = (*PROGRAM, "relay"),
    ) -> Relay:
        """A relay that was started, and may still be connecting."""
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *program,
            mode,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=STREAM_LIMIT,
            env=self.environ,
            cwd=cwd,
            preexec_fn=before,
        )
        self._relays.append(Relay(mode, process))
        return self._relays[-1]

    async def editor(self, **params: object) -> Relay:
        """An LSP client that is past `initialize`."""
        relay = await self.relay("lsp")
        await relay.initialize(**params)
        return relay

    async def socket(self, mode: str | None = "headless") -> Talk:
        """A client that speaks to the socket itself; with a mode, it is welcomed already."""
        path = self.state / "daemon.sock"
        if not path.exists():
            starter = await self.relay("headless")
            await starter.call("athena/test/echo")
        reader, writer = await asyncio.open_unix_connection(path, limit=STREAM_LIMIT)
        talk = Talk("headless", reader, writer)
        if mode is not None:
            await talk.raw(encode(hello(mode, "0.1.0", [])))
            talk.name = (await talk.receive())["welcome"]["connection"]
        return talk

    def seen(self, talk: Talk) -> dict[str, Any]:
        """What the daemon's status says of a client; nothing when it has ended."""
        found = [each for each in self.status()["connections"] if each["id"] == talk.name]
        return found[0] if found else {}

    def status(self) -> dict[str, Any]:
        found = control.status(str(self.state))
        assert found is not None
        return found

    def pid(self) -> int:
        """The daemon's process id, by its lock."""
        return int(json.loads((self.state / "daemon.lock").read_text())["pid"])

    def kill(self) -> None:
        """SIGKILL the daemon; what its supervisor makes of that is seen."""
        os.kill(self.pid(), signal.SIGKILL)

    def is_alive(self) -> bool:
        return is_held(self.state)

    def log(self) -> str:
        return (self.state / "daemon.log").read_text()

    async def close(self) -> None:
        """End all relays that were started here."""
        for relay in self._relays:
            if relay.process.returncode is None:
                relay.process.kill()
                await relay.process.wait()


def is_held(state: Path) -> bool:
    """Whether a daemon lives for this directory, by asking for its lock."""
    import fcntl

    try:
        descriptor = os.open(state / "daemon.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def end_daemon(state: Path) -> None:
    """Kill the daemon of a state directory, and what would replace it, if one lives."""
    if is_held(state):
        control.kill(str(state))
        wait.until_sync(lambda: not is_held(state), what="the daemon is gone")


def daemons_of(state: Path) -> Sequence[int]:
    """All processes that were started as daemons of this directory, by the system's own list.

    One that has another below it is that one's supervisor.
    """
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"--detach" in words and os.fsencode(state) in words:
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                found[int(entry.name)] = int(status[1])
        except OSError:
            continue
    return [pid for pid in found if pid not in found.values()]
