"""What an agent's turns cost, and when: enough for the cost of a day, wherever midnight is."""

from __future__ import annotations

from collections.abc import Mapping

from athena.protocol.usage import Cost

PIECE_MS = 15 * 60_000
"""All time zones begin their days at a full quarter of an hour of UTC."""
KEPT_MS = 25 * 60 * 60_000
"""A day has 25 hours where the clock is set back."""

Spending = Mapping[int, Cost]
"""Costs by the beginning of their quarter of an hour, in milliseconds since 1970."""


def add_cost(one: Cost | None, other: Cost | None) -> Cost | None:
    """The sum, labelled with the weaker source. Other currencies than the first are left out."""
    if one is None or other is None:
        return one or other
    if one.currency != other.currency:
        return one
    order = ["reported", "priced", "estimated"]
    source = max(one.source, other.source, key=order.index)
    return Cost(amount=one.amount + other.amount, currency=one.currency, source=source)


def spend(spending: Spending, at: int, cost: Cost | None) -> dict[int, Cost]:
    """The spending with a cost of now, without what is older than a day."""
    piece = at - at % PIECE_MS
    kept = {begun: spent for begun, spent in spending.items() if begun > at - KEPT_MS}
    total = add_cost(kept.get(piece), cost)
    return kept if total is None else {**kept, piece: total}


def spent_since(spending: Spending, since: int) -> Cost | None:
    """What was spent from a moment on."""
    total: Cost | None = None
    for begun, cost in sorted(spending.items()):
        if begun >= since - since % PIECE_MS:
            total = add_cost(total, cost)
    return total
