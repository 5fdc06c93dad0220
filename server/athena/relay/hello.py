"""The lines that open and close a conversation with the daemon.

    relay  -> {"athena": 1, "version": "0.1.0", "mode": "lsp", "pid": …, "cwd": …, …}
    daemon -> {"wait": "Upgrading the database …"}                       any number of times
    daemon -> {"welcome": {"version": …, "pid": …, "connection": "c3", "notice": …}}
           or {"refusal": {"code": 76, "message": …}}
           or {"restart": {"message": …}}       the daemon ends; start the new one and come again

After the welcome both sides speak the mode's own protocol. These are all JSON, in which a NUL byte
cannot occur, so the daemon says goodbye in the same stream: NUL, then `{"code": …, "message": …}`.
A stream that ends without a goodbye means that the daemon died.
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIRE = 1
"""The version of these lines and nothing else; raised when an old peer could not read them."""
HELLO_BYTES = 8 << 20
"""The longest hello or answer. Linux gives a process at most 6 MB of environment."""
GOODBYE = b"\0"


def encode(line: Mapping[str, object]) -> bytes:
    """One line of JSON."""
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, object]:
    """The object of one line; `ValueError` when it is none."""
    return member({"": json.loads(line)}, "")


def member(value: Mapping[str, object], name: str) -> dict[str, object]:
    """The object that is the member `name`; `ValueError` when it is none."""
    found = value.get(name)
    if not isinstance(found, dict):
        raise ValueError(f"{name or 'the line'} is not an object")
    return found  # pyright: ignore[reportUnknownVariableType]


def hello(
    mode: str,
    version: str,
    argv: Sequence[str],
    client: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """What a client tells of itself. Agents that it spawns inherit `environ` and `umask`."""
    umask = os.umask(0o077)
    os.umask(umask)
    return {
        "athena": WIRE,
        "version": version,
        "mode": mode,
        "pid": os.getpid(),
        "cwd": _cwd(),
        "argv": list(argv),
        "umask": umask,
        "client": dict(client or {}),
        "environ": dict(os.environ),
    }


def _cwd() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # Somebody deleted the directory we were started in.
        return os.path.expanduser("~")


def goodbye(code: int, message: str = "") -> bytes:
    """The last bytes that the daemon sends."""
    return GOODBYE + encode({"code": code, "message": message})
