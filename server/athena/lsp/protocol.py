"""pygls' protocol with the corrected wire layer.

pygls gives us typed messages, the feature registry, the documents and the capabilities. What it
does with bytes, ids, errors and the end of a connection is replaced, because (in 2.1.1)

- `exit` ends the process, which here serves everybody;
- a request is left unanswered when its parameters do not fit, when its result is no JSON, when its
  `jsonrpc` is missing, before `initialize`, after `shutdown`, and when it waits and is cancelled;
- any object with a member `jsonrpc`, however deep inside a message, is taken for a message;
- custom parameters become namedtuples with renamed members, and a missing `params` is an error;
- our own and the client's request ids share one table, so a client can answer its own requests;
- handlers called by generators are kept in that table for ever, and `lru_cache` on methods keeps
  the servers of ended connections alive;
- the arguments of a command are fitted to type hints that it evaluates at run time;
- an error in a notification pops up a message in the user's face.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.feature_manager import is_thread_function  # pyright: ignore[reportUnknownVariableType]
from pygls.protocol import LanguageServerProtocol, lsp_method

from athena.lsp import structure
from athena.lsp.texts import Texts
from athena.protocol.errors import AthenaError, ErrorCode
from athena.wire.connection import ClientConnection
from athena.wire.envelope import Id, Response

Handler = Callable[..., Any]

log = logging.getLogger(__name__)


class ClientRefused(Exception):
    """The client answered a request of ours with an error.

    It is none of pygls' own errors: what a handler lets through of those is told to the client as
    the answer to its request, where this one's code would mean something else.
    """


class AthenaProtocol(LanguageServerProtocol):
    """One connection's protocol. The door reads and answers; features send through us."""

    connection: ClientConnection
    """Set by the server before anything is sent."""

    # What pygls calls to look a type up, without its cache.
    get_message_type = staticmethod(structure.message_type)  # type: ignore[assignment]
    get_result_type = staticmethod(structure.result_type)  # type: ignore[assignment]

    def handles(self, method: str) -> bool:
        """Whether a feature, ours or one that pygls has built in, is registered for `method`."""
        return method in self._features()

    async def call(self, method: str, params: object) -> object:
        """Run the feature of `method` and return its result as JSON. Raises `AthenaError`."""
        return await self.run(method, structure.params_of(method, params))

    async def run(self, method: str, params: object) -> object:
        """`call` with parameters that are lsprotocol's objects already."""
        try:
            result = await _run(self._features()[method], params)
        except JsonRpcException as error:
            raise _translated(error) from error
        return self.plain(result)

    def _features(self) -> dict[str, Handler]:
        """All features; a built-in one calls the registered one of the same method itself."""
        registry = cast("Any", self.fm)
        return {**registry.features, **registry.builtin_features}

    def plain(self, value: object) -> Any:
        """The JSON of lsprotocol's objects, wherever they are in `value`."""
        return self._converter.unstructure(value)

    def hear_response(self, response: Response) -> None:
        """The client's answer to a request that a feature sent; resolves its future."""
        future = self._request_futures.pop(response.id, None)
        kind = self._result_types.pop(response.id, None)
        if future is None or future.cancelled():
            log.debug("%s answered a request that is not open: %r", self.connection.id, response.id)
            return
        try:
            future.set_result(_result(kind, response))
        except Exception as error:  # noqa: BLE001 (whatever it is, who waits must learn it)
            future.set_exception(error)

    def forget(self, request_id: Id) -> None:
        """Wait no longer for the answer to a request of ours."""
        self._request_futures.pop(request_id, None)
        self._result_types.pop(request_id, None)

    def give_up(self) -> None:
        """The client is gone: fail everything that waits for an answer of it."""
        for future in self._request_futures.values():
            if not future.done():
                future.set_exception(ConnectionError("the client is gone"))
        self._request_futures.clear()
        self._result_types.clear()

    def _send_data(self, data: Any) -> None:
        self.connection.send(self.plain(data))

    def _send_response(self, msg_id: Id, result: Any = None, error: Any = None) -> None:
        raise NotImplementedError("answers are sent by athena.wire.requests, once")

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """As pygls has it, but with documents of our own (`athena.lsp.texts`)."""
        result = yield from super().lsp_initialize(params)
        units = result.capabilities.position_encoding or types.PositionEncodingKind.Utf16
        pygls = self.workspace
        self._workspace = Texts(pygls.root_uri, params.workspace_folders or (), units)
        return result

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> object:
        """Call the command's handler with the arguments as they came."""
        commands = cast("dict[str, Handler]", cast("Any", self.fm).commands)
        handler = commands.get(params.command)
        if handler is None:
            words = f"There is no command {params.command!r}."
            raise AthenaError(ErrorCode.INVALID_PARAMS, words, field="command")
        return await _run(handler, *(params.arguments or ()))

    def lsp_exit(self, *args: object) -> None:  # type: ignore[override]
        """Not a feature here: the door ends the connection, not the process."""

    def lsp_shutdown(self, *args: object) -> None:  # type: ignore[override]
        """Not a feature here: the door knows the phase, and open requests may end."""


async def _run(handler: Handler, *args: Any, **kwargs: Any) -> Any:
    """Call a feature's handler, of any of the kinds that pygls knows.

    A generator is a built-in feature that yields the user's handler of the same method, as
    `(handler, args, kwargs)`, and is resumed with its result.
    """
    if inspect.iscoroutinefunction(handler):
        return await handler(*args, **kwargs)
    if cast("Handler", is_thread_function)(handler):
        return await asyncio.to_thread(handler, *args, **kwargs)
    if not inspect.isgeneratorfunction(handler):
        return handler(*args, **kwargs)
    steps = handler(*args, **kwargs)
    value: object = None
    while True:
        try:
            inner, inner_args, inner_kwargs = steps.send(value)
        except StopIteration as stop:
            return stop.value
        value = await _run(inner, *(inner_args or ()), **(inner_kwargs or {}))


def _result(kind: type[Any] | None, response: Response) -> Any:
    if response.error is not None:
        raise ClientRefused(str(response.error.get("message", "without a message")))
    return structure.result_of(kind, response.result)


def _translated(error: JsonRpcException) -> AthenaError:
    """pygls' own errors: bad command arguments and the like."""
    known = error.code in {int(code) for code in ErrorCode}
    code = ErrorCode(error.code) if known else ErrorCode.INTERNAL_ERROR
    return AthenaError(code, error.message)
