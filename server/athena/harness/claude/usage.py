"""Tokens and money, as Claude Code counts them."""

from __future__ import annotations

from athena.harness.decode import Json, amount, number, obj
from athena.protocol.usage import Cost, CostSource, Usage

CURRENCY = "USD"


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


def of_models(models: Json) -> tuple[Usage, float]:
    """The sum over all models, and its cost in dollars."""
    total, cost = Usage(), 0.0
    for value in models.values():
        model = obj(value)
        read = number(model.get("cacheReadInputTokens"))
        written = number(model.get("cacheCreationInputTokens"))
        total = total.plus(
            Usage(
                input_tokens=number(model.get("inputTokens")) + read + written,
                output_tokens=number(model.get("outputTokens")),
                cache_read_tokens=read,
                cache_write_tokens=written,
                reasoning_tokens=number(model.get("thinkingTokens")),
            )
        )
        cost += amount(model.get("costUSD"))
    return total, cost


def of_turn(result: Json, cost_before: float | None) -> tuple[Usage, Cost | None]:
    """The usage and the cost of one turn, from its `result`.

    Newer versions name what was used since the last result, subagents included. Older ones name
    the turn's usage without subagents, and a cost that counts from the beginning of the process,
    or of the session where one was resumed: then the first turn's cost is not known.
    """
    if "model_usage_since_last_result" in result:
        usage, dollars = of_models(obj(result["model_usage_since_last_result"]))
        return usage, _cost(dollars)
    usage = of_response(obj(result.get("usage")))
    if cost_before is None:
        return usage, None
    return usage, _cost(max(0.0, amount(result.get("total_cost_usd")) - cost_before))


def context_size(result: Json, model: str | None) -> int | None:
    """The size of the model's context window, where the result names it."""
    found = obj(obj(result.get("modelUsage")).get(model or ""))
    return number(found.get("contextWindow")) or None


def _cost(dollars: float) -> Cost:
    return Cost(amount=round(dollars, 9), currency=CURRENCY, source=CostSource.REPORTED)
