"""Event data as JSON text, long strings apart as blobs.

A string of more than 16 KB does not stay inside its event but becomes a blob, and the marker
`{"$blob": sha256, "size": bytes, "head": first characters}` stands in its place, so that pages of
events stay small. A key of the user's own that looks like the marker's gets one more dollar sign
while it is stored.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from athena.log.model import JsonObject
from athena.log.searching import Search

BLOB_LIMIT_BYTES = 16 * 1024
HEAD_CHARACTERS = 512
MARKER_KEY = "$blob"
MARKER_TEXT = '$blob"'
LOOKALIKE = re.compile(r"\$+blob")

Fetch = Callable[[str], bytes]

# Without the check for circles, which costs a tenth: they end in a RecursionError all the same.
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode
_encode_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def encode(data: Mapping[str, object], blobs: dict[str, bytes]) -> str:
    """The JSON text of `data`; payloads that were moved out are added to `blobs` by their id.

    Raises `TypeError` or `ValueError` for what JSON cannot carry, NaN and infinity included.
    """
    text, size = _text(data)
    if size > BLOB_LIMIT_BYTES or may_be_cut(text):
        text, _ = _text(cast("JsonObject", _extract(data, blobs)))
    return text


def restore_text(data: JsonObject) -> str:
    """The text that `encode` once made of data whose payloads are out already."""
    return _text(data)[0]


def _text(data: Mapping[str, object]) -> tuple[str, int]:
    text = _encode(data if isinstance(data, dict) else dict(data))
    if text.isascii():
        return text, len(text)
    try:
        return text, len(text.encode())
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8, but JSON can write it as an escape.
        text = _encode_ascii(data if isinstance(data, dict) else dict(data))
        return text, len(text)


def _extract(value: object, blobs: dict[str, bytes]) -> object:
    if isinstance(value, str):
        if len(value) * 4 <= BLOB_LIMIT_BYTES:
            return value
        payload = value.encode("utf-8", "surrogatepass")
        if len(payload) <= BLOB_LIMIT_BYTES:
            return value
        blob_id = identify(payload)
        blobs[blob_id] = payload
        return {MARKER_KEY: blob_id, "size": len(payload), "head": value[:HEAD_CHARACTERS]}
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        return {_escape(key): _extract(member, blobs) for key, member in members.items()}
    if isinstance(value, (list, tuple)):
        return [_extract(member, blobs) for member in cast("list[object]", value)]
    return value


def _escape(key: object) -> object:
    return f"${key}" if isinstance(key, str) and LOOKALIKE.fullmatch(key) else key


def identify(payload: bytes) -> str:
    """The id of a blob: its SHA-256 in hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


def may_be_cut(text: str) -> bool:
    """Whether markers may stand in stored JSON text: a quick look, which only errs for yes."""
    return MARKER_TEXT in text


def opening(names: Sequence[str]) -> re.Pattern[str]:
    """Matches stored JSON text that begins with these members, each of them a plain string.

    Events say first what they are about, so that it can mostly be had without decoding the rest.
    """
    members = ",".join(rf'"{re.escape(name)}":"([^"\\]*)"' for name in names)
    return re.compile(rf"\{{{members}")


def decode(text: str, fetch: Fetch | None = None) -> JsonObject:
    """The data of a stored event, with its long strings back in place when `fetch` is given."""
    data = json.loads(text)
    if fetch is not None and may_be_cut(text):
        return cast("JsonObject", _restore(data, fetch))
    return data


def _restore(value: object, fetch: Fetch) -> object:
    if isinstance(value, dict):
        members = cast("JsonObject", value)
        if MARKER_KEY in members:
            return fetch(str(members[MARKER_KEY])).decode("utf-8", "surrogatepass")
        return {
            key[1:] if key.startswith("$$") and LOOKALIKE.fullmatch(key) else key: _restore(
                member, fetch
            )
            for key, member in members.items()
        }
    if isinstance(value, list):
        return [_restore(member, fetch) for member in cast("list[object]", value)]
    return value


def with_excerpts(data: JsonObject, search: Search) -> JsonObject:
    """The data; a marker whose text holds the words beyond its head gets an `excerpt` of there."""
    return cast("JsonObject", _excerpts(data, search))


def _excerpts(value: object, search: Search) -> object:
    if isinstance(value, dict):
        members = cast("JsonObject", value)
        if MARKER_KEY in members:
            if search.holds(str(members.get("head", ""))):
                return members
            excerpt = search.excerpt(str(members[MARKER_KEY]))
            return members if excerpt is None else {**members, "excerpt": excerpt}
        return {key: _excerpts(member, search) for key, member in members.items()}
    if isinstance(value, list):
        return [_excerpts(member, search) for member in cast("list[object]", value)]
    return value


def with_heads(data: JsonObject) -> JsonObject:
    """The data with each marker replaced by the first characters of its text and an ellipsis, or
    by what a search found in it.

    For lists that show a part of a text and whose types know only strings.
    """
    return cast("JsonObject", _heads(data))


def _heads(value: object) -> object:
    if isinstance(value, dict):
        members = cast("JsonObject", value)
        if MARKER_KEY in members:
            return members.get("excerpt") or f"{members.get('head', '')}…"
        return {key: _heads(member) for key, member in members.items()}
    if isinstance(value, list):
        return [_heads(member) for member in cast("list[object]", value)]
    return value


def blob_ids(text: str) -> list[str]:
    """The ids of the blobs that stored JSON text refers to."""
    if not may_be_cut(text):
        return []
    found: list[str] = []

    def note(blob_id: str) -> bytes:
        found.append(blob_id)
        return b""

    _restore(json.loads(text), note)
    return found
