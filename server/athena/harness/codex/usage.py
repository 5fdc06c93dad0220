"""Tokens, as Codex counts them: totals of a thread, which repeat and jump.

`thread/tokenUsage/updated` comes after each response, but also after a resume and around a
compaction, with the same totals again. So what a response used is what the totals grew by.
"""

from __future__ import annotations

from athena.harness.codex.memory import Tokens, Work
from athena.harness.decode import Json, number, obj
from athena.protocol import events as e
from athena.protocol.usage import ContextWindow, Usage


def token_usage(work: Work, params: Json) -> None:
    """Count what is new, and measure the context."""
    usage = obj(params.get("tokenUsage"))
    total, last = _tokens(obj(usage.get("total"))), obj(usage.get("last"))
    before = work.memory.totals
    if before is None:
        # The first word on a resumed thread: in a turn it is about a response, else history.
        in_turn = work.memory.turn is not None and params.get("turnId") == work.memory.turn
        before = _minus(total, _tokens(last)) if in_turn else total
    grown = _minus(total, before)
    work.remember(totals=total)
    if grown.input > 0 or grown.output > 0:
        work.remember(spent=_plus(work.memory.spent, grown))
        work.events.append(
            e.UsageReported(
                turn_id=work.ledger.turn_id, model=work.memory.model, usage=as_usage(grown)
            )
        )
    window = ContextWindow(
        used=number(last.get("totalTokens")), size=number(usage.get("modelContextWindow")) or None
    )
    work.events.append(e.ContextMeasured(window=window))


def as_usage(tokens: Tokens) -> Usage:
    """Codex's input includes what came from the cache, as Athena's does."""
    return Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cached,
        cache_write_tokens=tokens.written,
        reasoning_tokens=tokens.reasoning,
    )


def _tokens(value: Json) -> Tokens:
    return Tokens(
        input=number(value.get("inputTokens")),
        cached=number(value.get("cachedInputTokens")),
        written=number(value.get("cacheWriteInputTokens")),
        output=number(value.get("outputTokens")),
        reasoning=number(value.get("reasoningOutputTokens")),
    )


def _plus(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(
        one.input + other.input,
        one.cached + other.cached,
        one.written + other.written,
        one.output + other.output,
        one.reasoning + other.reasoning,
    )


def _minus(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(
        max(0, one.input - other.input),
        max(0, one.cached - other.cached),
        max(0, one.written - other.written),
        max(0, one.output - other.output),
        max(0, one.reasoning - other.reasoning),
    )
