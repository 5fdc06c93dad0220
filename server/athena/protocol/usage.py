"""Tokens and money. Names follow OpenTelemetry's GenAI conventions (`gen_ai.usage.*`)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from athena.protocol.base import Record, Request


class CostSource(StrEnum):
    """Where a cost comes from, so that no number claims more than is known."""

    REPORTED = "reported"
    PRICED = "priced"
    ESTIMATED = "estimated"


class Cost(Record):
    """An amount of money in `currency` (ISO 4217)."""

    amount: float
    currency: str = "USD"
    source: CostSource


class Usage(Record):
    """Token counts. `input_tokens` holds the cached ones too, as OpenTelemetry defines it."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def minus(self, other: Usage) -> Usage:
        """What is more here than in the other; no count is less than zero."""
        return Usage(
            input_tokens=max(0, self.input_tokens - other.input_tokens),
            output_tokens=max(0, self.output_tokens - other.output_tokens),
            cache_read_tokens=max(0, self.cache_read_tokens - other.cache_read_tokens),
            cache_write_tokens=max(0, self.cache_write_tokens - other.cache_write_tokens),
            reasoning_tokens=max(0, self.reasoning_tokens - other.reasoning_tokens),
        )

    def plus(self, other: Usage) -> Usage:
        """The sum of both."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


class ContextWindow(Record):
    """How full the model's context is: `used` of `size` tokens."""

    used: int
    size: int | None = None


class SpentSince(Request):
    """From which moment on, in milliseconds since 1970: at most a day ago.

    Costs are told by the quarter of an hour, so a moment inside of one counts all of it.
    """

    since: int = Field(ge=0)


class Spent(Record):
    """What all agents cost together, archived ones too, and how many of them cost anything."""

    cost: Cost | None = None
    agents: int
