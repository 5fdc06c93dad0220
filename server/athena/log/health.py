"""The state of the log: whether it can be written, and if not, why and what helps."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

StateName = Literal["ok", "readOnly", "full", "locked", "damaged"]

SHORT_OF_SPACE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LogState:
    """`reason` and `hint` are sentences for the user. `lasting` states end only with a restart."""

    name: StateName = "ok"
    reason: str = ""
    hint: str = ""
    lasting: bool = False

    @property
    def ok(self) -> bool:
        return self.name == "ok"


OK = LogState()


class Health:
    """The present `LogState`, and a way to wait for a better one."""

    def __init__(self, path: Path, changed: Callable[[LogState], None] | None = None) -> None:
        self.path = path
        self.state = OK
        self._changed = changed
        self._fine = asyncio.Event()
        self._fine.set()

    def set(self, state: LogState) -> None:
        """Change the state; a lasting one is never left."""
        if state == self.state or self.state.lasting:
            return
        self.state = state
        if state.ok:
            self._fine.set()
        else:
            self._fine.clear()
        if self._changed is not None:
            self._changed(state)

    async def wait_ok(self) -> None:
        await self._fine.wait()


def newer_schema(path: Path, found: int, known: int) -> LogState:
    return LogState(
        "readOnly",
        f"{path} was written by a newer Athena (schema {found}, this one knows {known}), "
        "so it is only read",
        "Update Athena, or start it with another ATHENA_STATE_DIR",
        lasting=True,
    )


def damaged(path: Path, what: str) -> LogState:
    return LogState(
        "damaged",
        f"{path} is damaged: {what}",
        "Nothing more is written to it. Stop the daemon, save what can be read with athena export, "
        "and put the newest file of the backups folder in its place",
        lasting=True,
    )


def gone(path: Path) -> LogState:
    return LogState(
        "damaged",
        f"{path} was moved, replaced or deleted while in use",
        "Put the file back and restart the daemon",
        lasting=True,
    )


def read_only(path: Path, what: str) -> LogState:
    return LogState(
        "readOnly",
        f"{path} cannot be written: {what}",
        "Make the file and its folder writable; writing goes on by itself then",
    )


def full(path: Path) -> LogState:
    return LogState(
        "full",
        f"the disk of {path} is full",
        "Free some space; writing goes on by itself then",
    )


def locked(path: Path) -> LogState:
    return LogState(
        "locked",
        f"another program holds {path} locked",
        "Close the program that has the database open; writing goes on by itself then",
    )


class FileGone(Exception):
    """The path no longer leads to the file that is open."""


def classify(error: BaseException, path: Path) -> LogState | None:
    """The state that an error of SQLite or of the file system stands for; None for a mere mistake.

    Result codes: https://www.sqlite.org/rescode.html
    """
    if isinstance(error, FileGone):
        return gone(path)
    if isinstance(error, OSError):
        return full(path) if short_of_space(path) else read_only(path, error.strerror or str(error))
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return full(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return locked(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return damaged(path, str(error))
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return full(path) if short_of_space(path) else read_only(path, str(error))
        case sqlite3.SQLITE_IOERR:
            return full(path) if short_of_space(path) else read_only(path, f"disk error ({error})")
        case _:
            return None


def short_of_space(path: Path) -> bool:
    """Whether the disk has next to nothing left: some I/O errors are a full disk in disguise."""
    try:
        space = os.statvfs(path.parent)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < SHORT_OF_SPACE_BYTES
