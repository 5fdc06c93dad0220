"""Settings of a harness by their own names: what each takes, and reading it from what was given.

A program gives values of their type; a command line and a settings file of texts can only give
texts, so a text that reads as the type is as good.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from athena.harness.decode import Json, is_list, is_obj, items, texts


class Takes(StrEnum):
    """What a setting takes, in words."""

    FLAG = "true or false"
    TEXT = "a text"
    NUMBER = "a number"
    TEXTS = "a list of texts"
    OBJECT = "an object"
    DOCUMENT = "an object, or the name of a file that holds one"
    DOCUMENTS = "objects, or names of files that hold one"


def read(takes: Takes, value: object) -> Any:
    """The value as its type; `None` where it is of another one. A document is an object or a text,
    documents are a list of those."""
    match takes:
        case Takes.FLAG:
            return _flag(value)
        case Takes.TEXT:
            return value if isinstance(value, str) else None
        case Takes.NUMBER:
            return _number(value)
        case Takes.TEXTS:
            return _texts(value)
        case Takes.OBJECT:
            return _object(value)
        case Takes.DOCUMENT:
            return _document(value)
        case Takes.DOCUMENTS:
            given = items(value) if is_list(value) else [value]
            found = [_document(one) for one in given]
            return found if None not in found else None


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _number(value: object) -> int | float | None:
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _texts(value: object) -> list[str] | None:
    if isinstance(value, str):
        return [value]
    given = texts(value)
    return given if is_list(value) and given == items(value) else None


def _object(value: object) -> Json | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if is_obj(value) else None


def _document(value: object) -> Json | str | None:
    if isinstance(value, str):
        return value
    return _object(value)
