"""A real harness under its driver, without the daemon: the smallest shell that can hold both.

It runs the process, hands its lines and the intents to the driver, and writes down all of it, so
that a session can be kept as a recording (see `recording`). The memory goes through `dump` and
`load` at each step, as it does in the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from athena.harness.driver import (
    AnswerInquiry,
    AnswerPermission,
    Close,
    Driver,
    EffectDone,
    Intent,
    Interrupt,
    Launch,
    Prompt,
    Steer,
    Step,
)
from athena.protocol import events as e
from athena.protocol.content import ContentBlock, TextContent
from athena.protocol.request import OptionKind, Permission
from tests.harnesses.recording import Entry
from tests.support.wait import until

E = TypeVar("E", bound=e.EventData)
Answer = Callable[[e.RequestOpened], Intent | None]
LINE_LIMIT = 64 << 20
SECONDS = 30.0


def allow(request: e.RequestOpened) -> Intent | None:
    """Allow everything once; questions get their first choice."""
    return choose(request, OptionKind.ALLOW_ONCE)


def deny(request: e.RequestOpened) -> Intent | None:
    """Reject everything once."""
    return choose(request, OptionKind.REJECT_ONCE)


def leave_open(_: e.RequestOpened) -> Intent | None:
    """Answer nothing: the test does it, or nobody."""
    return None


def choose(request: e.RequestOpened, kind: OptionKind) -> Intent:
    """The answer that takes the first option of this kind."""
    asked = request.request
    if isinstance(asked, Permission):
        option = next(one for one in asked.options if one.kind is kind)
        return AnswerPermission(request.request_id, option.id)
    answers = {one.id: [one.choices[0].label] for one in asked.questions if one.choices}
    return AnswerInquiry(request.request_id, answers)


class Live:
    """One run of a harness. `events` has all that was recorded, `deltas` all that was streamed."""

    def __init__(
        self,
        driver: Driver[Any],
        launch: Launch,
        environment: Mapping[str, str],
        answer: Answer = allow,
    ) -> None:
        self.driver = driver
        self.launch = launch
        self.environment = dict(environment)
        self.answer = answer
        self.events: list[e.EventData] = []
        self.deltas: list[str] = []
        self.log: list[Entry] = []
        self.turns = 0
        self.memory: Any = None
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Live:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start the process, and let the driver say its first words."""
        command = self.driver.command(self.launch)
        stderr = Path(self.environment["HOME"]) / f"{self.launch.run_id}.stderr"
        with stderr.open("wb") as file:
            self._process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=self.launch.cwd,
                env=self.environment | command.env,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        await self._apply(self.driver.begin(self.launch))
        self._reading = asyncio.create_task(self._read())

    async def opened(self) -> e.SessionOpened:
        return await self.next(e.SessionOpened)

    async def do(self, intent: Intent) -> None:
        """Hand an intent to the driver."""
        self.log.append(Entry("do", intent))
        await self._apply(self.driver.intend(self.memory, intent))

    async def prompt(self, text: str, *more: ContentBlock) -> str:
        """Begin a turn; its id."""
        self.turns += 1
        turn_id = f"turn{self.turns}"
        content = [*more, TextContent(text=text)]
        await self.do(Prompt(turn_id, f"prompt{self.turns}", content))
        return turn_id

    async def turn(self, text: str, *more: ContentBlock) -> e.TurnEnded:
        """A whole turn: its end."""
        turn_id = await self.prompt(text, *more)
        return await self.ended(turn_id)

    async def ended(self, turn_id: str) -> e.TurnEnded:
        return await self.next(e.TurnEnded, lambda one: one.turn_id == turn_id)

    async def steer(self, text: str) -> None:
        self.turns += 1
        await self.do(Steer(f"prompt{self.turns}", [TextContent(text=text)]))

    async def interrupt(self) -> None:
        await self.do(Interrupt())

    async def next(
        self, kind: type[E], fits: Callable[[E], bool] = lambda _: True, seconds: float = SECONDS
    ) -> E:
        """The first event of this kind that fits, waited for."""

        def found() -> E | None:
            return next((one for one in self.of(kind) if fits(one)), None)

        what = f"{kind.__name__} in {[one.KIND for one in self.events]}"
        result = await until(lambda: found() or self._fault(), timeout=seconds, what=what)
        assert isinstance(result, kind), f"{result}; {what}; {self.stderr()}"
        return result

    def of(self, kind: type[E]) -> list[E]:
        """All events of this kind so far."""
        return [one for one in self.events if isinstance(one, kind)]

    def stderr(self) -> str:
        path = Path(self.environment["HOME"]) / f"{self.launch.run_id}.stderr"
        return path.read_text(errors="replace")[-2000:]

    async def stop(self) -> int:
        """End the session in order; the exit code."""
        await self.do(Close())
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        assert self._reading is not None
        await asyncio.wait_for(self._reading, SECONDS)
        return await self._process.wait()

    async def kill(self) -> None:
        """End all processes of the run at once, as a crash does."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reading is not None:
            await self._reading

    def end(self, reason: str = "the process ended") -> None:
        """Tell the driver that the process is gone."""
        self.log.append(Entry("ended", reason))
        self._take(self.driver.ended(self.memory, reason))

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            frame = line.rstrip(b"\n")
            self.log.append(Entry("out", frame))
            await self._apply(self.driver.receive(self.memory, frame))

    async def _apply(self, step: Step[Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        before = len(self.events)
        self._take(step)
        for frame in step.sends:
            self.log.append(Entry("sent", frame))
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(frame + b"\n")
                await self._process.stdin.drain()
        for effect in step.effects:
            # The tests' agents are told that the client has no files and no terminals.
            await self.do(EffectDone(effect.effect_id, error="not offered"))
        for event in self.events[before:]:
            if isinstance(event, e.RequestOpened) and (intent := self.answer(event)):
                await self.do(intent)

    def _take(self, step: Step[Any]) -> None:
        self.memory = self.driver.load(self.driver.dump(step.memory))
        assert self.memory == step.memory
        self.events += step.events
        self.deltas += [delta.text for delta in step.deltas]

    def _fault(self) -> BaseException | str | None:
        """Why waiting is useless: the driver raised, or the process is gone."""
        if self._reading is None or not self._reading.done():
            return None
        return self._reading.exception() or "the process has ended"
