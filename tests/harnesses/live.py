"""A real harness under its driver, as tests use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from athena.harness.direct import DirectSession
from athena.harness.driver import (
    AnswerInquiry,
    AnswerPermission,
    Close,
    Driver,
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
from tests.support.wait import until

E = TypeVar("E", bound=e.EventData)
Answer = Callable[[e.RequestOpened], Intent | None]
SECONDS = 60.0


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


class Live(DirectSession):
    """One run of a harness in a test, with an answer to each of its requests."""

    def __init__(
        self,
        driver: Driver[Any],
        launch: Launch,
        environment: Mapping[str, str],
        answer: Answer = allow,
    ) -> None:
        stderr = Path(environment["HOME"]) / f"{launch.run_id}.stderr"
        super().__init__(driver, launch, environment, stderr)
        self.answer = answer
        self.turns = 0

    async def __aenter__(self) -> Live:
        await self.start()
        return self

    async def apply(self, step: Step[Any]) -> None:
        await super().apply(step)
        for event in step.events:
            if isinstance(event, e.RequestOpened) and (intent := self.answer(event)):
                await self.do(intent)

    def take(self, step: Step[Any]) -> None:
        # As in the daemon: the memory must survive being written down.
        loaded = self.driver.load(self.driver.dump(step.memory))
        assert loaded == step.memory
        super().take(replace(step, memory=loaded))

    async def opened(self) -> e.SessionOpened:
        return await self.next(e.SessionOpened)

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
        await until(lambda: found() or self.is_over, timeout=seconds, what=what)
        event = found()
        assert event is not None, f"the process has ended; {what}; {self.stderr()}"
        return event

    def of(self, kind: type[E]) -> list[E]:
        """All events of this kind so far."""
        return [one for one in self.events if isinstance(one, kind)]

    async def stop(self) -> int:
        """End the session in order; the exit code."""
        await self.do(Close())
        return await self.close(SECONDS)
