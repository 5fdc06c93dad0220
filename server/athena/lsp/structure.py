"""Typed LSP parameters from JSON, with errors that name the field.

lsprotocol's converter raises what cattrs raises; pygls turns that into an answer without an id.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import cattrs
from lsprotocol import types
from pydantic.alias_generators import to_camel
from pygls.protocol import default_converter

from athena.protocol.errors import AthenaError, ErrorCode

MOST_PRUNED = 64


@cache
def converter() -> cattrs.Converter:
    """One for all connections: a new one costs four milliseconds and compiles its hooks again."""
    return default_converter()


def message_type(method: str) -> type[Any] | None:
    """lsprotocol's class for the requests or notifications of a method of LSP itself."""
    return types.METHOD_TO_TYPES[method][0] if method in types.METHOD_TO_TYPES else None


def result_type(method: str) -> type[Any] | None:
    """lsprotocol's class for the answers to a method of LSP itself."""
    return types.METHOD_TO_TYPES[method][1] if method in types.METHOD_TO_TYPES else None


def params_of(method: str, params: object) -> Any:
    """The typed parameters of a standard method, the parsed JSON of any other.

    Raises `AthenaError` with `INVALID_PARAMS`; `data.field` is the path of the first wrong one.
    """
    kind = message_type(method)
    if kind is None:
        return params
    message: dict[str, object] = {"jsonrpc": "2.0", "id": 0, "method": method}
    if params is not None:
        message["params"] = params
    try:
        return converter().structure(message, kind).params
    except Exception as error:  # cattrs and lsprotocol's hooks raise whatever the values raise.
        raise _invalid(method, error) from error


def result_of(kind: type[Any] | None, result: object) -> Any:
    """The typed answer of a client to a request of the class `kind`; `ValueError` if it is none."""
    if kind is None:
        return result
    try:
        return converter().structure({"jsonrpc": "2.0", "id": 0, "result": result}, kind).result
    except Exception as error:  # cattrs and lsprotocol's hooks raise whatever the values raise.
        raise ValueError(f"The client's answer is no result: {result!r:.200}") from error


def initialize_params(params: object) -> types.InitializeParams:
    """The parameters of `initialize`, without what this version of LSP does not know.

    Clients announce capabilities of newer versions, with values that our enumerations lack. That
    must not keep a client out, so capabilities that do not fit are left away.
    """
    for _ in range(MOST_PRUNED):
        try:
            return params_of("initialize", params)
        except AthenaError as error:
            path = str(error.data["field"]).split(".")
            if path[0] != "capabilities" or len(path) < 2 or not _prune(params, path):
                raise
    return params_of("initialize", params)


def _prune(value: object, path: list[str]) -> bool:
    """Remove what `path` leads to; False when it leads nowhere."""
    for step in path[:-1]:
        value = _member(value, step)
    last = path[-1]
    if isinstance(value, dict) and last in value:
        del value[last]
        return True
    if isinstance(value, list) and last.isdigit() and int(last) < len(cast("list[object]", value)):
        del value[int(last)]
        return True
    return False


def _member(value: object, step: str) -> object:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).get(step)
    if isinstance(value, list) and step.isdigit():
        items = cast("list[object]", value)
        return items[int(step)] if int(step) < len(items) else None
    return None


def _invalid(method: str, error: Exception) -> AthenaError:
    problems = [_problem(line) for line in cattrs.transform_error(error)]
    first = problems[0]
    return AthenaError(
        ErrorCode.INVALID_PARAMS,
        f"{method}: {first['field'] or 'params'}: {first['problem']}",
        field=first["field"],
        problems=problems,
    )


def _problem(line: str) -> dict[str, str]:
    """The two halves of cattrs' "required field missing @ $.params.text_document[0].uri"."""
    words, _, path = line.partition(" @ $.params")
    steps = path.replace("[", ".").replace("]", "").split(".")
    field = ".".join(to_camel(step) for step in steps if step)
    return {"field": field, "problem": words.removesuffix(", expected Optional")}
