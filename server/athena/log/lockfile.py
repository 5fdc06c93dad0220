"""The lock beside the database: one writing process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from athena.log.errors import LogInUse


class FileLock:
    """An advisory lock that the kernel drops with its holder, however that ends.

    `flock` and not `lockf`: the lock belongs to the open file, so a second log in the same
    process is refused as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock; `LogInUse` when somebody has it, `OSError` when it cannot be made."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).strip()
            os.close(descriptor)
            raise LogInUse(self.path, int(holder) if holder.isdigit() else None) from None
        self._descriptor = descriptor
        # The process id only makes the refusal readable: on a full disk the lock holds without it.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two holders in."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
