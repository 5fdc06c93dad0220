"""The door of editors: one conversation in LSP."""

from __future__ import annotations

import logging
from typing import cast

from athena.border import Core
from athena.lsp.phase import Phase, exit_code, hears_notification, refuse_request
from athena.lsp.server import AthenaLanguageServer
from athena.wire import answers
from athena.wire.connection import ClientConnection, Goodbye
from athena.wire.envelope import Invalid, Notification, Request, Response, read
from athena.wire.requests import Answer, Requests

log = logging.getLogger(__name__)


class LspDoor:
    """`athena.wire.conversation.Speaker` for LSP."""

    linger_seconds: float | None = 5.0

    def __init__(self, core: Core, connection: ClientConnection, requests: Requests) -> None:
        self._core = core
        self._connection = connection
        self._requests = requests
        self._server = AthenaLanguageServer(core, connection)
        self._methods = frozenset(core.methods())
        self._phase = Phase.NEW
        self._attached = False

    async def hear(self, value: object, size: int) -> Goodbye | None:
        match read(value):
            case Request() as request:
                await self._request(request, size)
            case Notification(method="exit"):
                return Goodbye(exit_code(self._phase))
            case Notification() as notification:
                if hears_notification(self._phase):
                    self._notification(notification)
            case Response() as response:
                self._server.protocol.hear_response(response)
            case Invalid(request_id, error):
                self._connection.send(answers.failure(request_id, error))
        return None

    async def ended(self) -> None:
        self._server.protocol.give_up()
        await self._server.ended()
        if self._attached:
            await self._core.disconnected(self._connection)

    async def _request(self, request: Request, size: int) -> None:
        if error := refuse_request(self._phase, request.method):
            self._connection.send(answers.failure(request.id, error))
        elif request.method == "initialize":
            # Done before the next message is read, which may depend on it.
            self._start(request, size)
            await self._requests.finished()
        elif request.method == "shutdown":
            self._phase = Phase.SHUT_DOWN
            self._connection.send(answers.success(request.id, None))
        else:
            self._start(request, size)

    def _start(self, request: Request, size: int) -> None:
        work = self._answer(request)
        self._requests.start(request.id, request.method, size, work, self._connection.send)

    async def _answer(self, request: Request) -> Answer:
        is_first = request.method == "initialize"
        work = self._initialize(request) if is_first else self._call(request.method, request.params)
        return answers.success(request.id, await work)

    def _notification(self, notification: Notification) -> None:
        method, params = notification.method, notification.params
        if method == "$/cancelRequest":
            if isinstance(params, dict):
                self._requests.cancel(cast("dict[str, object]", params).get("id"))
        elif method in self._methods or self._server.protocol.handles(method):
            self._requests.start_quiet(method, self._call(method, params))
        else:
            log.debug("%s sent %s, which nothing listens to", self._connection.id, method)

    async def _initialize(self, request: Request) -> object:
        result = await self._server.initialize(self._connection, request.params)
        self._phase = Phase.READY
        self._core.connected(self._connection)
        self._attached = True
        return result

    async def _call(self, method: str, params: object) -> object:
        if method in self._methods:
            return await self._server.call(method, params)
        self._server.heard(method, params)
        if self._server.protocol.handles(method):
            return await self._server.protocol.call(method, params)
        raise answers.unknown_method(method, self._methods)
