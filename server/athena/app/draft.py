"""A draft: all that one transaction will hold, built without acting."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from athena.app.links import as_the_agent_has_them
from athena.core import decide
from athena.core.abilities import drift
from athena.core.evolve import evolve
from athena.core.rules import first_fit, option_for
from athena.core.state import AgentState
from athena.core.step import InterruptTurn, NextStep, StartTurn, SteerTurn, next_step
from athena.harness.driver import (
    AnswerInquiry,
    AnswerPermission,
    Driver,
    Effect,
    Intent,
    Interrupt,
    Prompt,
    Steer,
    Step,
    TextDelta,
)
from athena.harness.ledger import RAW_LIMIT
from athena.log import Ingest
from athena.protocol import events as e
from athena.protocol.items import Unrecognized, UserMessage
from athena.protocol.request import Outcome, Permission
from athena.protocol.rule import Rule
from athena.runs import Frame

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Draft:
    """An agent's state and its driver's memory as they will be, and what leads there.

    `at` is the time of the events, in milliseconds since 1970 UTC. `driver` is null while no
    process runs. `ingest` is how far a session made outside was read; of a run the actor knows it.
    """

    agent_id: str
    state: AgentState | None
    at: int
    driver: Driver[Any] | None = None
    memory: Any = None
    events: list[e.EventData] = field(default_factory=list[e.EventData])
    times: list[int] = field(default_factory=list[int])
    sends: list[bytes] = field(default_factory=list[bytes])
    deltas: list[TextDelta] = field(default_factory=list[TextDelta])
    effects: list[Effect] = field(default_factory=list[Effect])
    ingest: Ingest | None = None

    @property
    def now(self) -> AgentState:
        """The state, once the agent exists."""
        assert self.state is not None
        return self.state

    @property
    def durable(self) -> bool:
        """Whether there is anything that must be in the log before it takes effect."""
        return bool(self.events or self.sends or self.effects or self.ingest)

    def record(self, *facts: e.EventData) -> None:
        """Add events and let the state follow."""
        for fact in facts:
            note = drift(self.now, fact) if isinstance(fact, e.SessionOpened) else None
            version = self.state.version + 1 if self.state else 1
            self.state = evolve(self.state, self.agent_id, version, self.at, fact)
            self.events.append(fact)
            self.times.append(self.at)
            if note is not None:
                name = f"{self.agent_id}.v{self.now.version + 1}"
                self.record(e.ItemCompleted(item_id=name, item=note))

    def take(self, step: Step[Any]) -> None:
        """Take over a driver's answer."""
        self.memory = step.memory
        self.record(*step.events)
        self.sends.extend(step.sends)
        self.deltas.extend(step.deltas)
        self.effects.extend(step.effects)

    def hear(self, frame: Frame) -> None:
        """Let the driver take a line of its harness, at the line's time.

        A driver raises for nothing. Should one do it, the line is kept and shown like any other
        that was not understood: the next daemon would only read it again.
        """
        assert self.driver is not None
        self.at = frame.at_ms
        cut = frame.end - frame.position if frame.oversize else None
        try:
            step = self.driver.receive(self.memory, frame.data, cut)
        except Exception:
            logger.exception("agent %s: a line at %d", self.agent_id, frame.position)
            raw = frame.data[:RAW_LIMIT].decode("utf-8", "replace")
            item = Unrecognized(reason="a fault of Athena's, which its log has", raw=raw)
            name = f"{self.agent_id}.v{self.now.version + 1}"
            step = Step(self.memory, (e.ItemCompleted(item_id=name, item=item),))
        self.take(step)

    def ask(self, intent: Intent) -> None:
        """Let the driver carry out an intent; without a process there is nobody to tell."""
        if self.driver is not None:
            self.take(self.driver.intend(self.memory, intent))

    def can_steer(self) -> bool:
        """Whether the running turn takes prompts."""
        return self.driver is not None and self.driver.can_steer(self.memory)

    def interrupt(self, by: str) -> None:
        """End the running turn."""
        turn = self.now.turn
        if turn is not None and not turn.interrupted:
            self.record(e.TurnInterrupted(turn_id=turn.turn_id, by=by))
            self.ask(Interrupt())

    def answer(self, closed: e.RequestClosed, edited: object | None = None) -> None:
        """Record the answer to an open request and hand it to the harness."""
        request = self.now.requests[closed.request_id].request
        self.record(decide.without_secrets(closed, request))
        if isinstance(request, Permission):
            option = closed.option_id if closed.outcome == Outcome.SELECTED else None
            self.ask(AnswerPermission(closed.request_id, option, edited, closed.note))
        else:
            self.ask(AnswerInquiry(closed.request_id, closed.answers))

    def apply_rules(self, rules: Sequence[Rule]) -> None:
        """Answer the open permissions that a rule answers, in the user's name."""
        place = self.now.workspace
        root = place.cwd if place else self.now.spec.project
        for name, opened in self.now.requests.items():
            if not isinstance(opened.request, Permission):
                continue
            known = [*self.now.rules, *rules]
            rule = first_fit(known, opened.request, self.now.spec.harness, root)
            option = option_for(rule, opened.request) if rule else None
            if rule is not None and option is not None:
                self.answer(
                    e.RequestClosed(
                        request_id=name,
                        outcome=Outcome.SELECTED,
                        option_id=option,
                        by=f"rule ({rule.source})",
                        note=rule.note,
                    )
                )

    def settle(self) -> NextStep | None:
        """Do what follows by itself until something outside must be done: that is returned."""
        while True:
            step = next_step(self.now, can_steer=self.can_steer())
            match step:
                case StartTurn():
                    self._start_turn(step)
                case SteerTurn():
                    self._steer(step)
                case InterruptTurn():
                    self.interrupt(step.by)
                    return None
                case _:
                    return step

    def _start_turn(self, step: StartTurn) -> None:
        run = self.now.run
        assert run is not None
        prompt = step.prompt
        self.record(
            e.TurnStarted(turn_id=step.turn_id, run_id=run.run_id, prompt_id=prompt.prompt_id),
            e.ItemCompleted(
                item_id=prompt.prompt_id,
                turn_id=step.turn_id,
                item=UserMessage(content=prompt.content, by=prompt.by),
            ),
        )
        content = as_the_agent_has_them(prompt.content, self.now)
        self.ask(Prompt(step.turn_id, prompt.prompt_id, content))

    def _steer(self, step: SteerTurn) -> None:
        turn = self.now.turn
        assert turn is not None
        prompt = step.prompt
        self.record(
            e.PromptSteered(prompt_id=prompt.prompt_id, turn_id=turn.turn_id),
            e.ItemCompleted(
                item_id=prompt.prompt_id,
                turn_id=turn.turn_id,
                item=UserMessage(content=prompt.content, by=prompt.by),
            ),
        )
        self.ask(Steer(prompt.prompt_id, as_the_agent_has_them(prompt.content, self.now)))
