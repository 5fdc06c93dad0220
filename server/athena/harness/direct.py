"""A harness under its driver, without the daemon and without a log.

The smallest shell that can hold both: for `athena harness doctor`, for recording sessions, and for
tests of drivers. Nothing is durable here; agents run under the runner instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from athena.harness.driver import Driver, EffectDone, Intent, Launch, Step
from athena.harness.recording import Entry
from athena.protocol import events as e

LINE_LIMIT = 64 << 20
STDERR_TAIL = 4000


class Refused(Exception):
    """The harness opens no session."""


class DirectSession:
    """One run of a harness.

    `events` has what was recorded so far and `deltas` what was streamed; `log` has all that was
    said in both directions, as a recording keeps it. `heard` is set whenever there is more.
    """

    def __init__(
        self,
        driver: Driver[Any],
        launch: Launch,
        environment: Mapping[str, str],
        stderr: Path,
    ) -> None:
        """`environment` is all that the process gets; its standard error goes to a file."""
        self.driver = driver
        self.launch = launch
        self.environment = dict(environment)
        self.stderr_path = stderr
        self.events: list[e.EventData] = []
        self.deltas: list[str] = []
        self.log: list[Entry] = []
        self.heard = asyncio.Event()
        self.memory: Any = None
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> DirectSession:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start the process; `OSError` if it cannot be, `ValueError` for senseless options."""
        command = self.driver.command(self.launch)
        with self.stderr_path.open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=self.launch.cwd,
                env=self.environment | command.env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        await self.apply(self.driver.begin(self.launch))
        self._reading = asyncio.create_task(self._read())

    async def do(self, intent: Intent) -> None:
        """Hand an intent to the driver."""
        self.log.append(Entry("do", intent))
        await self.apply(self.driver.intend(self.memory, intent))

    def end(self, reason: str) -> None:
        """Tell the driver that the process is gone."""
        self.log.append(Entry("ended", reason))
        self.take(self.driver.ended(self.memory, reason))

    @property
    def is_over(self) -> bool:
        """Whether the process has closed its output."""
        return self._reading is not None and self._reading.done()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def stderr(self) -> str:
        """The end of what the harness wrote to its standard error."""
        return self.stderr_path.read_text(errors="replace")[-STDERR_TAIL:]

    async def close(self, seconds: float) -> int:
        """Close the harness's input and wait for its end; `TimeoutError` if it does not end."""
        assert self._process is not None and self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        await asyncio.wait_for(self._reading, seconds)
        return await self._process.wait()

    async def kill(self) -> None:
        """End the process and all that it started, at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                frame = line.rstrip(b"\n")
                self.log.append(Entry("out", frame))
                await self.apply(self.driver.receive(self.memory, frame))
        finally:
            self.heard.set()

    async def apply(self, step: Step[Any]) -> None:
        """Take a step's outcome and carry it out."""
        assert self._process is not None and self._process.stdin is not None
        self.take(step)
        for frame in step.sends:
            self.log.append(Entry("sent", frame))
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(frame + b"\n")
                await self._process.stdin.drain()
        for effect in step.effects:
            await self.do(EffectDone(effect.effect_id, error="not offered here"))

    def take(self, step: Step[Any]) -> None:
        """Keep a step's outcome."""
        self.memory = step.memory
        self.events += step.events
        self.deltas += [delta.text for delta in step.deltas]
        if step.events:
            self.heard.set()

    async def until_opened(self, seconds: float) -> e.SessionOpened:
        """Wait for the session. `TimeoutError`, `Refused` `EOFError` if it ends before."""
        async with asyncio.timeout(seconds):
            while True:
                self.heard.clear()
                for event in self.events:
                    if isinstance(event, e.SessionOpened):
                        return event
                    if isinstance(event, e.RunGivenUp):
                        raise Refused(event.error)
                if self.is_over:
                    raise EOFError("the harness ended before its session was open")
                await self.heard.wait()
