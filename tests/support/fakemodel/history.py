"""A conversation as the fake model sees it, whatever API it came through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.fakemodel.script import Round, is_tool_action

Role = Literal["user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `called` says that an assistant message holds a tool call."""

    role: Role
    text: str
    called: bool = False


def text_of(value: Any) -> str:
    """All text inside a content value: a string, a part, or a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, (text_of(item) for item in value)))
    if isinstance(value, dict):
        for key in ("text", "content", "output", "parts", "input_text"):
            if key in value:
                return text_of(value[key])
    return ""


def rounds_done(turns: Iterable[Turn], script: Sequence[Round]) -> int:
    """How many rounds of `script` the history holds whole.

    A run of assistant messages is a finished round if it made a tool call or says all that the
    round says. A reply cut short by an interrupt or a kill, or a filler that the harness wrote
    itself, does not count, so the next request plays that round again.
    """
    done = 0
    for text, called in _replies(turns):
        actions = script[done] if done < len(script) else ()
        if called or (_is_silent(actions) and _says(actions, text)):
            done += 1
    return done


def _replies(turns: Iterable[Turn]) -> Iterable[tuple[str, bool]]:
    """Neighbouring assistant messages joined: `(text, called)` of each reply."""
    text, called = "", False
    for turn in turns:
        if turn.role == "assistant":
            text, called = text + turn.text, called or turn.called
            continue
        if text or called:
            yield text, called
        text, called = "", False
    if text or called:
        yield text, called


def _is_silent(actions: Round) -> bool:
    return not any(is_tool_action(action) for action in actions)


def _says(actions: Round, text: str) -> bool:
    wanted = "".join(action.text for action in actions if action.kind == "say")
    return not actions or "".join(text.split()) == "".join(wanted.split())
