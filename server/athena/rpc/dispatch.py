"""Calling the core through jsonrpcserver.

It is given requests that were parsed and whose envelope was checked, one at a time, because
(in 5.0.9) its own validation answers a request with wrong `params` under a null id and refuses a
whole batch for one bad member. Its global registry of methods stays unused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from jsonrpcserver import JsonRpcError, Success, async_dispatch_to_serializable

from athena.border import Connection, Core
from athena.wire import answers
from athena.wire.envelope import Request
from athena.wire.requests import Answer

Method = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """The context of one request. It has the parameters too: the library would lose whether they
    were absent, an empty array, or an empty object."""

    connection: Connection
    params: object


class Methods(dict[str, Method]):
    """The core's methods as the library wants them; an unknown one is a method that says so."""

    def __init__(self, core: Core) -> None:
        super().__init__((name, _method(core, name)) for name in core.methods())

    def __missing__(self, name: str) -> Method:
        async def unknown(call: Call, /, *_: object, **__: object) -> None:
            raise _library_error(answers.unknown_method(name, self))

        return unknown


async def dispatch(methods: Methods, connection: Connection, request: Request) -> Answer:
    """The answer to one request; a cancellation goes through as such."""
    message = {"jsonrpc": "2.0", "id": request.id, "method": request.method}
    if request.params is not None:
        message["params"] = cast("Any", request.params)
    answer = await async_dispatch_to_serializable(
        cast("str", message),
        cast("Any", methods),
        context=Call(connection, request.params),
        deserializer=_as_it_is,
        validator=_as_it_is,
    )
    return cast("Answer", answer)


def _method(core: Core, name: str) -> Method:
    async def call(call: Call, /, *_: object, **__: object) -> Any:
        try:
            return Success(await core.dispatch(call.connection, name, call.params))
        except Exception as error:  # Every failure becomes the same answer as in the other doors.
            raise _library_error(answers.as_athena_error(error, name)) from error

    return call


def _library_error(error: answers.AthenaError) -> JsonRpcError:
    told = answers.error_object(error)
    return JsonRpcError(**cast("dict[str, Any]", told))


def _as_it_is(value: Any) -> Any:
    return value
