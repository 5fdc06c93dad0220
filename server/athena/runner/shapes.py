"""Reading JSON documents of known shape, and saying what is wrong with the others."""

from __future__ import annotations

from .layout import Document
from .lean import is_list, is_object, loads

# Type checkers take this name for true; importing `typing` would cost the runner a megabyte.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard


class Malformed(ValueError):
    """A document that is not what was agreed; the words name the key."""


def parse(data: bytes) -> Document:
    """A JSON object, or `Malformed`."""
    try:
        value = loads(data)
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from error
    if not is_object(value):
        raise Malformed("not a JSON object")
    return value


def integer(document: Document, key: str, default: int | None = None) -> int:
    """A whole number of at least 0; `default` where the key is absent or null."""
    value = document.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Malformed(f"{key} must be a whole number of at least 0")
    return value


def text(document: Document, key: str) -> str:
    """A text that is not empty."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{key} must be a text that is not empty")
    return value


def optional_text(document: Document, key: str) -> str | None:
    """A text, or `None` where the key is absent or null."""
    return None if document.get(key) is None else text(document, key)


def texts(document: Document, key: str) -> list[str]:
    """A list of at least one text."""
    value = document.get(key)
    if not _is_texts(value) or not value:
        raise Malformed(f"{key} must be a list of texts that is not empty")
    return value


def mapping(document: Document, key: str) -> Document:
    """An object."""
    value = document.get(key)
    if not is_object(value):
        raise Malformed(f"{key} must be an object")
    return value


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return is_list(value) and all(isinstance(item, str) for item in value)
