"""JSON as the wire wants it: UTF-8, no NaN, no lone surrogates, never a half-made message."""

from __future__ import annotations

import json
import re
from typing import NoReturn, cast

from athena.protocol.errors import AthenaError, ErrorCode


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ascii_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def loads(body: bytes) -> object:
    """The value of a message's body. Raises `AthenaError` with `PARSE_ERROR`.

    Lone surrogates, which JavaScript clients can send, become U+FFFD: no file, database or other
    process could take them, and the length in UTF-16, in which LSP counts, stays the same.
    """
    try:
        value: object = _decoder.decode(body.decode("utf-8"))
        return _mend(value) if _SURROGATE.search(body) else value
    except UnicodeDecodeError as error:
        raise AthenaError(
            ErrorCode.PARSE_ERROR, f"The message is no UTF-8: byte {error.start} does not fit."
        ) from None
    except RecursionError:
        raise AthenaError(
            ErrorCode.PARSE_ERROR, "The message is nested too deeply to be read."
        ) from None
    except ValueError as error:
        raise AthenaError(ErrorCode.PARSE_ERROR, f"The message is no JSON: {error}.") from None


def dumps(value: object) -> bytes:
    """A message's body. Raises `TypeError`, `ValueError` or `RecursionError` as `json` does."""
    try:
        return _encoder.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return _ascii_encoder.encode(value).encode("ascii")


def _mend(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mend(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {cast("str", _mend(key)): _mend(item) for key, item in pairs}
    return value
