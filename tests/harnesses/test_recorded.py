"""Recorded sessions through the drivers, without the harnesses: what they say becomes these events.

`record` makes the recordings. The drivers must also send again what they sent then.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from athena.harness import recording
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.items import Unrecognized
from athena.protocol.usage import Usage
from tests.support.event_text import event_lines
from tests.support.golden import assert_golden

HERE = Path(__file__).parent
STREAMS = sorted((HERE / "streams").glob("*/*.ndjson"))
IDS = [f"{path.parent.name}-{path.stem}" for path in STREAMS]


@pytest.fixture(params=STREAMS, ids=IDS)
def stream(request: pytest.FixtureRequest) -> Path:
    return request.param


def played(stream: Path) -> recording.Replayed:
    return recording.replay(recording.read(stream), driver_for(BY_NAME[stream.parent.name]))


def test_events(stream: Path) -> None:
    golden = HERE / "golden" / stream.parent.name / f"{stream.stem}.txt"
    assert_golden(golden, event_lines(played(stream).events))


def test_the_same_is_sent_again(stream: Path) -> None:
    again = played(stream)
    assert [json.loads(one) for one in again.sent] == [json.loads(one) for one in again.expected]


def test_every_line_is_understood(stream: Path) -> None:
    items = [one.item for one in played(stream).events if isinstance(one, e.ItemCompleted)]
    assert [item for item in items if isinstance(item, Unrecognized)] == []


def test_the_memory_survives_at_each_step(stream: Path) -> None:
    """A daemon that dies between two lines goes on exactly as if it had not."""
    kept = recording.read(stream)
    driver = driver_for(BY_NAME[stream.parent.name])
    assert recording.replay(kept, Forgetful(driver)).events == recording.replay(kept, driver).events


class Forgetful:
    """A driver whose memory is written down and read again at each step."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._driver, name)

        def call(memory: Any, *rest: Any) -> Any:
            if name == "begin":
                return method(memory, *rest)
            return method(self._driver.load(self._driver.dump(memory)), *rest)

        return call


def test_turns_sum_up(stream: Path) -> None:
    """The usage of a turn is the sum of its responses."""
    events = played(stream).events
    for ended in [one for one in events if isinstance(one, e.TurnEnded) and one.usage]:
        parts = [one.usage for one in reported(events) if one.turn_id == ended.turn_id]
        total = Usage()
        for part in parts:
            total = total.plus(part)
        assert ended.usage == total


def reported(events: list[e.EventData]) -> list[e.UsageReported]:
    """Usage by response, each response once."""
    seen: set[str] = set()
    found: list[e.UsageReported] = []
    for one in events:
        if isinstance(one, e.UsageReported) and one.response_id not in seen:
            found.append(one)
            if one.response_id is not None:
                seen.add(one.response_id)
    return found


def test_the_costs_of_pi_are_those_of_its_responses() -> None:
    for stream in [path for path in STREAMS if path.parent.name == "pi"]:
        said = [
            json.loads(entry.value).get("message", {})
            for entry in recording.read(stream).entries
            if entry.kind == "out"
            and isinstance(entry.value, bytes)
            and b'"message_end"' in entry.value
        ]
        named = [one["usage"]["cost"]["total"] for one in said if one["role"] == "assistant"]
        ended = [one for one in played(stream).events if isinstance(one, e.TurnEnded)]
        costs = [one.cost.amount for one in ended if one.cost is not None]
        if stream.stem != "killed":
            assert sum(costs) == pytest.approx(sum(named))


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_costs_sum_up(name: str) -> None:
    """The costs of a session's turns are what the harness says the session cost."""
    for stream in [path for path in STREAMS if path.parent.name == name]:
        ended = [one for one in played(stream).events if isinstance(one, e.TurnEnded)]
        costs = [one.cost.amount for one in ended if one.cost is not None]
        totals = [
            json.loads(entry.value).get("total_cost_usd")
            for entry in recording.read(stream).entries
            if entry.kind == "out" and isinstance(entry.value, bytes)
        ]
        named = [total for total in totals if total is not None]
        if name == "claude" and named:
            assert sum(costs) == pytest.approx(named[-1])
        else:
            assert costs == []
