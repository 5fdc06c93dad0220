"""Reminding the user of open requests, and closing those that nobody will answer."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.tables import PermissionSettings
from athena.core.patience import overdue
from athena.protocol.agent import AgentView, OpenRequest
from athena.protocol.errors import AthenaError
from athena.protocol.events import RequestClosed, RequestReminded

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0


class Patience:
    """Looks at the open requests of all agents once a second."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for view in self._context.directory.views():
                if view.requests:
                    await self._look(view)

    async def _look(self, view: AgentView) -> None:
        try:
            limits = self._context.settings(Path(view.project)).permission
        except AthenaError as error:
            logger.warning("%s", error.message)
            return
        now = self._context.clock()
        if any(_due(limits, r, now) for r in view.requests):
            actor = await self._context.directory.actor(view.id)
            await actor.change(lambda draft: self._act(draft, limits, now))

    @staticmethod
    def _act(draft: Draft, limits: PermissionSettings, now: int) -> None:
        """What is due is asked again inside: an answer may have come in between."""
        for opened in list(draft.now.requests.values()):
            fact = _due(limits, opened, now)
            if isinstance(fact, RequestClosed):
                draft.answer(fact)
            elif fact is not None:
                draft.record(fact)


def _due(
    limits: PermissionSettings, opened: OpenRequest, now: int
) -> RequestReminded | RequestClosed | None:
    return overdue(opened, now, limits.remind_seconds, limits.expire_seconds)
