"""Starting the daemon, so that out of any number of relays exactly one does it.

The starter holds `daemon.start.lock` and hands the open lock down to the daemon, which lets go of
it when it listens. So others wait for a daemon on its way even when its starter was killed.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import sys
import time

from athena.relay import hello, paths
from athena.relay.failure import EXIT_NO_START, RelayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

POLL_SECONDS = 0.01
REPORT_BYTES = 4096
RUN_MARK = "ATHENA_RUN"
"""A runner marks its harness with it and in the end ends all that carries the mark. A daemon that
an agent's command happened to start must outlive that agent (see `athena.runner.layout.MARK`)."""


def daemon_command() -> list[str]:
    """Runs the daemon of this very installation.

    By file name, so that it needs no PYTHONPATH; with -P, so that a `json.py` in the user's
    project is not taken for Python's own.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return [sys.executable, "-P", os.path.join(package, "daemon", "__main__.py")]


def connect(state: str) -> socket.socket | None:
    """A connection to the daemon that listens there; None when there is none."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with paths.short_path(state, paths.SOCKET) as path:
            sock.connect(path)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        sock.close()
        return None
    except OSError as error:
        sock.close()
        raise paths.unusable(state, error) from error
    return sock


def connect_or_start(state: str, command: Sequence[str], deadline: float) -> socket.socket:
    """A connection to the one daemon of `state`, started if needed.

    `deadline` is a time of `time.monotonic()`. Raises `RelayError`.
    """
    while True:
        if found := connect(state):
            return found
        paths.prepare(state)
        if (lock := _take_start_lock(state)) is not None:
            try:
                # Somebody may have started one between our look and our lock.
                if found := connect(state):
                    return found
                _await_report(_spawn(state, command, lock), deadline)
            finally:
                os.close(lock)
        elif time.monotonic() > deadline:
            raise _not_started("another process has been starting it all the time")
        else:
            time.sleep(POLL_SECONDS)


def revive(state: str, command: Sequence[str]) -> None:
    """Start a daemon if there is none and nobody is starting one, without waiting for it."""
    if found := connect(state):
        found.close()
    elif (lock := _take_start_lock(state)) is not None:
        os.close(_spawn(state, command, lock))
        os.close(lock)


def _take_start_lock(state: str) -> int | None:
    try:
        lock = os.open(os.path.join(state, paths.START_LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise paths.unusable(state, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _spawn(state: str, command: Sequence[str], lock: int) -> int:
    """Start the daemon and return the pipe on which it reports.

    Its standard output and error are that pipe until it listens, so even a traceback of an import
    reaches whoever waits.
    """
    reports, theirs = os.pipe()
    os.set_inheritable(lock, True)
    argv = [*command, "--state-dir", state, "--detach", "--start-lock", str(lock)]
    try:
        launcher = os.posix_spawn(
            argv[0],
            argv,
            {name: value for name, value in os.environ.items() if name != RUN_MARK},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs, 1),
                (os.POSIX_SPAWN_DUP2, theirs, 2),
            ],
        )
    except OSError as error:
        os.close(reports)
        raise _not_started(f"{argv[0]}: {error.strerror}") from error
    finally:
        os.set_inheritable(lock, False)
        os.close(theirs)
    # The launcher forks the daemon and ends at once; waiting for it leaves no zombie behind.
    os.waitpid(launcher, 0)
    return reports


def _await_report(reports: int, deadline: float) -> None:
    """Return when the daemon listens; raise what it, or its traceback, says otherwise."""
    said = b""
    try:
        while True:
            if not select.select([reports], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise _not_started("it took too long")
            chunk = os.read(reports, REPORT_BYTES)
            said += chunk
            for line in said.splitlines(keepends=True):
                if line.endswith(b"\n") and _is_ready(line):
                    return
            if not chunk:
                raise _not_started(said.decode(errors="replace").strip()[-REPORT_BYTES:])
    finally:
        os.close(reports)


def _is_ready(line: bytes) -> bool:
    """Whether the line reports success. Raises the failure it reports; other output is passed."""
    try:
        report = hello.decode(line)
    except ValueError:
        return False
    match report:
        case {"failed": {"code": int(code), "message": str(message)}}:
            raise RelayError(code, message)
        case _:
            return "ready" in report


def _not_started(why: str) -> RelayError:
    return RelayError(EXIT_NO_START, f"The Athena daemon did not start: {why or 'no reason given'}")
