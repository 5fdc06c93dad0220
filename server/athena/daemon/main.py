"""From a process to a listening daemon, with as few imports as possible before it listens.

A detached daemon is two processes: its supervisor, which this one becomes, and the daemon itself.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from athena.daemon import lock as locks
from athena.daemon.listen import Listener
from athena.relay import hello, paths
from athena.relay.failure import EXIT_LOST, EXIT_OK, RelayError

if TYPE_CHECKING:
    from athena.border import Compose

LOCK_SECONDS = 15.0
"""How long a daemon that is just ending may take to let go of the lock."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    state: Path
    detach: bool
    start_lock: int | None
    idle_seconds: float | None


def main(argv: Sequence[str] = (), compose: Compose | None = None) -> int:
    """Run the daemon until it is told to end; the exit codes are those of `relay.failure`.

    `compose` makes the core; by default it is the application, imported when clients can wait.
    """
    options = _options(argv)
    if options.detach and os.fork():
        os._exit(EXIT_OK)  # pyright: ignore[reportPrivateUsage]
    try:
        held = _become_daemon(options)
    except RelayError as error:
        _report(options, {"failed": {"code": error.code, "message": error.message}}, error.message)
        return error.code
    except OSError as error:
        told = paths.unusable(str(options.state), error)
        _report(options, {"failed": {"code": told.code, "message": told.message}}, told.message)
        return told.code
    if held is None:
        _report(options, {"ready": 0}, f"An Athena daemon runs for {options.state} already.")
        return EXIT_OK
    _report(options, {"ready": os.getpid()}, f"Listening in {options.state}.")
    _log(options)
    # Until all is imported there is nothing to collect; looking for it takes a tenth of the start.
    gc.disable()
    from athena.daemon.supervisor import Life, supervise

    lock, listener = held
    core = compose or _application()
    gc.freeze()

    def live(life: Life) -> int:
        from athena.daemon.service import serve

        if life.supervisor:
            _log(options)
            if not lock.still_ours():
                return EXIT_LOST
            lock.sign(life.supervisor)
        return serve(options.state, lock, listener, options.idle_seconds, core, life.restarts)

    return supervise(live) if options.detach else live(Life())


def _application() -> Compose:
    """The core with all doors. What cannot be imported is told to whoever waits for a start."""
    try:
        from athena.app.compose import compose
        from athena.daemon import doors

        doors.load()
    except Exception as error:  # noqa: BLE001  Whatever it is, who waits is told.
        fault = error

        def broken(_state: Path, _progress: Callable[[str], None]) -> NoReturn:
            raise fault

        return broken
    return compose


def _options(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="athena daemon run")
    parser.add_argument("--state-dir", default=paths.state_directory())
    parser.add_argument("--detach", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--start-lock", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--idle-exit",
        type=float,
        default=os.environ.get("ATHENA_IDLE_EXIT") or None,
        metavar="SECONDS",
        help="end after this time without clients and work, instead of that of the settings; "
        "0 means never",
    )
    told = parser.parse_args(list(argv))
    return Options(Path(told.state_dir), told.detach, told.start_lock, told.idle_exit)


def _become_daemon(options: Options) -> tuple[locks.DaemonLock, Listener] | None:
    """Lock and listen; None when another daemon does already."""
    if options.detach:
        os.setsid()
    os.environ["ATHENA_STATE_DIR"] = str(options.state)
    paths.prepare(str(options.state))
    os.chdir(options.state)
    held = locks.take(options.state, LOCK_SECONDS)
    if held is None:
        return None
    listener = Listener(options.state)
    if options.start_lock is not None:
        os.close(options.start_lock)
    return held, listener


def _report(options: Options, report: dict[str, object], words: str) -> None:
    """Tell whoever started us: a relay by its pipe, a person by words."""
    if not options.detach:
        sys.stderr.write(f"athena daemon: {words}\n")
        return
    # A relay that did not wait for us is no matter: the next one finds us.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, hello.encode(report))


def _log(options: Options) -> None:
    from athena.daemon import logfile

    if options.detach:
        logfile.into_file(options.state)
    else:
        logfile.onto_stderr()
