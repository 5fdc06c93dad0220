"""Making the directory that an agent works in."""

from __future__ import annotations

from pathlib import Path

from athena.app.context import Context
from athena.core.state import AgentState
from athena.protocol import events as e


async def make_workspace(context: Context, state: AgentState) -> e.EventData:
    """The event that says where the agent works, or why it cannot."""
    wanted = state.spec.workspace
    project = Path(state.spec.project)
    place = Path(wanted.path) if wanted.path else project
    if not place.is_dir():
        return e.WorkspaceFailed(error=f"{place} is no directory.")
    return e.WorkspaceReady(
        path=str(place), cwd=str(place / (wanted.subfolder or "")), kind=wanted.kind
    )
