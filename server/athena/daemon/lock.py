"""The lock beside the database: whoever holds it is the daemon of that state directory."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from athena import __version__
from athena.relay import paths
from athena.relay.failure import EXIT_NO_START, RelayError

POLL_SECONDS = 0.02


class DaemonLock:
    """Held until this process and those that it forked have ended.

    The file names its holder, for people and for `--force`.
    """

    def __init__(self, state: Path, descriptor: int) -> None:
        self._path = state / paths.LOCK
        self._descriptor = descriptor

    def sign(self, supervisor: int = 0) -> None:
        """Say in the file that this process is the daemon, below that supervisor if any."""
        told = {"pid": os.getpid(), "version": __version__, "startedAt": time.time()}
        text = json.dumps({**told, "supervisor": supervisor} if supervisor else told)
        # Read without the lock, so never longer than its text, and never empty.
        os.pwrite(self._descriptor, text.encode() + b"\n", 0)
        os.ftruncate(self._descriptor, len(text) + 1)
        # A full disk is noticed here rather than in the middle of the first transaction.
        os.fsync(self._descriptor)

    def still_ours(self) -> bool:
        """False when somebody deleted or replaced the file, so that another daemon may start."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def release(self) -> None:
        os.close(self._descriptor)


def take(state: Path, wait_seconds: float) -> DaemonLock | None:
    """The lock, or None when another daemon holds it and listens.

    One that holds it without listening is starting or ending: it is waited for. Raises
    `RelayError` when that takes too long, and `OSError` when the directory cannot be written.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        if (descriptor := _try(state)) is not None:
            taken = DaemonLock(state, descriptor)
            taken.sign()
            return taken
        if _somebody_listens(state):
            return None
        if time.monotonic() > deadline:
            raise RelayError(
                EXIT_NO_START,
                f"Process {holder(state).get('pid', '?')} holds {state / paths.LOCK} but does not "
                "listen. `athena daemon restart --force` replaces it; agents go on working.",
            )
        time.sleep(POLL_SECONDS)


def holder(state: Path) -> dict[str, object]:
    """What the holder wrote of itself: `pid`, `version`, `startedAt` (seconds since 1970), and
    `supervisor`, the process that replaces it when it is killed.
    """
    try:
        found: object = json.loads((state / paths.LOCK).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _try(state: Path) -> int | None:
    path = state / paths.LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The file may have been replaced between opening and locking it.
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _somebody_listens(state: Path) -> bool:
    from athena.relay.spawn import connect

    found = connect(str(state))
    if found is not None:
        found.close()
    return found is not None
