"""What is wrong in a TOML file of the user's, in words that say where and what to write instead."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

HEADER = re.compile(r"\s*(?P<one>\[\[?)(?P<path>[^\]]+)\]")
# Possessive, since a line of 40 dashes in a prompt can be cut into parts in very many ways.
KEY = re.compile(r"\s*(?P<path>(?:\"[^\"]*\"|'[^']*'|[\w-]+|\s*\.\s*)++)\s*=")
PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")
AT = re.compile(r"(?P<why>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")

Path = tuple[str | int, ...]


def of_file(path: os.PathLike[str], text: str, error: ValueError, shape: type[BaseModel]) -> str:
    """All of it, a line each, that begins with the file and the line in it."""
    match error:
        case tomllib.TOMLDecodeError():
            found = [of_syntax(error)]
        case ValidationError():
            found = of_values(error, text, shape)
        case _:
            found = [(None, str(error))]
    where = os.fspath(path)
    return "\n".join(f"{where}:{line}: {why}" if line else f"{where}: {why}" for line, why in found)


def of_syntax(error: tomllib.TOMLDecodeError) -> tuple[int | None, str]:
    """The line, counted from 1, and what is wrong with it, for a file that is no TOML."""
    found = AT.fullmatch(str(error))
    if found is None:
        return None, f"{error}."
    why = found["why"]
    hint = " Text is written in quotes." if why == "Invalid value" else ""
    return int(found["line"]), f"{why} at column {found['column']}.{hint}"


def of_values(
    error: ValidationError, text: str, shape: type[BaseModel]
) -> list[tuple[int | None, str]]:
    """The same for each key that is unknown or has a wrong value."""
    found = [(_line(text, one["loc"]), _words(one, shape)) for one in error.errors()]
    return sorted(found, key=lambda one: one[0] or 0)


def _words(error: ErrorDetails, shape: type[BaseModel]) -> str:
    *tables, key = error["loc"]
    if isinstance(key, int) and tables:
        key = tables.pop()
    if error["type"] == "missing":
        return f"{_named(tables)} needs `{key}`."
    if error["type"] == "extra_forbidden":
        return _unknown(tables, str(key), _keys(shape, tables))
    name = f"{_named(tables)} `{key}`" if tables else f"[{key}]"
    if error["type"] == "string_pattern_mismatch":
        return f"{name} must match {error.get('ctx', {}).get('pattern')}."
    if error["type"] == "value_error":
        return f"{name} {error['msg'].removeprefix('Value error, ')}."
    must = error["msg"].replace("Input should", "must")
    given = error["input"]
    shown = isinstance(given, str | int | float) and "secret" not in str(key)
    return f"{name} {must}, not {given!r}." if shown else f"{name} {must}."


def _unknown(tables: Sequence[str | int], key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    if not tables:
        meant = f"Did you mean [{close[0]}]?" if close else f"There are: {', '.join(known)}."
        return f"There is no table [{key}]. {meant}"
    meant = f"Did you mean `{close[0]}`?" if close else f"It has: {', '.join(known)}."
    return f"{_named(tables)} has no key `{key}`. {meant}"


def _named(tables: Sequence[str | int]) -> str:
    """`[archetype.mine]`, or `[[rule]] 2` for the second of several."""
    name = ".".join(part for part in tables if isinstance(part, str))
    numbers = [part for part in tables if isinstance(part, int)]
    return f"[[{name}]] {numbers[-1] + 1}" if numbers else f"[{name}]"


def _keys(shape: type[BaseModel], tables: Sequence[str | int]) -> list[str]:
    """The keys that a table may have."""
    for part in tables:
        found: Any = shape.model_fields.get(str(part))
        # The name of an archetype or a harness is the user's own: its table is already known.
        if found is not None:
            inner = [found.annotation, *get_args(found.annotation)]
            shape = next(t for t in inner if isinstance(t, type) and issubclass(t, BaseModel))
    return list(shape.model_fields)


def _line(text: str, wanted: Path) -> int | None:
    """The line that says `wanted`, or else the nearest table around it."""
    parts = [str(part) for part in wanted]
    table: list[str] = []
    many: Counter[str] = Counter()
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            here = table = _parts(header["path"])
            if header["one"] == "[[":
                table.append(str(many[header["path"]]))
                many[header["path"]] += 1
        elif key := KEY.match(line):
            here = table + _parts(key["path"])
        else:
            continue
        depth = min(len(here), len(parts))
        if best < depth and here[:depth] == parts[:depth]:
            best, found = depth, number
    return found


def _parts(path: str) -> list[str]:
    return ["".join(groups) for groups in PART.findall(path)]
