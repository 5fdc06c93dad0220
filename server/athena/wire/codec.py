"""JSON as the wire wants it: UTF-8, no NaN, no lone surrogates, never a half-made message."""

from __future__ import annotations

import json
from typing import NoReturn

from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.surrogates import mended


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ascii_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def loads(body: bytes) -> object:
    """The value of a message's body. Raises `AthenaError` with `PARSE_ERROR`."""
    try:
        return mended(_decoder.decode(body.decode("utf-8")), body)
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
