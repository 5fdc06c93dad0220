"""What a draft holds after a line of a harness that its driver fails on."""

from __future__ import annotations

from typing import Any, cast

from athena.app.draft import Draft
from athena.core.evolve import evolve
from athena.harness.driver import Step
from athena.protocol import events as e
from athena.protocol.items import Unrecognized
from athena.protocol.spec import AgentSpec
from athena.runs import Frame


class Faulty:
    """A driver with a fault, which the first of two lines meets."""

    def receive(self, memory: int, frame: bytes, oversize: int | None = None) -> Step[int]:
        if frame == b"one":
            raise KeyError("params")
        return Step(memory + 1, (e.TitleChanged(title=frame.decode()),))


def test_a_fault_of_a_driver_costs_one_line() -> None:
    spec = AgentSpec(name="a", harness="scripted", archetype="executor", project="/")
    state = evolve(None, "a", 1, 0, e.AgentSpawned(spec=spec, by="test"))
    draft = Draft("a", state, 0, driver=cast("Any", Faulty()), memory=0)
    draft.hear(Frame(0, 4, b"one", 7, oversize=False, torn=False))
    draft.hear(Frame(4, 8, b"two", 9, oversize=False, torn=False))
    first, second = draft.events
    assert isinstance(first, e.ItemCompleted) and isinstance(first.item, Unrecognized)
    assert first.item.raw == "one"
    assert second == e.TitleChanged(title="two")
    assert (draft.times, draft.memory) == ([7, 9], 1)
