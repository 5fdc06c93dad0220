"""What can go wrong with the event log, as exceptions that tell the user what to do."""

from __future__ import annotations

from pathlib import Path

from athena.log.health import LogState


class LogError(Exception):
    """The base of all errors of the event log."""


class LogClosed(LogError):
    """The log was closed while, or before, it was asked for something."""

    def __init__(self) -> None:
        super().__init__("the event log is closed")


class VersionConflict(LogError):
    """A stream is not at the version that an append expects; nothing was written."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream!r} is at version {actual}, expected was {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class IngestConflict(LogError):
    """An ingest position or an outbox number would go backwards; nothing was written.

    Writing it would ingest harness output twice, or lose a frame: a runner ignores a number that
    it already has.
    """

    def __init__(self, run_id: str, what: str, given: int, stored: int) -> None:
        super().__init__(f"run {run_id!r}: {what} {given} is behind the stored {stored}")
        self.run_id = run_id
        self.given = given
        self.stored = stored


class LogUnavailable(LogError):
    """The log cannot do this now; `state` says why and what helps. Nothing was written."""

    def __init__(self, state: LogState) -> None:
        super().__init__(f"{state.reason}. {state.hint}" if state.hint else state.reason)
        self.state = state


class LogInUse(LogError):
    """Another process (or another `EventLog` of this one) has the database open for writing."""

    def __init__(self, path: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path} is in use by {holder}; stop it (athena daemon stop) "
            "or choose another ATHENA_STATE_DIR"
        )
        self.path = path
        self.pid = pid


class NotAnEventLog(LogError):
    """The file is a database of some other program; it was not touched."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is a database, but not one of Athena's; "
            "move it away or choose another ATHENA_STATE_DIR"
        )
        self.path = path


class BlobNotFound(LogError):
    """No payload has this id."""

    def __init__(self, blob_id: str) -> None:
        super().__init__(f"there is no blob {blob_id}; athena db verify tells what else is missing")
        self.blob_id = blob_id


class BackupFailed(LogError):
    """No copy was made; the log itself is fine."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"no backup could be put into {folder}: {reason}")
        self.folder = folder


class ImportRefused(LogError):
    """An import was not carried out; the log is as it was."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line


class ArchiveRaced(LogError):
    """The stream's events were archived by somebody else meanwhile; nothing was written."""

    def __init__(self, stream: str) -> None:
        super().__init__(f"stream {stream!r} is being archived by another call")
