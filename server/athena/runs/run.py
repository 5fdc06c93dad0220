"""One run, as the daemon sees it: what it said, what is said to it, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path

from athena.runner import layout
from athena.runner.shapes import integer, parse, text

from .address import short_address
from .bell import Bell
from .errors import Detached, Fenced, Refused, RunEnded
from .find import settle
from .frames import LINE_BYTES, Frame, SpoolReader
from .records import ExitRecord

HOLDER = secrets.token_hex(8)
"""Tells this process from another one that would claim the same epoch (see `runner.door`)."""

PIECE_BYTES = 256 * 1024
Message = Mapping[str, object]
BACKOFF_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
GOODBYE_SECONDS = 2.0


class Run:
    """Made by `launch` and `attach`. Lives in one event loop; connects again by itself.

    `state`: `running`, `ending`, or `stalled: <why>`; `on_state` is called when it changes.
    `last_in`: number of the last frame to the harness that is known to be durable.
    `exit`: how it ended, once it has.
    """

    def __init__(self, run_dir: Path, epoch: int, holder: str = HOLDER) -> None:
        self.run_dir = run_dir
        self.run_id = run_dir.name
        self.epoch = epoch
        self.pid: int | None = None
        self.last_in = 0
        self.state = "running"
        self.exit: ExitRecord | None = None
        self.on_state: Callable[[str], None] | None = None
        self._holder = holder
        self._failure: BaseException | None = None
        self._connected = False
        self._leaving = False
        self._changed = Bell()
        self._work = Bell()
        self._pending: dict[int, tuple[bytes, asyncio.Future[None]]] = {}
        self._outgoing: deque[int | Message] = deque()  # numbers of frames, and commands
        self._standing: dict[str, Message] = {}
        self._driving = asyncio.create_task(self._drive(), name=f"run {self.run_id}")
        self._driving.add_done_callback(self._stopped)

    # What it says.

    async def batches(
        self, position: int, line_bytes: int = LINE_BYTES
    ) -> AsyncGenerator[list[Frame]]:
        """`frames`, as many at a time as were there: what to use where speed counts."""
        reader = SpoolReader(self.run_dir, position, line_bytes)
        try:
            while True:
                heard, over = self._changed.rings, self.exit is not None
                self._raise_failure()
                batch = reader.read()
                if batch:
                    yield batch
                if batch is not None:
                    await asyncio.sleep(0)  # a long catch-up must not hold up everyone else
                elif not over:
                    await self._changed.wait(heard)
                else:
                    if tail := reader.tail():
                        yield [tail]
                    return
        finally:
            reader.close()

    async def frames(self, position: int, line_bytes: int = LINE_BYTES) -> AsyncGenerator[Frame]:
        """Every line from byte `position` on, once, until the run has ended and all is read.

        Commit `frame.end` with what the frame became, and begin there next time. A line longer
        than `line_bytes` comes as its head only (`oversize`); what follows the last newline of an
        ended run comes with `torn`. Raises `Fenced` or `Detached` when the run is ours no more.
        """
        async with contextlib.aclosing(self.batches(position, line_bytes)) as batches:
            async for batch in batches:
                for frame in batch:
                    yield frame

    async def ended(self) -> ExitRecord:
        """How the run ended, when it has. Raises `Fenced` or `Detached`."""
        while True:
            heard = self._changed.rings
            if self.exit:
                return self.exit
            self._raise_failure()
            await self._changed.wait(heard)

    # What is said to it.

    async def send(self, number: int, data: bytes) -> None:
        """Give frame `number` to the harness; returns when it is durable and so will reach it.

        Numbers are 1, 2, 3, … over the life of the run; one that the runner has is not sent again.
        `data` has no newline; one is added. A dropped connection is bridged by sending again.
        Being cancelled does not take the frame back. Raises `Refused` (`gap`: an earlier number is
        missing; `disk`: try again; `too large`; `closed`), `RunEnded`, `Fenced`, `Detached`.
        """
        if b"\n" in data:
            raise ValueError("a frame is one line, so its data may have no newline")
        self._raise_failure()
        if number <= self.last_in:
            return
        if self.exit:
            raise RunEnded(self.exit.message)
        if number not in self._pending:
            answer = asyncio.get_running_loop().create_future()
            answer.add_done_callback(_look_at)
            self._pending[number] = (data, answer)
            self._outgoing.append(number)
            self._work.ring()
        await asyncio.shield(self._pending[number][1])

    def signal(self, name: str) -> None:
        """Send a signal such as `SIGINT` to the harness's whole group. `KeyError`: no such one."""
        self._command({"type": "signal", "name": signal.Signals[name].name})

    def kill(self, grace: float) -> None:
        """TERM to all processes of the run now, KILL after `grace` seconds; then see `ended`."""
        self._stand({"type": "kill", "grace_ms": round(grace * 1000)})

    def close_input(self) -> None:
        """End of file on the harness's stdin, behind the frames that were sent."""
        self._stand({"type": "closeInput"})

    async def detach(self) -> None:
        """Say goodbye; the run goes on without us. Whoever still waits gets `Detached`."""
        self._leaving = True
        if self._connected:
            self._command({"type": "detach"})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await asyncio.shield(self._driving)
        self.drop()

    def drop(self) -> None:
        """Hang up without a word, as a daemon that dies does."""
        self._fail(Detached(f"detached from run {self.run_id}"))
        self._driving.cancel()

    async def ready(self) -> None:
        """Return when the runner has welcomed us or the run has ended. Raises `Fenced`."""
        while True:
            heard = self._changed.rings
            if self._connected or self.exit:
                return
            self._raise_failure()
            await self._changed.wait(heard)

    # The conversation.

    async def _drive(self) -> None:
        failures = 0
        while not (self.exit or self._failure or self._leaving):
            if await self._converse():
                failures = 0
            if self.exit or self._failure or self._leaving:
                return
            # It hung up. Either it is dead, or something between us is.
            record = await asyncio.to_thread(settle, self.run_dir)
            if record:
                self._end(record)
            else:
                await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
                failures += 1

    async def _converse(self) -> bool:
        """One connection from hello to its end; whether we were welcome."""
        try:
            with short_address(self.run_dir / layout.SOCKET) as address:
                reader, writer = await asyncio.open_unix_connection(address)
        except OSError:
            return False
        writing: asyncio.Task[None] | None = None
        try:
            hello = {"type": "hello", "epoch": self.epoch, "holder": self._holder}
            writer.write(_line(hello))
            # Half a line is the last word of a runner that died.
            while (line := await reader.readline()).endswith(b"\n"):
                self._hear(parse(line))
                if self._connected and not writing:
                    writing = asyncio.create_task(self._write(writer))
                    writing.add_done_callback(self._stopped)
        except ConnectionError:
            pass
        finally:
            welcome, self._connected = self._connected, False
            if writing:
                writing.cancel()
            writer.transport.abort()
        return welcome

    def _hear(self, message: layout.Document) -> None:
        match message.get("type"):
            case "welcome":
                self.run_id, self.pid = text(message, "runId"), integer(message, "pid")
                self._acknowledge(integer(message, "lastIn"))
                self._connected = True
                self._turn_to(text(message, "state"))
            case "out":
                pass  # the spool says what; ringing is all
            case "ack":
                self._acknowledge(integer(message, "n"))
            case "state":
                self._turn_to(text(message, "state"))
            case "exit":
                self._end(ExitRecord.from_document(message))
            case "fenced":
                self._fail(Fenced(integer(message, "epoch")))
            case "refused":
                self._refuse(message)
            case _:
                pass  # a newer runner may say more than we understand
        self._changed.ring()

    def _acknowledge(self, number: int) -> None:
        self.last_in = max(self.last_in, number)
        for known in [n for n in self._pending if n <= number]:
            _settle(self._pending.pop(known)[1], None)

    def _turn_to(self, state: str) -> None:
        changed, self.state = state != self.state, state
        if changed and self.on_state:
            self.on_state(state)

    def _refuse(self, message: layout.Document) -> None:
        code, reason = text(message, "code"), text(message, "reason")
        if code == "epoch":
            self._fail(Fenced(integer(message, "epoch")))
        elif "n" in message:
            _, answer = self._pending.pop(integer(message, "n"), (b"", None))
            if answer:
                _settle(answer, Refused(code, reason))
        else:
            self._fail(Refused(code, reason))

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        """Everything goes out through here, whole frames in order, and never more than a piece
        beyond what the runner takes."""
        commands = [said for said in self._outgoing if not isinstance(said, int)]
        standing = [said for said in self._standing.values() if said not in commands]
        self._outgoing = deque([*sorted(self._pending), *standing, *commands])
        with contextlib.suppress(ConnectionError):
            while True:
                heard = self._work.rings
                while self._outgoing:
                    said = self._outgoing.popleft()
                    if not isinstance(said, int):
                        writer.write(_line(said))
                    elif said in self._pending:
                        await _write_frame(writer, said, self._pending[said][0])
                await writer.drain()
                await self._work.wait(heard)

    def _command(self, message: Message) -> None:
        self._raise_failure()
        if not self.exit:
            self._outgoing.append(message)
            self._work.ring()

    def _stand(self, message: Message) -> None:
        """A command that may be said twice, and is, when the connection drops."""
        self._standing[str(message["type"])] = message
        self._command(message)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """An error that nobody expected must reach those who wait, or they wait for ever."""
        if not task.cancelled() and (error := task.exception()):
            self._fail(error)

    def _end(self, record: ExitRecord) -> None:
        self.exit, self.state, self.run_id = record, "ended", record.run_id
        self._acknowledge(record.last_in)
        self._clear(RunEnded(record.message))

    def _fail(self, error: BaseException) -> None:
        if not self.exit:
            self._failure = self._failure or error
        self._clear(error)

    def _clear(self, error: BaseException) -> None:
        for _, answer in self._pending.values():
            _settle(answer, error)
        self._pending.clear()
        self._changed.ring()

    def _raise_failure(self) -> None:
        if self._failure:
            raise self._failure


def _line(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"


async def _write_frame(writer: asyncio.StreamWriter, number: int, data: bytes) -> None:
    writer.write(_line({"type": "send", "n": number, "len": len(data)}))
    for place in range(0, len(data), PIECE_BYTES):
        writer.write(data[place : place + PIECE_BYTES])
        await writer.drain()


def _settle(answer: asyncio.Future[None], error: BaseException | None) -> None:
    if answer.done():
        return
    if error:
        answer.set_exception(error)
    else:
        answer.set_result(None)


def _look_at(answer: asyncio.Future[None]) -> None:
    """Nobody may be waiting for it any more, and that is no reason to complain."""
    if not answer.cancelled():
        answer.exception()
