"""Answers to requests, the same through every door."""

from __future__ import annotations

import difflib
import logging
import secrets
from collections.abc import Iterable

from athena.protocol.errors import AthenaError, ErrorCode
from athena.wire.envelope import Id

log = logging.getLogger(__name__)


def success(request_id: Id, result: object) -> dict[str, object]:
    """The answer with a result."""
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def failure(request_id: Id | None, error: AthenaError) -> dict[str, object]:
    """The answer with an error; without an id where none could be read."""
    return {"jsonrpc": "2.0", "id": request_id, "error": error_object(error)}


def error_object(error: AthenaError) -> dict[str, object]:
    """The `error` member of an answer."""
    told: dict[str, object] = {"code": int(error.code), "message": error.message}
    if error.data:
        told["data"] = error.data
    return told


def as_athena_error(error: BaseException, method: str) -> AthenaError:
    """The error that a client is told when a handler ends with `error`.

    A fault of ours is logged with its traceback under a number that the client is told; the
    traceback itself stays here.
    """
    if isinstance(error, AthenaError):
        return error
    incident = secrets.token_hex(4)
    log.error("%s failed (incident %s)", method, incident, exc_info=error)
    return AthenaError(
        ErrorCode.INTERNAL_ERROR,
        f"{method} failed by a fault of Athena ({type(error).__name__}: {error}). "
        f"The daemon's log has the details under {incident}.",
        incident=incident,
    )


def cancelled() -> AthenaError:
    """The error after `$/cancelRequest`."""
    return AthenaError(ErrorCode.REQUEST_CANCELLED, "The request was cancelled.")


def duplicate(request_id: Id) -> AthenaError:
    """The error of a request whose id is still in use."""
    return AthenaError(
        ErrorCode.INVALID_REQUEST,
        f"The id {request_id!r} belongs to a request that is not answered yet. Use another one.",
    )


def too_large(what: str, size: int, limit: int) -> AthenaError:
    """The error of a message or an answer above its limit, in bytes."""
    return AthenaError(
        ErrorCode.TOO_LARGE,
        f"The {what} has {size} bytes; the limit is {limit}. Ask for it in parts.",
        size=size,
        limit=limit,
    )


def unknown_method(method: str, known: Iterable[str]) -> AthenaError:
    """The error of a method that is none of `known`, with the most similar one."""
    similar = difflib.get_close_matches(method, list(known), n=1)
    hint = f" Did you mean {similar[0]!r}?" if similar else ""
    return AthenaError(
        ErrorCode.METHOD_NOT_FOUND, f"There is no method {method!r}.{hint}", method=method
    )
