"""Costs: what was spent."""

from __future__ import annotations

from athena.app.context import Context
from athena.border import Connection
from athena.core.spending import add_cost, spent_since
from athena.protocol.usage import Cost, Spent, SpentSince


async def get(context: Context, connection: Connection, asked: SpentSince) -> Spent:
    """What all agents cost from a moment on, open turns included."""
    total: Cost | None = None
    agents = 0
    for view in context.directory.views():
        if view.updated_at < asked.since:
            continue
        state = (await context.directory.actor(view.id)).state
        spent = spent_since(state.spending, asked.since)
        if state.turn is not None:
            spent = add_cost(spent, state.turn.cost)
        if spent is not None:
            agents += 1
            total = add_cost(total, spent)
    return Spent(cost=total, agents=agents)
