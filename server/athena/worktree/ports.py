"""A range of free TCP ports for each worktree, so that two servers of one project can run."""

from __future__ import annotations

import errno
import hashlib
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from athena.worktree.errors import NoPorts

# Below the ranges from which Linux (32768) and macOS (49152) take ports for connections.
LOWEST = 20000
HIGHEST = 32000
COUNT = 10
LOOPBACK = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET6, "::1"),
)

# A machine without IPv6 has no such address to take.
NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


@dataclass(frozen=True, slots=True)
class PortRange:
    """`count` ports from `first` on."""

    first: int
    count: int = COUNT

    @property
    def ports(self) -> range:
        return range(self.first, self.first + self.count)

    def environment(self) -> dict[str, str]:
        """The variables that tell scripts and agents: ATHENA_PORT is the first."""
        return {
            "ATHENA_PORT": str(self.first),
            "ATHENA_PORT_COUNT": str(self.count),
            "ATHENA_PORT_LAST": str(self.first + self.count - 1),
        }


def allocate(key: str, taken: Iterable[PortRange] = (), count: int = COUNT) -> PortRange:
    """A range that overlaps none of `taken` and on which nothing listens now.

    The search begins at a place that `key` (the worktree's path) determines, so that the same
    worktree gets the same ports again. Raises `NoPorts`.
    """
    used = {port for other in taken for port in other.ports}
    slots = (HIGHEST - LOWEST) // count
    start = int.from_bytes(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:8])
    for step in range(slots):
        candidate = PortRange(LOWEST + (start + step) % slots * count, count)
        if used.isdisjoint(candidate.ports) and all(is_free(port) for port in candidate.ports):
            return candidate
    raise NoPorts(
        f"No {count} free ports in a row are left between {LOWEST} and {HIGHEST}.",
        advice="Remove worktrees that are done, or stop what listens there.",
    )


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` of the loopback addresses."""
    for family, address in LOOPBACK:
        try:
            with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno not in NO_SUCH_FAMILY:
                return False
    return True
