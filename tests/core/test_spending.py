"""What was spent from a moment on."""

from __future__ import annotations

from athena.core.spending import KEPT_MS, PIECE_MS, Spending, spend, spent_since
from athena.protocol.usage import Cost, CostSource

MIDNIGHT = 20_000 * 24 * 60 * 60_000
HOUR = 4 * PIECE_MS


def cost(amount: float, source: CostSource = CostSource.REPORTED) -> Cost:
    return Cost(amount=amount, source=source)


def test_what_came_before_midnight_is_of_yesterday() -> None:
    spending: Spending = {}
    for at, amount in ((MIDNIGHT - 1, 8), (MIDNIGHT, 1), (MIDNIGHT + 5, 2), (MIDNIGHT + HOUR, 4)):
        spending = spend(spending, at, cost(amount))
    assert spent_since(spending, MIDNIGHT) == cost(7)
    assert spent_since(spending, MIDNIGHT - HOUR) == cost(15)
    assert spent_since(spending, MIDNIGHT + 2 * HOUR) is None


def test_a_sum_is_as_sure_as_its_weakest_part() -> None:
    spending = spend({}, MIDNIGHT, cost(1))
    spending = spend(spending, MIDNIGHT + HOUR, cost(2, CostSource.ESTIMATED))
    assert spent_since(spending, MIDNIGHT) == cost(3, CostSource.ESTIMATED)


def test_a_day_is_kept_and_no_more() -> None:
    spending = spend({}, MIDNIGHT, cost(1))
    spending = spend(spending, MIDNIGHT + KEPT_MS + PIECE_MS, None)
    assert spending == {}
