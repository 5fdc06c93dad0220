"""`athena/log/...`: the user's own copy of all data, and its health."""

from __future__ import annotations

import asyncio
from pathlib import Path

from athena.app.context import Context
from athena.border import Connection
from athena.log import LogUnavailable
from athena.protocol.base import Empty
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import BackedUp, Exported, ExportLog, VerifyReport


async def export(context: Context, connection: Connection, asked: ExportLog) -> Exported:
    """Write the whole log to a new file, as newline-delimited JSON."""
    path = Path(connection.cwd, Path(asked.path).expanduser())
    if path.exists():
        raise AthenaError(
            ErrorCode.REFUSED, f"{path} exists already.", reason="exists", field="path"
        )
    try:
        file = await asyncio.to_thread(path.open, "xb")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with file:
            written = await context.log.export(file)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    except LogUnavailable as error:
        words = f"{error} What could be read is in {path}."
        raise AthenaError(ErrorCode.LOG_UNAVAILABLE, words, state=error.state.name) from error
    return Exported(path=str(path), events=written, bytes=path.stat().st_size)


def _unwritable(path: Path, error: OSError) -> AthenaError:
    words = f"{path} cannot be written: {error.strerror or error}."
    return AthenaError(ErrorCode.INVALID_PARAMS, words, field="path")


async def verify(context: Context, connection: Connection, asked: Empty) -> VerifyReport:
    """Check that the database is whole."""
    report = await context.log.verify()
    return VerifyReport(
        ok=not report.problems, events=report.events, problems=list(report.problems)
    )


async def backup(context: Context, connection: Connection, asked: Empty) -> BackedUp:
    """Write a backup of the database now."""
    path = await context.log.backup()
    return BackedUp(path=str(path), bytes=path.stat().st_size)
