"""The standard library from below.

`signal`, `socket`, `selectors`, `json` and `collections.abc` are thin layers over modules in C.
What they import (`enum`, `re`, `collections`) would be a third of a runner's memory, and there is a
runner for each agent. So a runner uses what is below them, and here alone it says so. Type
checkers see the layers: what is used of them is the same.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    import socket
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeGuard
else:
    import _signal as signal
    import _socket as socket
    from _collections_abc import Callable, Mapping, Sequence

__all__ = [
    "SIGNALS",
    "Callable",
    "Mapping",
    "Sequence",
    "accept",
    "dumps",
    "is_list",
    "is_object",
    "loads",
    "signal",
    "signal_name",
    "socket",
]


class _Reading:
    """What `make_scanner` asks for: to read as `json.loads` does."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _json() -> tuple[Callable[[str, int], tuple[object, int]], Callable[[str], str]]:
    """What reads one JSON value from a place in a text, and what writes a string."""
    try:
        import _json as below

        reading: Any = _Reading
        return below.make_scanner(reading), below.encode_basestring_ascii
    except (ImportError, AttributeError, TypeError):
        # Another Python, where it is different below: the layer is larger, and right.
        import json

        layer: Any = json.JSONDecoder()
        return layer.scan_once, json.encoder.encode_basestring_ascii


_scan, _quoted = _json()

SIGNALS: dict[str, int] = {
    name: int(number)
    for name, number in sorted(vars(signal).items())
    if name.startswith("SIG") and "_" not in name
}
"""The signals that there are here, by name."""


def signal_name(number: int) -> str:
    """The name of a signal; a real-time signal has none but its number."""
    return next((name for name, known in SIGNALS.items() if known == number), f"SIG{number}")


def accept(listener: socket.socket) -> socket.socket:
    """The next connection to a listening Unix socket."""
    below: Any = listener
    descriptor, _ = below._accept()
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)


def loads(data: bytes) -> object:
    """The value of a JSON text in UTF-8; `ValueError` for anything else."""
    text = data.decode().strip(" \t\n\r")
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except (StopIteration, SystemError):
        pass  # what is below has no words for an error, or (3.11) looks for them in the layer
    import json

    return json.loads(text)


def dumps(value: object) -> bytes:
    """A value as JSON text, in ASCII and on one line."""
    return _text(value).encode("ascii")


def _text(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if is_object(value):
        return "{" + ", ".join(f"{_quoted(k)}: {_text(v)}" for k, v in value.items()) + "}"
    if is_list(value):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(int(value))
    raise TypeError(f"{value!r} is not written in JSON here")


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is an object of JSON."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value is an array of JSON."""
    return isinstance(value, list)
