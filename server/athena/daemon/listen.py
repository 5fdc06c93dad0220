"""The daemon's socket: made whole before it appears under its name."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from athena.relay import paths

BACKLOG = 512
_NEW = paths.SOCKET + ".new"


class Listener:
    """A listening socket, 0600, at `daemon.sock`. Make one only while holding the daemon's lock."""

    def __init__(self, state: Path) -> None:
        self._path = state / paths.SOCKET
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with paths.short_path(str(state), _NEW) as new:
                Path(new).unlink(missing_ok=True)
                before = os.umask(0o177)
                try:
                    self.socket.bind(new)
                finally:
                    os.umask(before)
            self.socket.listen(BACKLOG)
            self.socket.setblocking(False)
            # Replaces a stale one in one step: nobody ever finds a socket that does not listen.
            (state / _NEW).rename(self._path)
            self._found = self._path.stat()
        except OSError:
            self.socket.close()
            raise

    def still_there(self) -> bool:
        """False when somebody deleted the socket, as cleaners of temporary directories do."""
        try:
            return os.path.samestat(self._path.stat(), self._found)
        except OSError:
            return False

    def remove(self) -> None:
        """Take the name away, if it is still ours; who has connected before is still served."""
        if self.still_there():
            self._path.unlink(missing_ok=True)
