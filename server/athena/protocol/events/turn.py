"""Prompts, turns, and what they cost."""

from __future__ import annotations

from typing import Literal

from athena.protocol.base import Record
from athena.protocol.content import ContentBlock
from athena.protocol.events.base import EventData
from athena.protocol.usage import ContextWindow, Cost, Usage


class PromptQueued(EventData):
    """A prompt waits for its turn. `steer` is meant to reach the agent during the current one."""

    KIND = "promptQueued"
    prompt_id: str
    content: list[ContentBlock]
    delivery: Literal["queue", "steer"] = "queue"
    by: str = "user"


class PromptWithdrawn(EventData):
    """A waiting prompt was taken back."""

    KIND = "promptWithdrawn"
    prompt_id: str


class PromptSteered(EventData):
    """A prompt was handed to the harness in the middle of a turn."""

    KIND = "promptSteered"
    prompt_id: str
    turn_id: str


class TurnStarted(EventData):
    """A prompt was handed to the harness.

    `prompt_id` is null where the harness began by itself, and where the prompt was given outside.
    """

    KIND = "turnStarted"
    turn_id: str
    run_id: str
    prompt_id: str | None = None
    origin: Literal["prompt", "harness"] = "prompt"


class TurnInterrupted(EventData):
    """The user asked for the end of a turn; the turn's end follows."""

    KIND = "turnInterrupted"
    turn_id: str
    by: str = "user"


class TurnError(Record):
    """Why a turn failed. `category` is the same for all harnesses."""

    category: Literal[
        "rateLimit",
        "overloaded",
        "authentication",
        "billing",
        "invalidRequest",
        "contextOverflow",
        "network",
        "harness",
        "unknown",
    ] = "unknown"
    message: str
    status: int | None = None


class TurnEnded(EventData):
    """The harness went idle. `usage` and `cost` are of this turn alone."""

    KIND = "turnEnded"
    turn_id: str
    stop_reason: Literal["endTurn", "maxTokens", "maxTurns", "refusal", "cancelled", "failed"]
    usage: Usage | None = None
    cost: Cost | None = None
    error: TurnError | None = None


class UsageReported(EventData):
    """One provider response was counted. `response_id` keeps repeats from counting twice."""

    KIND = "usageReported"
    turn_id: str | None = None
    response_id: str | None = None
    model: str | None = None
    usage: Usage
    cost: Cost | None = None


class ContextMeasured(EventData):
    """How full the model's context is."""

    KIND = "contextMeasured"
    window: ContextWindow
