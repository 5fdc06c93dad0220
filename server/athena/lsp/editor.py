"""One attached editor: what it can do, where it is, and what we do in it by ourselves."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lsprotocol import types as t
from pygls.capabilities import get_capability  # pyright: ignore[reportUnknownVariableType]

from athena.border import Connection, Core
from athena.lsp.places import uri_of
from athena.lsp.texts import Texts
from athena.protocol.agent import AgentView
from athena.protocol.base import Record
from athena.protocol.problem import Problem

if TYPE_CHECKING:
    from athena.lsp.desk import Desk, News
    from athena.lsp.server import AthenaLanguageServer

R = TypeVar("R", bound=Record)

log = logging.getLogger(__name__)

USER_METHODS = frozenset(
    {
        t.TEXT_DOCUMENT_DID_OPEN,
        t.TEXT_DOCUMENT_DID_CHANGE,
        t.TEXT_DOCUMENT_DID_SAVE,
        t.TEXT_DOCUMENT_HOVER,
        t.TEXT_DOCUMENT_CODE_ACTION,
        t.TEXT_DOCUMENT_DEFINITION,
        t.WORKSPACE_EXECUTE_COMMAND,
    }
)
"""What a client sends because its user does something; the rest it may send by itself."""


class Editor:
    """A client of the LSP door, as the features see it.

    Capabilities are what the client declared; `wants` reads the initialization option
    `athena.<name>`. Nothing looks at the client's name.
    """

    def __init__(self, server: AthenaLanguageServer, params: t.InitializeParams) -> None:
        self.server = server
        self.capabilities = params.capabilities
        self.active_at = time.monotonic()
        self.document: str | None = None
        """The document that the user was in last."""
        self.listeners: list[Callable[[News], None]] = []
        self.desk: Desk | None = None
        """Set once the client is initialized."""
        self.can_ask = True
        """Whether it takes `window/showMessageRequest`; unlearned when it refuses one."""
        self.has_answered = self.can("window.show_message")
        """Whether it is known to show them. Some clients drop what they do not know, unanswered."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = itertools.count(1)

    @property
    def core(self) -> Core:
        return self.server.core

    @property
    def connection(self) -> Connection:
        return self.server.connection

    def can(self, path: str) -> bool:
        """Whether the client declared a capability: a path such as `window.work_done_progress`."""
        read = cast("Callable[..., object]", get_capability)
        return bool(read(self.capabilities, path))

    def values(self, path: str) -> list[object]:
        """What a capability lists; empty when it was not declared."""
        read = cast("Callable[..., list[object] | None]", get_capability)
        return list(read(self.capabilities, path) or ())

    def wants(self, option: str, *, default: bool = True) -> bool:
        """Whether an initialization option is on."""
        given = self.server.option(option)
        return given if isinstance(given, bool) else default

    def seconds(self, option: str, default: float) -> float:
        """An initialization option that is a time."""
        given = self.server.option(option)
        return max(0.0, float(given)) if isinstance(given, int | float) else default

    def offers(self, *methods: str) -> bool:
        """Whether the core has all of these methods."""
        return frozenset(methods) <= frozenset(self.core.methods())

    def heard(self, method: str, params: object) -> None:
        """Take note of what the user does where."""
        if method not in USER_METHODS:
            return
        self.active_at = time.monotonic()
        match params:
            case {"textDocument": {"uri": str(uri)}}:
                self.document = uri
            case _:
                pass

    @property
    def texts(self) -> Texts:
        """The documents and folders that are open here."""
        return cast("Texts", self.server.workspace)

    def folders(self) -> list[Path]:
        """The real folders that are open, else the root, else where the client was started."""
        return [Path(os.path.realpath(path)) for path in self._roots()]

    def _roots(self) -> list[Path]:
        return self.texts.roots() or [Path(self.connection.cwd)]

    def uri_of(self, path: Path) -> str:
        """The address of a real file as the client has it open, or would come to it."""
        if known := self.texts.at(path):
            return known.uri
        for root, real in zip(self._roots(), self.folders(), strict=True):
            if path.is_relative_to(real):
                return uri_of(root / path.relative_to(real))
        return uri_of(path)

    def concerns(self, agent: AgentView) -> bool:
        """Whether an agent works on what is open here."""
        places = [Path(agent.project)]
        if agent.workspace is not None:
            places.append(Path(agent.workspace.path))
            if agent.workspace.repository:
                places.append(Path(agent.workspace.repository))
        folders = self.folders()
        return any(
            place.is_relative_to(folder) or folder.is_relative_to(place)
            for folder in folders
            for place in places
        )

    def recent(self, most: int) -> list[AgentView]:
        """The agents that worked here last."""
        known = self.desk.agents.values() if self.desk else ()
        here = [a for a in known if not a.archived and self.concerns(a)]
        return sorted(here, key=lambda a: -a.updated_at)[:most]

    async def call(self, kind: type[R], method: str, **params: object) -> R:
        """The result of one of Athena's methods, asked for as this client."""
        answer = await self.core.dispatch(self.connection, method, params)
        return kind.model_validate(answer)

    async def ask(self, method: str, params: object) -> Any:
        """The client's answer to a request of ours.

        When who waits is cancelled, so is the request (`$/cancelRequest`). Raises `ClientRefused`
        and `ConnectionError`.
        """
        protocol = self.server.protocol
        number = f"athena-{next(self._numbers)}"
        future = protocol.send_request_async(method, params, msg_id=number)
        try:
            return await future
        except asyncio.CancelledError:
            protocol.forget(number)
            protocol.notify("$/cancelRequest", t.CancelParams(number))
            raise

    def tell(self, kind: t.MessageType, words: str) -> None:
        """`window/showMessage`, unless the user turned that off."""
        if self.wants("messages"):
            self.server.window_show_message(t.ShowMessageParams(kind, words))

    def warn(self, problem: Problem) -> None:
        """`window/showMessage` of a lasting problem: nobody else tells it, so it is no choice."""
        words = f"{problem.words} {problem.hint}"
        self.server.window_show_message(t.ShowMessageParams(t.MessageType.Warning, words))

    async def progress(self, token: str, value: object) -> bool:
        """Send `$/progress`; False when the client reads too slowly, and this one was dropped."""
        plain = self.server.protocol.plain(t.ProgressParams(token, value))
        return await self.connection.notify(t.PROGRESS, plain, droppable=True)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something beside; it ends with the connection, and a failure is only logged."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self) -> None:
        """The client is gone."""
        if self.desk is not None:
            await self.desk.leave(self)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info("%s: %s", self.connection.id, error, exc_info=error)
