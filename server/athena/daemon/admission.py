"""Who is let in: from a hello to an answer, as a pure rule.

A relay only copies bytes, so its version matters little; that of the program behind it does. A
daemon of the same series serves it. A daemon that is older makes room when nobody else needs it,
and otherwise as soon as it can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from athena.border import ClientInfo
from athena.relay.failure import EXIT_USAGE, EXIT_VERSION
from athena.relay.hello import WIRE
from athena.wire.connection import Origin

MODES = ("lsp", "headless", "cli")
CONTROL = "control"
"""The mode of `athena daemon status|stop|restart`: let in whatever the versions."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A hello that could be read. `origin` is None for control."""

    wire: int
    version: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a client is not let in: the exit code of its relay, and words that say what to do."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What the daemon knows of itself when it decides."""

    version: str
    pid: int
    clients: int
    """Others than the one that asks."""
    busy: bool
    ending: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is how the hello is answered. `leave_when_idle`: make room for a newer daemon."""

    kind: Literal["welcome", "restart", "refuse"]
    words: str = ""
    leave_when_idle: bool = False


def read_hello(told: Mapping[str, object], peer_pid: int) -> Hello | Refusal:
    """The hello as sent, with the peer's process id as the kernel knows it."""
    wire, version, mode = told.get("athena"), told.get("version"), told.get("mode")
    if not isinstance(wire, int) or not isinstance(version, str):
        return Refusal(EXIT_VERSION, "This is the socket of the Athena daemon; say hello first.")
    if mode == CONTROL:
        return Hello(wire, version, None)
    if mode not in MODES:
        return Refusal(EXIT_USAGE, f"The Athena daemon has no mode {mode!r}.")
    client = told.get("client")
    origin = Origin(
        mode=mode,
        version=version,
        pid=peer_pid,
        cwd=_string(told.get("cwd"), "/"),
        umask=umask if isinstance(umask := told.get("umask"), int) else 0o022,
        client=_client(cast("dict[str, object]", client) if isinstance(client, dict) else {}),
        environ=_environ(told.get("environ")),
    )
    return Hello(wire, version, origin)


def judge(hello: Hello, now: Situation) -> Verdict:
    """How to answer a client of whatever version."""
    if hello.origin is None:
        return Verdict("welcome")
    if now.ending:
        return Verdict("restart", "The Athena daemon was just ending; a new one is started.")
    newer = _numbers(hello.version) > _numbers(now.version)
    fits = hello.wire == WIRE and _series(hello.version) == _series(now.version)
    free = now.clients == 0 and not now.busy
    if newer and free:
        words = f"The daemon of Athena {now.version} makes room for {hello.version}."
        return Verdict("restart", words)
    if newer and fits:
        words = (
            f"The running daemon is Athena {now.version}; it restarts as {hello.version} when it "
            "is idle. `athena daemon restart` does it now; agents go on working."
        )
        return Verdict("welcome", words, leave_when_idle=True)
    if newer:
        return Verdict("refuse", _busy_words(hello, now), leave_when_idle=True)
    if fits:
        return Verdict("welcome")
    words = (
        f"The running daemon is Athena {now.version}, and this is the older {hello.version}. "
        "Upgrade it, or use the `athena` command of the newer installation."
    )
    return Verdict("refuse", words)


def _busy_words(hello: Hello, now: Situation) -> str:
    uses = f"{now.clients} other client{'' if now.clients == 1 else 's'}"
    work = " and agents at work" if now.busy else ""
    return (
        f"The running daemon is Athena {now.version}, this is {hello.version}, and the two do not "
        f"fit. It has {uses}{work}, and restarts when it is idle. `athena daemon restart` does "
        "it now; agents go on working."
    )


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version; suffixes like `.dev1` do not count."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _series(version: str) -> tuple[int, ...]:
    """Versions of one series understand each other: the major one, before 1.0 also the minor."""
    numbers = _numbers(version)
    return numbers[:1] if numbers and numbers[0] else numbers[:2]


def _client(told: Mapping[str, object]) -> ClientInfo:
    version = told.get("version")
    name = _string(told.get("name"), "unknown")
    return ClientInfo(name, version if isinstance(version, str) else None)


def _environ(told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        return {}
    pairs = cast("dict[str, object]", told).items()
    return {name: value for name, value in pairs if isinstance(value, str)}


def _string(value: object, default: str) -> str:
    return value if isinstance(value, str) and value else default
