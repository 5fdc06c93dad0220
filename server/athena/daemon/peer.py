"""What the kernel knows of the process at the other end of a Unix socket.

The one place where platforms differ: Linux has SO_PEERCRED (unix(7)), macOS LOCAL_PEERCRED and
LOCAL_PEERPID (sys/un.h).
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
from typing import Protocol

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2
_XUCRED = struct.Struct("=IIh16I")
_UCRED = struct.Struct("=iII")


class Socket(Protocol):
    """What is asked of a socket; asyncio gives its own kind."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...
    def fileno(self) -> int: ...


def credentials(sock: Socket) -> tuple[int, int]:
    """Process id and user id of the peer at the time it connected."""
    if sys.platform == "darwin":
        pid = int.from_bytes(sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4), sys.byteorder)
        told = sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size + 2)
        return pid, int(_XUCRED.unpack(told[: _XUCRED.size])[1])
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, _ = _UCRED.unpack(told)
    return pid, uid


def hung_up(sock: Socket, pid: int) -> bool:
    """Whether the peer has closed both directions, and not only its sending one."""
    if sock.fileno() < 0:
        return True
    if sys.platform == "linux":
        watch = select.poll()
        watch.register(sock.fileno(), 0)
        return any(event & select.POLLHUP for _, event in watch.poll(0))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
