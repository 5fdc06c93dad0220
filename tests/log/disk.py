"""A disk that can be filled up and freed again: a small tmpfs, or where only root may mount one
and we are not root, a limit on the pages of the database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from athena.log import EventLog

SIZE_BYTES = 6 << 20
UNLIMITED_PAGES = 0xFFFFFFFE


class Disk:
    def __init__(self, folder: Path, mounted: bool) -> None:
        self.folder = folder
        self.mounted = mounted

    async def fill(self, log: EventLog | None = None, *, leave: int = 0) -> None:
        """Leave `leave` bytes for the log, or as many as one page of the limit allows."""
        if self.mounted:
            with (
                open(self.folder / "filler", "wb", buffering=0) as filler,
                contextlib.suppress(OSError),
            ):
                while filler.write(bytes(4096)):
                    pass
            if leave:
                os.truncate(self.folder / "filler", (self.folder / "filler").stat().st_size - leave)
        elif log is not None:
            await self._limit(log, 1)

    async def free(self, log: EventLog | None = None) -> None:
        if self.mounted:
            (self.folder / "filler").unlink()
        elif log is not None:
            await self._limit(log, UNLIMITED_PAGES)

    async def _limit(self, log: EventLog, pages: int) -> None:
        connection = log._writer._connection
        assert connection is not None

        def limit(raw: sqlite3.Connection) -> None:
            raw.execute(f"PRAGMA max_page_count = {pages}")

        await connection.run(limit)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
