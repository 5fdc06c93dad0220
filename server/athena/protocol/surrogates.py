"""Halves of surrogate pairs: JSON can carry them, and hardly anything else can."""

from __future__ import annotations

import re
from typing import cast

_MAY_HOLD = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


def mended(value: object, body: bytes) -> object:
    """The value of a body of JSON, with U+FFFD for each half of a surrogate pair.

    Programs in JavaScript cut texts in the middle of a pair. No file, database or other process
    could take that, and the length in UTF-16, in which LSP counts, stays the same.
    """
    return _mended(value) if _MAY_HOLD.search(body) else value


def _mended(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {cast("str", _mended(key)): _mended(item) for key, item in pairs}
    return value
