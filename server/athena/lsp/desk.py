"""What all attached editors share: one subscription to the log, and who is asked what."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from athena.border import ClientInfo, Core, Mode
from athena.lsp.editor import Editor
from athena.lsp.offers import Offers
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.events import Event
from athena.protocol.problem import Problem
from athena.protocol.transcript import EventBatch, Subscribed, SystemInfo

KINDS: tuple[str, ...] = tuple(
    kind.KIND
    for kind in (
        e.AgentSpawned,
        e.AgentRenamed,
        e.AgentArchived,
        e.AgentRestored,
        e.AgentStalled,
        e.AgentRecovered,
        e.WorkspaceReady,
        e.WorkspaceFailed,
        e.WorkspaceRemoved,
        e.CheckpointTaken,
        e.VerdictGiven,
        e.CommentAdded,
        e.CommentsSent,
        e.CommentResolved,
        e.ChangesApplied,
        e.CollisionsChanged,
        e.RunStarted,
        e.SessionOpened,
        e.RunEnded,
        e.PromptQueued,
        e.TurnStarted,
        e.TurnInterrupted,
        e.TurnEnded,
        e.ItemStarted,
        e.ItemCompleted,
        e.RequestOpened,
        e.RequestClosed,
    )
)
INTERVAL_MS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """Events that followed, and the agents that they changed, as they are after them."""

    events: list[Event]
    agents: list[AgentView]


class Desk:
    """Follows the log for all editors, as a client of the core (`athena.border.Connection`)."""

    id = "desk"
    mode: Mode = "lsp"
    client = ClientInfo("athena")
    pid = os.getpid()
    cwd = "/"
    environ: Mapping[str, str] = MappingProxyType({})
    umask = 0o077
    options: Mapping[str, object] = MappingProxyType({})

    def __init__(self, core: Core) -> None:
        self.core = core
        self.agents: dict[str, AgentView] = {}
        self.editors: dict[str, Editor] = {}
        self.offers = Offers(self)
        self._subscription: str | None = None
        self._lock = asyncio.Lock()

    async def join(self, editor: Editor) -> None:
        """Take an editor in and tell it how everything is."""
        async with self._lock:
            if self._subscription is None:
                await self._subscribe()
            if editor.offers("athena/system/info"):
                info = await editor.call(SystemInfo, "athena/system/info")
                for problem in info.problems:
                    editor.warn(problem)
            self.editors[editor.connection.id] = editor
            editor.desk = self
        now = News([], list(self.agents.values()))
        self._tell(editor, now)
        self.offers.again()
        self.offers.hear(now.agents)

    async def leave(self, editor: Editor) -> None:
        """Let an editor go; the last one ends the subscription."""
        async with self._lock:
            self.editors.pop(editor.connection.id, None)
            await self.offers.without(editor)
            if not self.editors and self._subscription is not None:
                name, self._subscription = self._subscription, None
                params: dict[str, object] = {"subscriptionId": name}
                await self.core.dispatch(self, "athena/event/unsubscribe", params)
                self.agents.clear()

    async def notify(self, method: str, params: object, *, droppable: bool) -> bool:
        """Hear what followed in the log."""
        if method == "athena/event/lagged":
            async with self._lock:
                await self._subscribe()
            self._spread(News([], list(self.agents.values())))
            return False
        if method == "athena/event/batch":
            batch = EventBatch.model_validate(params)
            self.agents |= {a.id: a for a in batch.agents}
            self._spread(News(batch.events, batch.agents))
        if method == "athena/system/problem":
            for editor in tuple(self.editors.values()):
                editor.warn(Problem.model_validate(params))
        return True

    async def _subscribe(self) -> None:
        params: dict[str, Any] = {"kinds": list(KINDS), "intervalMs": INTERVAL_MS}
        told = await self.core.dispatch(self, "athena/event/subscribe", params)
        subscribed = Subscribed.model_validate(told)
        self._subscription = subscribed.subscription_id
        self.agents = {a.id: a for a in subscribed.agents or []}

    def _spread(self, news: News) -> None:
        # An answer comes before what followed from it: some editors show the last message only.
        self.offers.take_back(news.events)
        for editor in tuple(self.editors.values()):
            self._tell(editor, news)
        self.offers.hear(news.agents)

    def _tell(self, editor: Editor, news: News) -> None:
        for listener in editor.listeners:
            try:
                listener(news)
            except Exception:
                # One editor's feature that fails must not end the news of all others.
                log.exception("%s: news for %s", editor.connection.id, listener)


@cache
def desk_of(core: Core) -> Desk:
    """The desk of a core. A daemon has one core, and so one desk."""
    return Desk(core)
