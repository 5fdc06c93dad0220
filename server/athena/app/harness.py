"""`athena/harness/...`: which harnesses there are."""

from __future__ import annotations

from athena.app.context import Context
from athena.app.spawn import project_of
from athena.border import Connection
from athena.harness.capabilities import Detections
from athena.harness.identity import find
from athena.harness.verified import VERIFIED
from athena.protocol.transcript import HarnessList, HarnessView, ListHarnesses


async def list_(context: Context, connection: Connection, asked: ListHarnesses) -> HarnessList:
    """The harnesses, whether the client's PATH has them, and what is known of those it has."""
    settings = context.settings(project_of(asked.project, connection.cwd))
    detections = Detections(context.detections)
    found: list[HarnessView] = []
    for harness in settings.harnesses().values():
        program = find(harness, connection.environ)
        known = detections.of(program) if program is not None else None
        found.append(
            HarnessView(
                name=harness.name,
                title=harness.title,
                protocol=harness.protocol,
                installed=program is not None,
                path=program.path if program is not None else None,
                version=known.version if known is not None else None,
                hint=None if program is not None else harness.hint,
                source=harness.source,
                verified=VERIFIED.get(harness.name),
                capabilities=known.capabilities if known is not None else None,
            )
        )
    return HarnessList(harnesses=found)
