"""The running daemon: clients in, clients out, and the end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import threading
import time
from itertools import count
from pathlib import Path

from athena import __version__
from athena.border import Compose, Core, StartupError
from athena.daemon import control, doors, peer, reception
from athena.daemon.admission import Refusal, Situation
from athena.daemon.listen import BACKLOG, Listener
from athena.daemon.lock import DaemonLock
from athena.relay import paths
from athena.relay.failure import EXIT_LOST, EXIT_NO_START, EXIT_OK, EXIT_STOPPED
from athena.wire.connection import ClientConnection, Goodbye, Origin
from athena.wire.inbox import Inbox

log = logging.getLogger(__name__)

WATCH_SECONDS = 5.0
LAST_WORDS_SECONDS = 1.0
"""How long a daemon that cannot start stays to say so."""
CONVERSATIONS_SECONDS = 8.0
END_SECONDS = 20.0
"""When the process ends after being told to, whatever hangs. Nothing is lost by that."""


def serve(
    state: Path,
    lock: DaemonLock,
    listener: Listener,
    idle_seconds: float | None,
    compose: Compose,
    restarts: int = 0,
) -> int:
    """Serve until told to end, or idle for `idle_seconds`; returns the exit code.

    0 means never, null what the core says. `restarts`: how many daemons before this one were
    killed and replaced.
    """

    async def run() -> int:
        return await Daemon(state, lock, listener, idle_seconds, restarts).run(compose)

    return asyncio.run(run())


class Daemon:
    """Implements `reception.House` and `control.House`."""

    def __init__(
        self,
        state: Path,
        lock: DaemonLock,
        listener: Listener,
        idle_seconds: float | None,
        restarts: int,
    ) -> None:
        self._state = state
        self._lock = lock
        self._listener = listener
        self._idle_wanted = idle_seconds
        self._restarts = restarts
        self._started = time.time()
        self._idle_since = time.monotonic()
        self._core: Core | None = None
        self._started_well = False
        self._failure: Refusal | None = None
        self._progress = "The Athena daemon is starting …"
        self._opened = asyncio.Event()
        self._goodbye: asyncio.Future[Goodbye] = asyncio.Future()
        self._leave_when_idle = False
        self._client_left = asyncio.Event()
        self._ids = count(1)
        self._connections: dict[str, ClientConnection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def run(self, compose: Compose) -> int:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop, control.STOPPED)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if not self._listener.still_there():
            self._listener = Listener(self._state)
        await self._listen()
        log.info("Athena %s, process %d, in %s", __version__, os.getpid(), self._state)
        starting = asyncio.ensure_future(self._start(compose))
        await asyncio.wait({starting, self._goodbye}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and self._failure is None:
            watch = asyncio.create_task(self._watch())
            await self._goodbye
            watch.cancel()
        starting.cancel()
        await asyncio.wait({starting})
        await self._end()
        return self._failure.code if self._failure else EXIT_OK

    # What reception asks.

    def situation(self) -> Situation:
        busy = self._core is not None and self._started_well and self._core.busy()
        clients = len(self._connections)
        return Situation(__version__, os.getpid(), clients, busy, self._goodbye.done())

    async def wait_until_open(self, seconds: float) -> Refusal | bool:
        try:
            async with asyncio.timeout(seconds):
                await self._opened.wait()
        except TimeoutError:
            return False
        if not self._started_well and self._failure is None:
            return Refusal(EXIT_STOPPED, "The Athena daemon was stopped while it started.")
        return self._failure or True

    def progress(self) -> str:
        return self._progress

    def make_room(self, now: bool) -> None:
        self._leave_when_idle = True
        if now:
            self.stop(control.RESTARTS)

    # What control asks.

    def status(self) -> dict[str, object]:
        return control.describe(
            str(self._state),
            self._started,
            self._connections.values(),
            busy=self.situation().busy,
            leavesWhenIdle=self._leave_when_idle,
            idleExitSeconds=self._idle_seconds,
            restarts=self._restarts,
        )

    def stop(self, goodbye: Goodbye) -> None:
        if not self._goodbye.done():
            self._goodbye.set_result(goodbye)
            self._opened.set()

    @property
    def _idle_seconds(self) -> float:
        if self._idle_wanted is not None:
            return self._idle_wanted
        return self._core.idle_seconds() if self._core and self._started_well else 0

    # The life.

    async def _listen(self) -> None:
        self._server = await asyncio.start_unix_server(
            self._accepted, sock=self._listener.socket, backlog=BACKLOG
        )

    async def _start(self, compose: Compose) -> None:
        try:
            self._core = compose(self._state, self._tell_progress)
            await self._core.start()
            self._started_well = True
        except StartupError as error:
            self._failure = Refusal(EXIT_NO_START, str(error))
        except Exception as error:  # Whatever it is, who waits is told, and the log has it.
            log.exception("Cannot start")
            words = f"The Athena daemon cannot start ({type(error).__name__}: {error})."
            log_path = self._state / paths.LOG
            self._failure = Refusal(EXIT_NO_START, f"{words} The details are in {log_path}.")
        self._opened.set()
        # What was imported stays: the collector need not look at it again and again.
        gc.freeze()
        gc.enable()
        if self._failure:
            log.error("%s", self._failure.message)
            await asyncio.sleep(LAST_WORDS_SECONDS)

    def _tell_progress(self, words: str) -> None:
        log.info("%s", words)
        self._progress = words

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._attend(Inbox(reader), writer)
        except Exception:  # Nor may one that was not let in yet.
            log.exception("A greeting failed")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _attend(self, inbox: Inbox, writer: asyncio.StreamWriter) -> None:
        admitted = await reception.receive(self, inbox, writer)
        if admitted is None:
            return
        name = f"c{next(self._ids)}"
        welcome = {"version": __version__, "pid": os.getpid(), "connection": name}
        if admitted.notice:
            welcome["notice"] = admitted.notice
        await reception.tell(writer, {"welcome": welcome})
        if (origin := admitted.hello.origin) is None:
            await control.serve(self, inbox, writer)
        else:
            await self._converse(name, origin, inbox, writer)

    async def _converse(
        self, name: str, origin: Origin, inbox: Inbox, writer: asyncio.StreamWriter
    ) -> None:
        assert self._core is not None
        connection = ClientConnection(name, origin, writer)
        self._connections[name] = connection
        log.info("%s: %s from process %d", name, connection.mode, origin.pid)
        if self._goodbye.done():
            connection.dismiss(self._goodbye.result())
        sock = writer.get_extra_info("socket")
        pid = origin.pid
        try:
            await doors.converse(self._core, connection, inbox, lambda: peer.hung_up(sock, pid))
        except Exception:  # A fault with one client must not end the others.
            log.exception("%s: failed", name)
            await connection.close(control.FAULT)
        finally:
            del self._connections[name]
            self._idle_since = time.monotonic()
            self._client_left.set()
            log.info("%s: ended", name)

    async def _watch(self) -> None:
        """End when nobody needs us any more, or when our files were taken away."""
        pause = min(WATCH_SECONDS, self._idle_seconds / 4) if self._idle_seconds else WATCH_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._client_left.wait()
            self._client_left.clear()
            if not self._lock.still_ours():
                words = f"The state directory {self._state} was taken away or replaced."
                log.error("%s", words)
                self.stop(Goodbye(EXIT_LOST, words))
            elif not self._listener.still_there():
                await self._listen_again()
            elif self._is_idle():
                self.stop(control.RESTARTS)

    def _is_idle(self) -> bool:
        now = self.situation()
        if now.clients or now.busy:
            self._idle_since = time.monotonic()
            return False
        idle = time.monotonic() - self._idle_since
        return self._leave_when_idle or 0 < self._idle_seconds <= idle

    async def _listen_again(self) -> None:
        log.warning("The socket was deleted; made a new one")
        if self._server:
            self._server.close()
        self._listener = Listener(self._state)
        await self._listen()

    async def _end(self) -> None:
        goodbye = self._goodbye.result() if self._goodbye.done() else Goodbye(EXIT_NO_START)
        log.info("Ending: %s", goodbye.message or "cannot start")
        self._be_gone_in(END_SECONDS)
        if self._server:
            self._server.close()
        self._listener.remove()
        for connection in list(self._connections.values()):
            connection.dismiss(goodbye)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CONVERSATIONS_SECONDS)
        if self._core and self._failure is None:
            await self._core.stop()

    def _be_gone_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, os._exit, (EXIT_NO_START,))
        timer.daemon = True
        timer.start()
