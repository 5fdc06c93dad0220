"""The border between the doors and the core: what each side may ask of the other.

The daemon and the doors implement `Connection` and call `Core`; `athena.app` implements `Core` and
sees only `Connection`. Neither imports the other: both import this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Mode = Literal["lsp", "headless", "cli"]
"""The door a client came through. `cli` is `headless` used by our own command line."""


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Who the client says it is: LSP `clientInfo`, or what the hello of `headless` told."""

    name: str = "unknown"
    version: str | None = None


class Connection(Protocol):
    """One attached client. It is valid until `Core.disconnected` was called for it."""

    @property
    def id(self) -> str: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def client(self) -> ClientInfo: ...
    @property
    def pid(self) -> int:
        """The client's process, as the kernel knows it."""
        ...

    @property
    def cwd(self) -> str:
        """The directory that the client was started in; absolute."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The client's environment: agents that it spawns are given this one, never the daemon's.

        Bytes that are no UTF-8 are surrogate-escaped, as in `os.environ`.
        """
        ...

    @property
    def umask(self) -> int: ...
    @property
    def options(self) -> Mapping[str, object]:
        """LSP `initializationOptions`; empty for other modes and before `initialize`."""
        ...

    async def notify(self, method: str, params: object, *, droppable: bool) -> bool:
        """Send a notification; `params` must be JSON-able.

        A droppable one never waits: it is dropped, and False returned, while the client does not
        read fast enough. One that is not droppable waits until there is room, so a follower that
        awaits it lags behind its own client and holds nothing in memory.
        Returns False also when the client is gone; `Core.disconnected` follows.
        """
        ...


class Core(Protocol):
    """The application behind the doors. All calls come from the daemon's one event loop."""

    async def start(self) -> None:
        """Open the log, find the runs of the last daemon. Called once; clients are held meanwhile.

        Raises `StartupError` for what a user can repair; anything else is a fault of ours.
        """
        ...

    async def stop(self) -> None:
        """End in order; runs go on. Called once, after the last `disconnected`, or after a `start`
        that was cancelled at any point."""
        ...

    def idle_seconds(self) -> float:
        """How long nobody needs the daemon before it ends; 0 for ever. Asked after `start`."""
        ...

    def busy(self) -> bool:
        """Whether there is work that must keep the daemon alive without any client."""
        ...

    def methods(self) -> Iterable[str]:
        """The names of all methods that `dispatch` knows."""
        ...

    def connected(self, connection: Connection) -> None:
        """A client is ready: for LSP after `initialize`, otherwise after the hello."""
        ...

    async def disconnected(self, connection: Connection) -> None:
        """The client of an earlier `connected` is gone. Its requests have ended before."""
        ...

    async def dispatch(self, connection: Connection, method: str, params: object) -> object:
        """Answer one request.

        `params` is parsed JSON as it came (a dict, a list, or None when absent) and not yet
        checked. Returns a JSON-able value. Raises `athena.protocol.errors.AthenaError`.
        Cancelling the call means that the client sent `$/cancelRequest` or is gone.
        """
        ...


class StartupError(Exception):
    """The core cannot start, for a reason that the user can do something about.

    The words are shown as they are to every client that waits, so they say what to do.
    """


Compose = Callable[[Path, Callable[[str], None]], Core]
"""Makes the core of one state directory. The second argument takes words about slow progress of
`Core.start` ("Upgrading the database …"), which waiting clients are shown."""
