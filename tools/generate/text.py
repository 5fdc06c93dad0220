"""Names and comments in the habits of other languages."""

from __future__ import annotations

import re
import textwrap

from tools.generate.layout import WIDTH


def pascal(name: str) -> str:
    """`NOT_FOUND`, `not_found` and `notFound` as `NotFound`."""
    return "".join(word[:1].upper() + word[1:] for word in _words(name))


def upper(name: str) -> str:
    """`needsInput` as `NEEDS_INPUT`."""
    return "_".join(_words(name)).upper()


def _words(name: str) -> list[str]:
    if name.isupper():
        name = name.lower()
    return re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)


def block_comment(doc: str, indent: str = "") -> str:
    """A `/** ... */` comment, with its newline; empty without words."""
    if not doc:
        return ""
    if "\n" not in doc and len(indent) + len(doc) + 7 <= WIDTH:
        return f"{indent}/** {doc} */\n"
    lines = wrapped(doc, WIDTH - len(indent) - 3)
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def line_comment(doc: str, start: str) -> str:
    """Lines that each begin with `start`, with their newlines."""
    return "".join(f"{start}{line}".rstrip() + "\n" for line in wrapped(doc, WIDTH - len(start)))


def wrapped(doc: str, width: int) -> list[str]:
    """The lines of a text whose paragraphs are single lines."""
    lines: list[str] = []
    for paragraph in doc.splitlines():
        lines += textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    return lines
