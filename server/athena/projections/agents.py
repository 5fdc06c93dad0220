"""Agents as clients see them, from their state."""

from __future__ import annotations

from athena.core.spending import add_cost
from athena.core.state import AgentState, is_read_only
from athena.core.status import status
from athena.protocol.agent import AgentDetail, AgentView, OpenRequest


def requests(state: AgentState) -> list[OpenRequest]:
    """The open requests of an agent, with its name."""
    return [r.model_copy(update={"agent_name": state.name}) for r in state.requests.values()]


def view(state: AgentState) -> AgentView:
    """An agent as a list shows it."""
    now, reason = status(state)
    turn = state.turn
    return AgentView(
        id=state.id,
        name=state.name,
        harness=state.spec.harness,
        archetype=state.spec.archetype,
        model=state.model,
        mode=state.mode,
        title=state.title,
        status=now,
        reason=reason,
        stalled=state.stalled,
        archived=state.archived,
        project=state.spec.project,
        parent_id=state.spec.parent_id,
        forked_from=state.spec.fork.agent_id if state.spec.fork else None,
        workspace=state.workspace,
        scripts=list(state.scripts.values()),
        run_id=state.run.run_id if state.run else None,
        session_id=state.session_id,
        turn_id=turn.turn_id if turn and not is_read_only(state) else None,
        turns=state.turns,
        activity=state.activity,
        queue=state.queue,
        requests=requests(state),
        usage=state.usage.plus(turn.usage) if turn else state.usage,
        cost=add_cost(state.cost, turn.cost) if turn else state.cost,
        context=state.context,
        comments=sum(c.state != "resolved" for c in state.comments),
        collisions=state.collisions,
        conflicts=state.conflicts,
        imported=state.imported,
        created_at=state.created_at,
        updated_at=state.updated_at,
        version=state.version,
    )


def detail(state: AgentState) -> AgentDetail:
    """An agent with what its harness can do."""
    shown = view(state)
    fields = {name: getattr(shown, name) for name in AgentView.model_fields}
    return AgentDetail(
        **fields, capabilities=state.capabilities, instructions=state.spec.instructions
    )
