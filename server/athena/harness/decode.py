"""Reading JSON of which nothing is promised: each accessor answers a value of its type, always.

A harness may say anything, and drivers must not raise for it. What is missing or of another type
reads as empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeGuard, cast

from athena.protocol.surrogates import mended

Json = dict[str, Any]

MOST_DEEP = 200
"""Levels of a message. Beyond 255 it could be read, and not be written down again."""


def parse(frame: bytes) -> Json | None:
    """The JSON object in a frame, or `None` where it is something else."""
    try:
        value = mended(json.loads(frame), frame)
    except (ValueError, RecursionError):
        return None
    is_message = isinstance(value, dict) and not _is_deep(cast(Json, value), frame)
    return cast(Json, value) if is_message else None


def _is_deep(value: object, frame: bytes) -> bool:
    """Whether a value has more levels than can be kept; few frames have so many brackets at all."""
    if frame.count(b"[") + frame.count(b"{") <= MOST_DEEP:
        return False
    level = [value]
    for _ in range(MOST_DEEP):
        level = [inner for one in level for inner in _inside(one)]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast(Json, value).values()
    return cast(list[object], value) if isinstance(value, list) else ()


def encode(message: Json) -> bytes:
    """A message as one frame, without the newline."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        # A lone surrogate in a prompt has no UTF-8 form; the harness gets a question mark.
        errors="replace"
    )


def is_obj(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def obj(value: object) -> Json:
    """The value as an object."""
    return cast(Json, value) if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """The value as a list."""
    return list(cast(list[Any], value)) if isinstance(value, list | tuple) else []


def objs(value: object) -> list[Json]:
    """The objects in a list."""
    return [cast(Json, one) for one in items(value) if isinstance(one, dict)]


def text(value: object) -> str:
    """The value as text."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> list[str]:
    """The texts in a list."""
    return [one for one in items(value) if isinstance(one, str)]


def maybe_text(value: object) -> str | None:
    """The value as text, `None` where it is none or empty."""
    return value if isinstance(value, str) and value else None


def number(value: object) -> int:
    """The value as a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if abs(value) < 1e18 else 0


def maybe_number(value: object) -> int | None:
    """The value as a whole number, `None` where it is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number(value) if is_number else None


def amount(value: object) -> float:
    """The value as an amount of money or time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    found = float(value) if abs(value) < 1e18 else 0.0
    return found if found == found else 0.0


def line_of(frame: bytes) -> str:
    """A frame as text, to be shown where it was not understood."""
    return frame.decode("utf-8", "replace")
