"""Tokens and money, as Claude Code counts them."""

from __future__ import annotations

from athena.harness.claude.memory import Spent
from athena.harness.decode import Json, amount, number, obj
from athena.protocol.usage import Cost, CostSource, Usage

CURRENCY = "USD"
DIGITS = 9
SINCE = "model_usage_since_last_result"


def of_response(usage: Json) -> Usage:
    """The usage of one response, from Anthropic's `usage` (whose input excludes the cache)."""
    read = number(usage.get("cache_read_input_tokens"))
    written = number(usage.get("cache_creation_input_tokens"))
    details = obj(usage.get("output_tokens_details"))
    return Usage(
        input_tokens=number(usage.get("input_tokens")) + read + written,
        output_tokens=number(usage.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=number(details.get("thinking_tokens")),
    )


def by_model(result: Json) -> dict[str, Usage]:
    """What each model has used since the last result, subagents included; older versions of Claude
    Code do not say."""
    models = obj(result.get(SINCE))
    return {name: _of_model(obj(model)) for name, model in models.items()}


def _of_model(model: Json) -> Usage:
    read = number(model.get("cacheReadInputTokens"))
    written = number(model.get("cacheCreationInputTokens"))
    return Usage(
        input_tokens=number(model.get("inputTokens")) + read + written,
        output_tokens=number(model.get("outputTokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=number(model.get("thinkingTokens")),
    )


def of_turn(result: Json, cost_before: float | None) -> Spent:
    """The usage and the cost of one turn, from its `result`.

    Newer versions name what was used since the last result, subagents included. Older ones name
    the turn's usage without subagents, and a cost that counts from the beginning of the process,
    of the session where one was resumed (then the first turn's cost is not known), or from the last
    time that the conversation was cleared.
    """
    if SINCE in result:
        total = Usage()
        for usage in by_model(result).values():
            total = total.plus(usage)
        models = obj(result[SINCE]).values()
        return Spent(total, sum(amount(obj(model).get("costUSD")) for model in models))
    usage = of_response(obj(result.get("usage")))
    if cost_before is None:
        return Spent(usage, None)
    now = amount(result.get("total_cost_usd"))
    return Spent(usage, now - cost_before if now >= cost_before else now)


def cost_of(spent: Spent) -> Cost | None:
    """The dollars as a cost, where they are known."""
    if spent.dollars is None:
        return None
    dollars = round(spent.dollars, DIGITS)
    return Cost(amount=dollars, currency=CURRENCY, source=CostSource.REPORTED)


def context_size(result: Json, model: str | None) -> int | None:
    """The size of the model's context window, where the result names it."""
    found = obj(obj(result.get("modelUsage")).get(model or ""))
    return number(found.get("contextWindow")) or None
