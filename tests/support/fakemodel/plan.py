"""Which round of which script answers a conversation: computed, never remembered.

Because nothing is remembered, a retry, a resume, a fork, sessions in parallel and a restart of the
server all play the same rounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.fakemodel.history import Turn, rounds_done
from tests.support.fakemodel.schema import example
from tests.support.fakemodel.script import (
    Action,
    Marker,
    Round,
    Say,
    Script,
    find_marker,
    is_tool_action,
)

ECHO_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions of one response, and where they come from."""

    actions: Round
    marker: Marker | None = None
    round: int = 0


def plan(scripts: Mapping[str, Script], turns: Sequence[Turn]) -> Plan:
    """The next round of the script that the last marker in `turns` selects."""
    marker, history = _last_marker(turns)
    if marker is None:
        return Plan([Say("fake reply: " + _last_words(turns))])
    if marker.name not in scripts:
        return Plan([Say(f"no such script: {marker.name}")], marker)
    script = marker.fill(scripts[marker.name])
    done = rounds_done(history, script)
    over = [Say(f"script {marker.name} is over.")]
    return Plan(script[done] if done < len(script) else over, marker, done)


def fitted(actions: Round, has_tools: bool, schema: Any) -> Round:
    """The actions, fitted to what the request can take.

    A request without tools is a side request (a title, a router) and gets plain text; one that
    asks for structured output gets the smallest value of its schema.
    """
    acts = any(is_tool_action(action) for action in actions)
    if acts and not has_tools:
        return [Say("fake side answer")]
    if schema is not None and not acts:
        kept: list[Action] = [action for action in actions if not isinstance(action, Say)]
        return [*kept, Say(json.dumps(example(schema)))]
    return actions


def _last_marker(turns: Sequence[Turn]) -> tuple[Marker | None, Sequence[Turn]]:
    """The last marker that a user wrote, and the turns after it."""
    for at in range(len(turns) - 1, -1, -1):
        if turns[at].role != "assistant" and (marker := find_marker(turns[at].text)):
            return marker, turns[at + 1 :]
    return None, ()


def _last_words(turns: Sequence[Turn]) -> str:
    said = next((turn.text for turn in reversed(turns) if turn.role == "user" and turn.text), "")
    return " ".join(said.split())[-ECHO_LENGTH:]
