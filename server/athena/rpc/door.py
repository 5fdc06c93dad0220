"""The door of scripts: one conversation in lines of JSON-RPC 2.0, batches included."""

from __future__ import annotations

import logging
from typing import cast

from athena.border import Core
from athena.protocol.errors import AthenaError, ErrorCode
from athena.rpc.dispatch import Methods, dispatch
from athena.wire import answers, limits
from athena.wire.connection import ClientConnection, Goodbye
from athena.wire.envelope import Invalid, Notification, Request, Response, read
from athena.wire.requests import Answer, Reply, Requests

log = logging.getLogger(__name__)


class RpcDoor:
    """`athena.wire.conversation.Speaker` for JSON-RPC."""

    linger_seconds: float | None = None

    def __init__(self, core: Core, connection: ClientConnection, requests: Requests) -> None:
        self._core = core
        self._connection = connection
        self._requests = requests
        self._methods = Methods(core)
        core.connected(connection)

    async def hear(self, value: object, size: int) -> Goodbye | None:
        if isinstance(value, list):
            self._batch(cast("list[object]", value), size)
        else:
            self._message(value, size, self._connection.send)
        return None

    async def ended(self) -> None:
        await self._core.disconnected(self._connection)

    def _message(self, value: object, size: int, reply: Reply) -> None:
        match read(value):
            case Request() as request:
                work = dispatch(self._methods, self._connection, request)
                self._requests.start(request.id, request.method, size, work, reply)
            case Notification() as notification:
                self._notification(notification)
            case Response() as response:
                log.debug("%s answers %r, which nobody asked", self._connection.id, response.id)
            case Invalid(request_id, error):
                reply(answers.failure(request_id, error))

    def _notification(self, notification: Notification) -> None:
        method, params = notification.method, notification.params
        if method == "$/cancelRequest":
            if isinstance(params, dict):
                self._requests.cancel(cast("dict[str, object]", params).get("id"))
        elif method in self._methods:
            work = self._core.dispatch(self._connection, method, params)
            self._requests.start_quiet(method, work)
        else:
            log.debug("%s sent %s, which nothing listens to", self._connection.id, method)

    def _batch(self, members: list[object], size: int) -> None:
        if not 0 < len(members) <= limits.BATCH:
            words = f"A batch has 1 to {limits.BATCH} members, not {len(members)}."
            error = AthenaError(ErrorCode.INVALID_REQUEST, words)
            self._connection.send(answers.failure(None, error))
            return
        batch = _Batch(self._connection, sum(_is_answered(member) for member in members))
        for member in members:
            self._message(member, size // len(members), batch.add)


class _Batch:
    """Collects the answers to a batch and sends them together when the last one is there."""

    def __init__(self, connection: ClientConnection, missing: int) -> None:
        self._connection = connection
        self._missing = missing
        self._answers: list[Answer] = []

    def add(self, answer: Answer) -> None:
        self._answers.append(answer)
        if len(self._answers) == self._missing:
            self._connection.send_batch(self._answers)


def _is_answered(member: object) -> bool:
    return isinstance(read(member), Request | Invalid)
