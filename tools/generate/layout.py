"""Data written as a literal, laid out as Prettier and StyLua leave it: on one line if it fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Style:
    """How a language writes objects and lists. `key` writes a member's name up to its value."""

    key: Callable[[str], str]
    brackets: tuple[str, str]
    indent: int
    last_comma: bool


_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def quoted(text: str) -> str:
    """A string literal, the same in JSON, TypeScript and Lua."""
    return json.dumps(text, ensure_ascii=False)


def _plain_or_quoted(name: str) -> str:
    return f"{name}: " if _NAME.fullmatch(name) else f"{quoted(name)}: "


def _lua_key(name: str) -> str:
    return f"{name} = " if _NAME.fullmatch(name) else f"[{quoted(name)}] = "


JSON = Style(lambda name: f"{quoted(name)}: ", ("[", "]"), indent=2, last_comma=False)
TYPESCRIPT = Style(_plain_or_quoted, ("[", "]"), indent=2, last_comma=True)
LUA = Style(_lua_key, ("{", "}"), indent=2, last_comma=True)


def literal(value: object, style: Style, depth: int = 0, taken: int = 0) -> str:
    """The literal. It begins at column `taken` of a line that is indented by `depth` steps."""
    match value:
        case Mapping():
            members = cast("Mapping[str, object]", value)
            entries = [(style.key(name), member) for name, member in members.items()]
            return _group(entries, ("{", "}"), " ", style, depth, taken)
        case list() | tuple():
            items = cast("list[object]", value)
            entries = [("", item) for item in items]
            apart = len(items) > 1 and all(_is_large(item) for item in items)
            return _group(entries, style.brackets, "", style, depth, WIDTH if apart else taken)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _group(
    entries: list[tuple[str, object]],
    brackets: tuple[str, str],
    space: str,
    style: Style,
    depth: int,
    taken: int,
) -> str:
    start, end = brackets
    if not entries:
        return start + end
    # StyLua writes lists as it writes objects, Prettier without the spaces.
    space = " " if start == "{" else space
    flat = ", ".join(key + literal(item, style, 0, -10_000) for key, item in entries)
    line = f"{start}{space}{flat}{space}{end}"
    # One more column for the comma that may follow.
    if "\n" not in line and taken + len(line) < WIDTH:
        return line
    pad = " " * (style.indent * (depth + 1))
    lines = [
        pad + key + literal(item, style, depth + 1, len(pad) + len(key)) for key, item in entries
    ]
    tail = "," if style.last_comma else ""
    return f"{start}\n" + ",\n".join(lines) + f"{tail}\n{' ' * (style.indent * depth)}{end}"


def _is_large(item: object) -> bool:
    return isinstance(item, Mapping | list | tuple) and len(cast("list[object]", item)) > 1
