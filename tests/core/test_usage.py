"""Tokens and money add up once, and never claim more than is known."""

from __future__ import annotations

from athena.core.evolve import evolve
from athena.core.spending import add_cost
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.usage import Cost, CostSource, Usage
from tests.core.story import fact

OPENING = "spawn;workspace /w;run;session;prompt p1;turn"


def fold(*lines: str | e.EventData) -> AgentState:
    state = None
    given = [*OPENING.split(";"), *lines]
    for version, line in enumerate(given, 1):
        data = fact(line) if isinstance(line, str) else line
        state = evolve(state, "a", version, version, data)
    assert state is not None
    return state


def ended(usage: Usage | None = None, cost: Cost | None = None) -> e.EventData:
    return e.TurnEnded(turn_id="a.t1", stop_reason="endTurn", usage=usage, cost=cost)


def test_a_repeated_response_counts_once() -> None:
    state = fold("usage m1 100", "usage m1 100", "usage m2 50")
    assert state.turn is not None
    assert state.turn.usage.input_tokens == 150


def test_the_sum_of_a_turn_replaces_its_parts() -> None:
    state = fold("usage m1 100", ended(Usage(input_tokens=170)))
    assert state.usage.input_tokens == 170


def test_without_a_sum_the_parts_stay() -> None:
    state = fold("usage m1 100 0.5", ended())
    assert state.usage.input_tokens == 100
    assert state.cost == Cost(amount=0.5, source=CostSource.REPORTED)


def test_a_sum_is_labelled_with_its_weakest_part() -> None:
    reported = Cost(amount=1, source=CostSource.REPORTED)
    estimated = Cost(amount=2, source=CostSource.ESTIMATED)
    assert add_cost(reported, estimated) == Cost(amount=3, source=CostSource.ESTIMATED)


def test_other_currencies_are_not_added() -> None:
    dollars = Cost(amount=1, source=CostSource.REPORTED)
    euros = Cost(amount=2, currency="EUR", source=CostSource.REPORTED)
    assert add_cost(dollars, euros) == dollars
