"""`athena/archetype/...`: the kinds of agents that the settings define."""

from __future__ import annotations

from athena.app.context import Context
from athena.app.spawn import project_of
from athena.border import Connection
from athena.protocol.transcript import ArchetypeList, ListArchetypes


async def list_(context: Context, connection: Connection, asked: ListArchetypes) -> ArchetypeList:
    """Archetypes that an agent of the project can have."""
    settings = context.settings(project_of(asked.project, connection.cwd))
    return ArchetypeList(archetypes=settings.archetypes())
