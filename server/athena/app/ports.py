"""Which agent's workspace has which free ports. A choice is kept in the log, so it stays."""

from __future__ import annotations

from athena.app.context import Context
from athena.core.state import AgentState
from athena.protocol.agent import WorkspaceView
from athena.worktree.ports import PortRange, allocate


def given(place: WorkspaceView) -> PortRange | None:
    """The ports of a workspace."""
    if place.first_port is None or not place.ports:
        return None
    return PortRange(place.first_port, place.ports)


def choose(context: Context, state: AgentState, path: str, count: int) -> PortRange | None:
    """Ports for a workspace: those of an agent that works there already, or a free range.

    Raises `NoPorts`. Ranges that were chosen and are not in the log yet are kept in mind.
    """
    if count == 0:
        return None
    taken: list[PortRange] = []
    for view in context.directory.views():
        known = given(view.workspace) if view.workspace else None
        if known is None or view.workspace is None:
            continue
        if view.workspace.path == path:
            return known
        taken.append(known)
    taken += [r for agent, r in context.reserved_ports.items() if agent != state.id]
    found = context.reserved_ports[state.id] = allocate(path, taken, count)
    return found
