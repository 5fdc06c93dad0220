"""What a JSON-RPC 2.0 message is, before anybody looks at its parameters.

Our libraries differ in which malformed envelopes they refuse, ignore, or answer without an id.
Here it is decided once: whatever carries a usable id is answered under that id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from athena.protocol.errors import AthenaError, ErrorCode

Id = int | str


@dataclass(frozen=True, slots=True)
class Request:
    """A call that is answered."""

    id: Id
    method: str
    params: object
    """A dict, a list, or None when absent or null."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A call that is not answered."""

    method: str
    params: object


@dataclass(frozen=True, slots=True)
class Response:
    """The client's answer to a request of ours; `error` is None for a success."""

    id: Id
    result: object
    error: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class Invalid:
    """A message to be refused: under `id` where one can be read, else under null."""

    id: Id | None
    error: AthenaError


Message = Request | Notification | Response | Invalid


def read(value: object) -> Message:
    """Classify one parsed message."""
    if not isinstance(value, dict):
        return _invalid(None, f"A message is an object, not {_kind(value)}.")
    members = cast("dict[str, object]", value)
    raw_id = members.get("id")
    request_id = raw_id if isinstance(raw_id, int | str) and not isinstance(raw_id, bool) else None
    if members.get("jsonrpc") != "2.0":
        return _invalid(request_id, 'A message must have `"jsonrpc": "2.0"`.')
    if "method" in members:
        return _call(members, request_id)
    if request_id is None:
        return _invalid(None, "A message must have a `method`, or answer one by its `id`.")
    return _response(members, request_id)


def _call(members: dict[str, object], request_id: Id | None) -> Message:
    method = members["method"]
    if "id" in members and request_id is None:
        return _invalid(None, f"`id` is a whole number or a string, not {_kind(members['id'])}.")
    if not isinstance(method, str):
        return _invalid(request_id, f"`method` is a string, not {_kind(method)}.")
    params = members.get("params")
    if request_id is None:
        return Notification(method, params)
    if params is not None and not isinstance(params, dict | list):
        words = f"`params` is an object, not {_kind(params)}."
        return Invalid(request_id, AthenaError(ErrorCode.INVALID_PARAMS, words, field=""))
    return Request(request_id, method, cast("object", params))


def _response(members: dict[str, object], request_id: Id) -> Message:
    error = members.get("error")
    if isinstance(error, dict):
        return Response(request_id, None, cast("dict[str, object]", error))
    if "result" in members:
        return Response(request_id, members["result"], None)
    return _invalid(request_id, "A message has a `method`, a `result`, or an `error` object.")


def _invalid(request_id: Id | None, words: str) -> Invalid:
    return Invalid(request_id, AthenaError(ErrorCode.INVALID_REQUEST, words))


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "a number"
        case float():
            return "a fraction"
        case str():
            return "a string"
        case list():
            return "an array (a batch)"
        case _:
            return "an object"
