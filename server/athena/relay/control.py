"""Asking the daemon how it is, and to end: `athena daemon status|stop|restart`."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from contextlib import suppress

from athena.relay import hello, paths, spawn
from athena.relay.channel import CHUNK, greeting, open_channel
from athena.relay.failure import EXIT_NO_START, NotRunning, RelayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_SECONDS = 5.0
DYING_SECONDS = 0.5
KILLING_SECONDS = 2.0
END_SECONDS = 30.0
"""The daemon ends within 20 s by itself, whatever hangs."""


def status(state: str, *, answer_seconds: float = ANSWER_SECONDS) -> dict[str, object] | None:
    """The status of the daemon (`athena.daemon.control.describe`); None when none runs."""
    try:
        return _ask(state, "status", answer_seconds)
    except NotRunning:
        return None


def start(state: str, command: Sequence[str] | None = None) -> bool:
    """Start the daemon; False when it runs already."""
    if found := spawn.connect(state):
        found.close()
        return False
    open_channel(state, greeting("control"), command=command).sock.close()
    return True


def stop(
    state: str,
    *,
    force: bool = False,
    verb: str = "stop",
    answer_seconds: float = ANSWER_SECONDS,
) -> bool:
    """End the daemon and wait until it has; False when none ran.

    `force` also ends one that does not answer: at any moment it may be killed without loss.
    Raises `RelayError`.
    """
    try:
        _ask(state, verb, answer_seconds)
    except NotRunning:
        # One that listens no more may still be ending.
        if not _is_held(state):
            return False
    except RelayError:
        if not force:
            raise
        kill(state)
    if _has_ended(state, END_SECONDS):
        return True
    if force:
        kill(state)
        if _has_ended(state, END_SECONDS):
            return True
    raise RelayError(
        EXIT_NO_START,
        f"The Athena daemon (process {holder(state)}) does not end. `--force` kills it; "
        "agents go on working.",
    )


def restart(state: str, *, force: bool = False, command: Sequence[str] | None = None) -> None:
    """Replace the daemon by one of this installation; editors reconnect by themselves."""
    stop(state, force=force, verb="restart")
    start(state, command)


def _ask(state: str, verb: str, answer_seconds: float) -> dict[str, object]:
    hail = greeting("control")
    channel = open_channel(state, hail, start=False, answer_seconds=answer_seconds)
    with channel.sock as sock:
        sock.settimeout(answer_seconds)
        said = channel.early
        try:
            sock.sendall(hello.encode({"verb": verb}))
            while b"\n" not in said and (chunk := sock.recv(CHUNK)):
                said += chunk
        except (ConnectionError, TimeoutError):
            said = b""
    try:
        return hello.decode(said)
    except ValueError:
        raise RelayError(
            EXIT_NO_START, f"The Athena daemon did not answer `{verb}`; `--force` does not ask it."
        ) from None


def has_died(state: str, pid: object) -> bool:
    """Whether the daemon that had this process id is gone.

    A process that was killed lets go of its sockets one by one and of its lock at some time
    between, so one that still seems to live is given a moment.
    """
    deadline = time.monotonic() + DYING_SECONDS
    while _is_held(state) and holder(state) == pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(spawn.POLL_SECONDS)
    return True


def _has_ended(state: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _is_held(state):
        if time.monotonic() > deadline:
            return False
        time.sleep(spawn.POLL_SECONDS)
    return True


def _is_held(state: str) -> bool:
    """Whether a daemon lives: the lock ends with its process, however that ends."""
    try:
        lock = os.open(os.path.join(state, paths.LOCK), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def kill(state: str) -> None:
    """Kill whoever holds the lock: only while it is held do the numbers in it mean anything.

    The supervisor first, since it would put another daemon in the place of this one; one that it
    has just made signs the lock in a moment, so we look until nobody holds it.
    """
    _kill_named(state, "supervisor")
    deadline = time.monotonic() + KILLING_SECONDS
    while _is_held(state) and time.monotonic() < deadline:
        _kill_named(state, "pid")
        time.sleep(spawn.POLL_SECONDS)


def _kill_named(state: str, role: str) -> None:
    if (pid := _named(state, role)) and _is_held(state):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def holder(state: str) -> int:
    """The process id in the daemon's lock, of whoever holds or held it; 0 when there is none."""
    return _named(state, "pid")


def _named(state: str, role: str) -> int:
    try:
        with open(os.path.join(state, paths.LOCK), "rb") as lock:
            pid = hello.decode(lock.read()).get(role)
    except (OSError, ValueError):
        return 0
    return pid if isinstance(pid, int) else 0
