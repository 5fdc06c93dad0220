"""Verbs for what a harness should not do, and for messages that no other verb can say."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from athena.scripted.flow import json_value
from athena.scripted.peer import RpcError, as_object
from athena.scripted.source import Statement, checked, needed, seconds, size
from athena.scripted.verbs import nothing, verb

if TYPE_CHECKING:
    from athena.scripted.play import Play

_PIECE = 1024 * 1024


def _raw(statement: Statement, rest: str) -> bytes:
    statement.no_body()
    try:
        return rest.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
    except UnicodeError as error:
        statement.fail(f"not understood: {error}; write bytes above 7f as \\xff")


def _line(statement: Statement, rest: str) -> str:
    statement.no_body()
    return rest


@verb("emit TEXT", "Prints a line as it stands, however wrong it is.", "faults", _line, early=True)
def emit(play: Play, text: str) -> None:
    play.peer.write(text.encode() + b"\n")


@verb("emit-half TEXT", "Prints a text without the end of its line.", "faults", _line, early=True)
def emit_half(play: Play, text: str) -> None:
    play.peer.write(text.encode())


@verb(
    "emit-bytes BYTES",
    r"Prints bytes, written with escapes such as `\xff` and `\n`.",
    "faults",
    _raw,
    early=True,
)
def emit_bytes(play: Play, data: bytes) -> None:
    play.peer.write(data)


def _size(statement: Statement, rest: str) -> int:
    statement.no_body()
    return size(statement, rest)


@verb(
    "emit-size SIZE",
    "Prints a line so many bytes long (`100MB`).",
    "faults",
    _size,
    early=True,
)
def emit_size(play: Play, length: int) -> None:
    for start in range(0, length, _PIECE):
        play.peer.write(b"x" * min(_PIECE, length - start))
    play.peer.write(b"\n")


class Message(NamedTuple):
    method: str
    params: Any


def _message(statement: Statement, rest: str) -> Message:
    text = needed(statement, statement.text(rest), "a method and its parameters in JSON")
    method, _, params = text.partition(" ")
    return Message(method, json_value(statement, params or "{}"))


@verb("notify METHOD JSON", "Sends any notification.", "faults", _message, early=True)
def notify(play: Play, args: Message) -> None:
    play.peer.notify(args.method, args.params)


@verb(
    "request METHOD JSON",
    "Sends any request and waits; the outcome is `answered` or the code of the error.",
    "faults",
    _message,
)
def request(play: Play, args: Message) -> None:
    try:
        result = play.ask(args.method, args.params)
        play.values["outcome"], play.values["output"] = "answered", str(result)
    except RpcError as error:
        play.values["outcome"], play.values["output"] = str(error.code), str(error)


def _update(statement: Statement, rest: str) -> dict[str, Any]:
    fields = as_object(json_value(statement, statement.text(rest)))
    if fields is None:
        statement.fail("a session update is a JSON object")
    return fields


@verb("update JSON", "Sends any session update.", "faults", _update)
def update(play: Play, fields: dict[str, Any]) -> None:
    play.agent.send_update(play.session, fields)


def _text(statement: Statement, rest: str) -> str:
    return checked(statement, needed(statement, statement.text(rest), "a text"))


@verb("log TEXT", "Prints a text to standard error.", "faults", _text, early=True)
def log(play: Play, text: str) -> None:
    sys.stderr.write(play.expand(text) + "\n")
    sys.stderr.flush()


def _end(statement: Statement, rest: str) -> int:
    statement.no_body()
    if rest in ("", "KILL"):
        return -signal.SIGKILL
    name = rest if rest.startswith("SIG") else f"SIG{rest}"
    if name in signal.Signals.__members__:
        return -signal.Signals[name]
    if not rest.isdecimal() or int(rest) > 255:
        statement.fail(f"'{rest}' is neither an exit code nor a signal; write crash 3, crash SEGV")
    return int(rest)


@verb(
    "crash [CODE|SIGNAL]",
    "Ends the process at once with an exit code or by a signal (KILL).",
    "faults",
    _end,
    early=True,
)
def crash(play: Play, how: int) -> None:
    if how >= 0:
        os._exit(how)
    os.kill(os.getpid(), -how)


@verb("hang", "Never goes on; cancelling has no effect.", "faults", nothing, early=True)
def hang(play: Play, args: None) -> None:
    threading.Event().wait()


@verb("deaf", "From now on reads nothing that the client sends.", "faults", nothing, early=True)
def deaf(play: Play, args: None) -> None:
    play.agent.deaf = True


_IGNORED = ("cancel", "SIGTERM", "SIGINT", "SIGHUP", "eof")


def _ignored(statement: Statement, rest: str) -> list[str]:
    statement.no_body()
    words = [word.strip() for word in rest.split(",")]
    for word in words:
        if word not in _IGNORED:
            statement.fail(f"'{word}' cannot be ignored; there are: {', '.join(_IGNORED)}")
    return words


@verb(
    "ignore WHAT, WHAT",
    "From now on takes no notice of cancel (in this turn), eof, SIGTERM, SIGINT or SIGHUP.",
    "faults",
    _ignored,
    early=True,
)
def ignore(play: Play, words: list[str]) -> None:
    for word in words:
        if word == "cancel":
            play.ignores_cancel = True
        elif word == "eof":
            play.agent.ignores_eof = True
        else:
            play.agent.ignored_signals.add(signal.Signals[word])


def _command(statement: Statement, rest: str) -> str:
    return needed(statement, statement.text(rest), "a command")


def _start(play: Play, command: str, own_session: bool) -> None:
    import subprocess

    subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=play.values["cwd"] or None,
        env=os.environ | {k: v for k, v in play.values.items() if "\0" not in v},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=own_session,
    )


@verb(
    "child COMMAND",
    "Leaves a command running in its process group.",
    "faults",
    _command,
    early=True,
)
def child(play: Play, command: str) -> None:
    _start(play, command, own_session=False)


@verb(
    "orphan COMMAND",
    "Leaves a command running in a process session of its own, which outlives the harness.",
    "faults",
    _command,
    early=True,
)
def orphan(play: Play, command: str) -> None:
    _start(play, command, own_session=True)


def _duration(statement: Statement, rest: str) -> float:
    statement.no_body()
    return seconds(statement, rest)


@verb(
    "spin DURATION",
    "Uses the processor and says nothing.",
    "faults",
    _duration,
    early=True,
)
def spin(play: Play, duration: float) -> None:
    until = time.monotonic() + duration
    while time.monotonic() < until:
        play.heed()
