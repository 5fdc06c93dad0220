"""Tokens and money, as ACP agents count them."""

from __future__ import annotations

from athena.harness.acp.memory import Work
from athena.harness.decode import Json, amount, maybe_number, maybe_text, number, obj, objs, text
from athena.harness.quirks import UsageScope
from athena.protocol import events as e
from athena.protocol.usage import ContextWindow, Cost, CostSource, Usage

DIGITS = 9

_NAMES: dict[str, tuple[str, ...]] = {
    "input": ("inputTokens", "input_tokens"),
    "output": ("outputTokens", "output_tokens"),
    "read": ("cachedReadTokens", "cachedInputTokens"),
    "written": ("cachedWriteTokens", "cacheWriteInputTokens"),
    "thought": ("thoughtTokens", "reasoningOutputTokens"),
    "total": ("totalTokens",),
}
"""What the counts are called in ACP's `Usage` and in the `_meta` of the agents that have it."""


def usage_of(counts: Json) -> Usage:
    """The counts as Athena has them, where the input holds the cached tokens too.

    ACP leaves open whether `inputTokens` does. The sum tells: where it needs the cached tokens to
    come out, they are not in the input.
    """
    found = {
        name: next((number(counts[key]) for key in keys if key in counts), 0)
        for name, keys in _NAMES.items()
    }
    cached = found["read"] + found["written"]
    apart = found["total"] >= found["input"] + found["output"] + cached and cached > 0
    return Usage(
        input_tokens=found["input"] + (cached if apart else 0),
        output_tokens=found["output"],
        cache_read_tokens=found["read"],
        cache_write_tokens=found["written"],
        reasoning_tokens=found["thought"],
    )


def less(one: Usage, other: Usage) -> Usage:
    """What was used between two counts; a count that began anew is taken as it is."""
    if one.input_tokens < other.input_tokens:
        return one
    return one.minus(other)


def usage_update(work: Work, update: Json) -> None:
    """How full the context is, and what the session has cost so far."""
    used, size = number(update.get("used")), maybe_number(update.get("size"))
    # An agent that counts anew says 0 at the end of a cancelled turn: that measures nothing.
    if used and (used, size) != work.memory.window:
        work.remember(window=(used, size))
        window = ContextWindow(used=used, size=size)
        work.events.append(e.ContextMeasured(window=window))
    if cost := obj(update.get("cost")):
        total = amount(cost.get("amount"))
        work.remember(cost=total, currency=maybe_text(cost.get("currency")) or "USD")
        if work.ledger.turn_id is None:
            work.remember(cost_before=total)


def response_usage(work: Work, counts: Json) -> None:
    """The usage of one model response, which some agents tell beside a piece of a message."""
    turn_id = work.ledger.turn_id
    if not counts or turn_id is None:
        return
    count = work.memory.responses + 1
    work.remember(responses=count)
    work.events.append(
        e.UsageReported(
            turn_id=turn_id,
            response_id=f"{turn_id}/{count}",
            model=work.memory.settings.model,
            usage=usage_of(counts),
        )
    )


def turn_usage(work: Work, result: Json, scope: UsageScope) -> Usage | None:
    """The usage of the turn that ends with this answer; per model it is recorded on the way."""
    quota = obj(obj(result.get("_meta")).get("quota"))
    turn_id = work.ledger.turn_id
    for one in objs(quota.get("model_usage")):
        counts = usage_of(obj(one.get("token_count")))
        model = text(one.get("model"))
        if counts != Usage():
            work.events.append(
                e.UsageReported(
                    turn_id=turn_id, response_id=f"{turn_id}/{model}", model=model, usage=counts
                )
            )
    counted = obj(result.get("usage")) or obj(quota.get("token_count"))
    if not counted:
        return None
    usage = usage_of(counted)
    match scope:
        case "turn":
            return usage
        case "session":
            before = work.memory.usage_before
            work.remember(usage_before=usage)
            return None if before is None else less(usage, before)
        case "response":
            # The other responses of the turn were not told: no sum of it is claimed.
            if usage != Usage():
                work.events.append(
                    e.UsageReported(
                        turn_id=turn_id,
                        response_id=f"{turn_id}/last",
                        model=work.memory.settings.model,
                        usage=usage,
                    )
                )
            return None


def turn_cost(work: Work) -> Cost | None:
    """What the turn has cost: the session's cost, less what it was when the turn began."""
    now, before = work.memory.cost, work.memory.cost_before
    if now is None or before is None or now <= before:
        return None
    spent = round(now - before, DIGITS)
    return Cost(amount=spent, currency=work.memory.currency, source=CostSource.REPORTED)
