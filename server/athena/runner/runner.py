"""The run: one harness, its two spools, and whoever drives it. One thread, one loop."""

from __future__ import annotations

import os
import time

from . import layout, report, system
from .door import Door
from .ending import Ending
from .errlog import ErrLog
from .harness import IGNORED_HERE, Harness, SpawnError, spawn
from .inbox import Inbox
from .layout import Document
from .lean import SIGNALS, Callable, signal
from .loop import READ, Loop
from .outspool import OutSpool
from .shapes import Malformed, integer, text
from .spec import Spec
from .wire import Connection

RETRY_SECONDS = 0.25
GOODBYE_SECONDS = 1.0


class Runner:
    """Lives in its run directory, the working directory, from creation until `run` returns."""

    def __init__(self, spec: Spec, harness: Harness, started_ms: int) -> None:
        self._spec, self._harness, self._started_ms = spec, harness, started_ms
        self._child = system.Child(harness.pid)
        self._loop = Loop()
        self._out = OutSpool(spec.read_bytes, spec.out_bytes)
        self._err = ErrLog(spec.err_bytes)
        self._in = Inbox(self._loop, harness.stdin, spec.frame_bytes)
        self._ending = Ending(os.getcwd(), harness.pid)
        self._told_to_end = False
        self._active_at = time.monotonic()
        self._state = "running"
        self._loop.watch(harness.stdout, READ, self._stdout_ready)
        if harness.stderr >= 0:
            self._loop.watch(harness.stderr, READ, self._stderr_ready)
        self._listen_to_signals()
        self._door = Door(self._loop, self)

    def run(self) -> None:
        """Serve until the harness and all that it started have ended and `exit.json` is written."""
        while True:
            now = time.monotonic()
            self._see_to_processes(now)
            if self._stuck:
                self._retry_output()
            self._see_to_idleness(now)
            self._ending.step(now)
            self._say_state()
            if self._over(now):
                break
            self._loop.turn(self._patience(now))
        self._finish()

    # What the harness says.

    def _stdout_ready(self, _events: int) -> None:
        before = self._out.length
        if not self._out.take(self._harness.stdout):
            self._harness.stdout = self._let_go(self._harness.stdout)
        self._heard(before)

    def _retry_output(self) -> None:
        before = self._out.length
        self._out.retry()
        self._heard(before)

    def _heard(self, before: int) -> None:
        if self._harness.stdout >= 0:
            events = 0 if self._out.blocked else READ
            self._loop.watch(self._harness.stdout, events, self._stdout_ready)
        if self._out.length > before:
            self._active_at = time.monotonic()
            self._tell("out", lambda: {"type": "out", "length": self._out.length})

    def _stderr_ready(self, _events: int) -> None:
        self._active_at = time.monotonic()
        if not self._err.take(self._harness.stderr):
            self._harness.stderr = self._let_go(self._harness.stderr)

    def _let_go(self, descriptor: int) -> int:
        self._loop.watch(descriptor, 0, self._stdout_ready)
        os.close(descriptor)
        return -1

    @property
    def _stuck(self) -> bool:
        """Output waits for room on the disk."""
        return bool(self._out.blocked) and not self._out.limited

    # Whoever drives the run (see `door`).

    def welcome(self) -> Document:
        harness = self._harness
        return {
            "type": "welcome",
            "runId": self._spec.run_id,
            "pid": harness.pid,
            "pgid": harness.pid,
            "startTime": harness.start,
            "lastIn": self._in.last,
            "out": self._out.length,
            "err": self._err.length,
            "state": self._state,
        }

    def command(self, connection: Connection, message: Document) -> None:
        match message.get("type"):
            case "send":
                self._in.announce(connection, message)
            case "signal":
                self._signal(connection, text(message, "name"))
            case "kill":
                grace = integer(message, "grace_ms") / 1000
                now = time.monotonic()
                self._ending.ask("killed", "client", now, now + grace)
            case "closeInput":
                self._in.close()
            case "detach":
                connection.close()
            case other:
                raise Malformed(f"no such message: {other}")

    def payload(self, connection: Connection, piece: memoryview) -> None:
        self._in.piece(connection, piece)

    def payload_end(self, connection: Connection) -> None:
        self._in.end(connection)

    def received(self, connection: Connection) -> None:
        self._in.settle(connection)

    def left(self) -> None:
        self._active_at = time.monotonic()
        self._in.abandon()

    def _tell(self, topic: str, news: Callable[[], Document]) -> None:
        if self._door.driver:
            self._door.driver.tell(topic, news)

    def _signal(self, connection: Connection, name: str) -> None:
        number = SIGNALS.get(name)
        if number is None:
            words = f"no such signal: {name}"
            connection.say({"type": "refused", "code": "signal", "reason": words})
        elif not self._ending.exited:
            # Unreaped, so its group cannot be anybody else's.
            os.killpg(self._harness.pid, number)

    # Processes and time.

    def _listen_to_signals(self) -> None:
        """A signal only wakes the loop. A runner told to end ends its harness properly first."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, self._told)
        for name in IGNORED_HERE:
            signal.signal(SIGNALS[name], signal.SIG_IGN)
        self._loop.watch(woken, READ, lambda _events: drain(woken))

    def _told(self, _number: int, _frame: object) -> None:
        self._told_to_end = True

    def _see_to_processes(self, now: float) -> None:
        if self._told_to_end:
            self._told_to_end = False
            self._ending.ask("killed", "runner", now, now + self._spec.grace)
        if not self._ending.exited and self._child.has_exited():
            self._in.close()
            self._ending.harness_exited(now, self._spec.grace)

    def _see_to_idleness(self, now: float) -> None:
        limit, grace = self._spec.idle, self._spec.grace
        idle = limit and not self._door.driver and now - self._active_at >= limit
        if idle and not self._ending.begun:
            self._in.close()
            self._ending.ask("idle", "", now + grace, now + 2 * grace)

    def _patience(self, now: float) -> float | None:
        """How long the loop may sleep."""
        due = [self._ending.deadline(now)]
        if self._stuck:
            due.append(now + RETRY_SECONDS)
        if self._spec.idle and not self._door.driver and not self._ending.begun:
            due.append(self._active_at + self._spec.idle)
        known = [at for at in due if at is not None]
        return max(0.0, min(known) - now) if known else None

    def _say_state(self) -> None:
        state = "ending" if self._ending.begun else "running"
        if self._out.blocked:
            state = f"stalled: {self._out.blocked}"
        if state != self._state:
            self._state = state
            self._tell("state", lambda: {"type": "state", "state": self._state})

    # The end.

    def _over(self, now: float) -> bool:
        heard_out = self._harness.stdout < 0 or self._out.limited
        drained = heard_out and self._harness.stderr < 0
        return self._ending.over(now, drained=drained, stuck=self._stuck)

    def _finish(self) -> None:
        lengths = {
            "out": self._out.length,
            "err": self._err.length,
            "lastIn": self._in.last,
            "delivered": self._in.delivered,
        }
        record = report.ended(
            self._spec.run_id, self._child, self._ending, self._started_ms, lengths
        )
        while not self._written(record):
            self._loop.turn(RETRY_SECONDS)
        driver = self._door.driver
        self._door.shut()
        if driver:
            driver.close({"type": "exit", **record})
        deadline = time.monotonic() + GOODBYE_SECONDS
        while driver and driver.open and time.monotonic() < deadline:
            self._loop.turn(deadline - time.monotonic())

    def _written(self, record: Document) -> bool:
        try:
            self._out.sync()
            layout.replace(layout.EXIT, record)
        except FileNotFoundError:
            return True  # the run directory was removed: nobody is there to read it
        except OSError as error:
            self._state = f"stalled: {error.strerror}"
            self._tell("state", lambda: {"type": "state", "state": self._state})
            return self._told_to_end
        return True


def launch(spec: Spec) -> Runner | None:
    """Start the harness; `None` when it cannot be, which `exit.json` then explains.

    `OSError`: the run directory does not take what must be written.
    """
    started_ms = report.now_ms()
    program = spec.argv[0]
    layout.replace(layout.RUN, report.running(spec.run_id, program, started_ms, None))
    try:
        harness = spawn(
            spec.argv, spec.cwd, spec.env, merge_stderr=spec.merge_stderr, umask=spec.umask
        )
    except SpawnError as error:
        layout.replace(layout.EXIT, report.not_started(spec.run_id, error, started_ms))
        return None
    spec.forget()
    try:
        layout.replace(layout.RUN, report.running(spec.run_id, program, started_ms, harness))
        return Runner(spec, harness, started_ms)
    except OSError:
        # It cannot be served, so it must not run either.
        os.killpg(harness.pid, signal.SIGKILL)
        os.waitpid(harness.pid, 0)
        raise


def drain(descriptor: int) -> None:
    """Empty a pipe whose only news is that it was written to."""
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        return
