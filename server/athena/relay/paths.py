"""The state directory: where it is, who may use it, and the names of the files we meet in it."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager

from athena.relay.failure import EXIT_NOT_PERMITTED, EXIT_STATE_DIRECTORY, RelayError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

SOCKET = "daemon.sock"
LOCK = "daemon.lock"
START_LOCK = "daemon.start.lock"
LOG = "daemon.log"

SUN_PATH_BYTES = 103
"""The longest path of a Unix socket that macOS (104 with its NUL) and Linux (108) both take."""


def state_directory(environ: Mapping[str, str] = os.environ) -> str:
    """`$ATHENA_STATE_DIR`, or what `platformdirs.user_state_dir("athena")` says; absolute."""
    if chosen := environ.get("ATHENA_STATE_DIR", "").strip():
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = environ.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state")
    return os.path.abspath(os.path.join(base, "athena"))


def prepare(state: str) -> None:
    """Make the state directory, or check the one that is there.

    Raises `RelayError` when it cannot be made, is not ours, or is open to other users. An open
    directory is refused and not repaired: the variable may name one that is not ours to change.
    """
    try:
        os.makedirs(state, mode=0o700, exist_ok=True)
        found = os.stat(state)
    except OSError as error:
        raise unusable(state, error) from error
    if found.st_uid != os.geteuid():
        raise RelayError(
            EXIT_NOT_PERMITTED,
            f"The state directory {state} belongs to user {found.st_uid}, and you are user "
            f"{os.geteuid()}. Run Athena as its owner, or set ATHENA_STATE_DIR to another one.",
        )
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise RelayError(
            EXIT_STATE_DIRECTORY,
            f"The state directory {state} is open to other users. "
            f"Close it with `chmod 700 {state}`, or set ATHENA_STATE_DIR to another one.",
        )


def unusable(state: str, error: OSError) -> RelayError:
    """The words for a state directory that is read-only, full, no directory, or forbidden."""
    return RelayError(
        EXIT_STATE_DIRECTORY,
        f"Athena cannot use its state directory {state}: {error.strerror or error}. "
        "Make it writable, free some space, or set ATHENA_STATE_DIR to another one.",
    )


@contextmanager
def short_path(state: str, name: str) -> Generator[str]:
    """A path of `name` that fits a socket address, however long the state directory's path is.

    Linux: through /proc/self/fd. Elsewhere the process visits the directory for that moment, which
    is safe only where no other thread depends on the working directory.
    """
    path = os.path.join(state, name)
    if len(os.fsencode(path)) <= SUN_PATH_BYTES:
        yield path
        return
    directory = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if os.path.exists(f"/proc/self/fd/{directory}"):
            yield f"/proc/self/fd/{directory}/{name}"
            return
        before = os.open(".", os.O_RDONLY)
        try:
            os.fchdir(directory)
            yield name
        finally:
            os.fchdir(before)
            os.close(before)
    finally:
        os.close(directory)
