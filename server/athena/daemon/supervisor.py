"""The process above the daemon: it puts another one in the place of a daemon that was killed.

It has imported what a daemon needs and holds the daemon's lock and socket. So the next daemon is
there in the time of a fork, nobody can get in between, and clients that come meanwhile wait in the
socket's queue instead of being refused. It runs no thread and no event loop, as forking demands.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

log = logging.getLogger(__name__)

SETTLED_SECONDS = 1.0
"""A daemon that dies sooner would only die again. Who needs one starts one, and is told."""
FAULT = 1
"""The exit code of a daemon that an exception ended: Python's own."""
_ENDINGS = {signal.SIGTERM, signal.SIGINT}


@dataclass(frozen=True, slots=True)
class Life:
    """One of the daemons of a supervisor. `restarts`: how many there were before it."""

    restarts: int = 0
    supervisor: int = 0
    """Its process id; 0 when there is none."""


def supervise(live: Callable[[Life], int]) -> int:
    """Run `live` in a child process, and again when that is killed; returns its exit code."""
    restarts = 0
    while True:
        begun = time.monotonic()
        child = _fork(live, Life(restarts, os.getpid()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status >= 0 and status != FAULT:
            return status
        how = f"by {signal.Signals(-status).name}" if status < 0 else "by a fault of ours"
        log.error("The daemon, process %d, was ended %s", child, how)
        if time.monotonic() - begun < SETTLED_SECONDS:
            return FAULT
        restarts += 1


def _fork(live: Callable[[Life], int], life: Life) -> int:
    """The process id of the daemon. Whoever ends its supervisor in good order ends it as well."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    child = os.fork()
    if child == 0:
        _be_child(live, life)

    def forward(_number: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGTERM)

    for number in _ENDINGS:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    return child


def _be_child(live: Callable[[Life], int], life: Life) -> NoReturn:
    """Never returns into the supervisor's code, whatever happens."""
    code = FAULT
    try:
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        code = live(life)
    except BaseException:
        log.exception("The daemon failed")
    finally:
        os._exit(code)  # pyright: ignore[reportPrivateUsage]
