"""What tests of harnesses look at, and how each harness is told to ask before it acts."""

from __future__ import annotations

from typing import Any

import pytest

from athena.harness.driver import AnswerInquiry, AnswerPermission
from athena.protocol import events as e
from athena.protocol.items import Message, Notice, ToolCall, Unrecognized
from tests.harnesses.live import Live

ASKING: dict[str, dict[str, Any]] = {
    "claude": {},
    "codex": {"options": {"approvalPolicy": "untrusted", "sandbox": "danger-full-access"}},
    # Without a model of its own, Gemini CLI asks another one which to take.
    "gemini": {"model": "gemini-2.5-pro"},
    "copilot": {},
    "pi": {},
    "opencode": {},
    "qwen": {"mode": "default"},
    "claude-acp": {"mode": "default"},
    "codex-acp": {"mode": "read-only"},
}
"""How each harness is told to ask before it acts."""

ANSWERS = (AnswerInquiry, AnswerPermission)

SLOW = ("opencode", "qwen", "claude-acp", "codex-acp")
"""Harnesses that only `make test-harnesses` runs."""


def harnesses(*names: str) -> list[Any]:
    """Parameters for a test of these harnesses, or of all."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in names or ASKING
    ]


def said(live: Live) -> list[str]:
    """What the agent said, whole messages only."""
    return [one.item.text for one in live.of(e.ItemCompleted) if isinstance(one.item, Message)]


def calls(live: Live) -> list[ToolCall]:
    return [one.item for one in live.of(e.ItemCompleted) if isinstance(one.item, ToolCall)]


def notices(live: Live, topic: str) -> list[Notice]:
    items = [one.item for one in live.of(e.ItemCompleted)]
    return [one for one in items if isinstance(one, Notice) and one.topic == topic]


def assert_whole(live: Live) -> None:
    """Everything was understood, every item that began was finished, nothing is still asked."""
    completed = live.of(e.ItemCompleted)
    assert [one.item for one in completed if isinstance(one.item, Unrecognized)] == []
    assert {one.item_id for one in live.of(e.ItemStarted)} <= {one.item_id for one in completed}
    closed = {one.request_id for one in live.of(e.RequestClosed)}
    answered = {one.value.request_id for one in live.log if isinstance(one.value, ANSWERS)}
    assert {one.request_id for one in live.of(e.RequestOpened)} == closed | answered
