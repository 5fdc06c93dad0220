"""Copies of the whole database: made beside the live one, complete or not there at all."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from pathlib import Path

from athena.log.errors import BackupFailed

DAY_SECONDS = 24 * 60 * 60
TARGET_ERRORS = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)
NAME = re.compile(r"athena-\d{8}T\d{6}Z\.db")


def copy_into(connection: sqlite3.Connection, target: Path) -> None:
    """Write a compact copy to `target` (VACUUM INTO), by way of a name that nobody takes for one.

    Readers and the writer go on meanwhile. `target` is replaced at once, after its bytes are on
    the disk. Raises `sqlite3.Error` and `OSError`; then `target` is as it was.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        # SQLite fills an empty file that is there already, so the copy is private from the start.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection.execute("VACUUM INTO ?", (str(partial),))
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backup(connection: sqlite3.Connection, folder: Path, keep: int, now: float) -> Path:
    """Make a dated copy in `folder` and keep the newest `keep` dated ones; returns the new one.

    Raises `BackupFailed` where the folder is at fault.
    """
    target = folder / time.strftime("athena-%Y%m%dT%H%M%SZ.db", time.gmtime(now))
    try:
        copy_into(connection, target)
    except OSError as error:
        raise BackupFailed(folder, error.strerror or str(error)) from error
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in TARGET_ERRORS:
            raise BackupFailed(folder, str(error)) from error
        raise
    # Where the clock was set back, the new copy is not the newest by its name.
    others = [copy for copy in dated(folder) if copy != target]
    for old in others[: max(0, len(others) - max(keep, 1) + 1)]:
        old.unlink(missing_ok=True)
    return target


def dated(folder: Path) -> list[Path]:
    """The dated copies in `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))


def due(folder: Path, now: float) -> bool:
    """Whether there is no dated copy of the last day; one of the future, as a clock that is set
    back leaves it, is none."""
    return not any(0 <= now - copy.stat().st_mtime < DAY_SECONDS for copy in dated(folder))
