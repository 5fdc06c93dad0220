"""Why a relay could not do its work: an exit code for programs and words for people."""

from __future__ import annotations

# Numbers follow sysexits(3) where it has one that fits.
EXIT_OK = 0
EXIT_USAGE = 64
EXIT_STOPPED = 69
"""The daemon was stopped on purpose: do not start it again unasked (EX_UNAVAILABLE)."""
EXIT_NO_START = 70
"""The daemon did not start, or does not answer (EX_SOFTWARE)."""
EXIT_STATE_DIRECTORY = 73
"""The state directory cannot be used (EX_CANTCREAT)."""
EXIT_LOST = 75
"""The daemon died or restarts: start the relay again at once (EX_TEMPFAIL)."""
EXIT_VERSION = 76
"""The running daemon is of another, incompatible version (EX_PROTOCOL)."""
EXIT_NOT_PERMITTED = 77
"""The daemon, or the state directory, belongs to somebody else (EX_NOPERM)."""


class RelayError(Exception):
    """The relay ends with `code` after telling `message`, which says what to do."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotRunning(RelayError):
    """No daemon runs, and none was to be started."""

    def __init__(self, state: str) -> None:
        super().__init__(
            EXIT_STOPPED,
            f"No Athena daemon runs for {state}. Any command that needs one starts it; "
            "`athena daemon start` does only that.",
        )
