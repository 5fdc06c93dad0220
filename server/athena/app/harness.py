"""`athena/harness/...`: which harnesses there are."""

from __future__ import annotations

import shutil

from athena.app.context import Context
from athena.app.spawn import project_of
from athena.border import Connection
from athena.protocol.transcript import HarnessList, HarnessView, ListHarnesses


async def list_(context: Context, connection: Connection, asked: ListHarnesses) -> HarnessList:
    """The harnesses, and whether the client's PATH has them."""
    settings = context.settings(project_of(asked.project, connection.cwd))
    search = connection.environ.get("PATH")
    found: list[HarnessView] = []
    for harness in settings.harnesses().values():
        path = shutil.which(harness.argv[0], path=search)
        found.append(
            HarnessView(
                name=harness.name,
                title=harness.title,
                protocol=harness.protocol,
                installed=path is not None,
                path=path,
                hint=None if path else harness.hint,
                source=harness.source,
            )
        )
    return HarnessList(harnesses=found)
