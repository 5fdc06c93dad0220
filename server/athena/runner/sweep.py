"""Ending every process of a run, with proof: its group, its session, and what strayed from both.

A process belongs to a run if its environment carries the run's mark, or if the harness's own
process (the leader, whose identity must be certain) leads its group or session, or if its parent
belongs to the run. One that cleared its environment, left the session and lost its parent is the
only kind that escapes.
"""

from __future__ import annotations

import os
import time

from . import layout, system
from .lean import signal

LOOK_SECONDS = 0.02
GIVE_UP_SECONDS = 5.0


def belonging(processes: list[system.Process], leader: int | None) -> list[system.Process]:
    """Those of `processes` that belong to the run; pure. `leader` only with proven identity."""
    taken: dict[int, system.Process] = {}
    for process in processes:
        led = leader is not None and leader in (process.pid, process.group, process.session)
        if process.marked or led:
            taken[process.pid] = process
    growing = True
    while growing:
        growing = False
        for process in processes:
            if process.parent in taken and process.pid not in taken:
                taken[process.pid] = process
                growing = True
    return list(taken.values())


class Sweep:
    """TERM, then KILL after a grace, then look until all are gone.

    `run_dir`: the real path that marks the run's processes (see `layout.MARK`).
    `leader`: pid of the harness while that pid cannot belong to another process: the caller holds
    it (an unreaped child) or has compared start times. `None` once that is not certain.
    """

    def __init__(self, run_dir: str, leader: int | None) -> None:
        self._mark = f"{layout.MARK}={run_dir}"
        self._leader = leader
        self._kill_at = float("inf")
        self._give_up_at = float("inf")
        self.left: list[system.Process] = []

    def look(self) -> list[system.Process]:
        """The run's processes that are alive now."""
        return belonging(system.snapshot(self._mark), self._leader)

    def signal(self, number: int) -> list[system.Process]:
        """Signal all that belong to the run, and say whom."""
        members = self.look()
        grouped = self._leader is not None and _signal_group(self._leader, number)
        for process in members:
            if not (grouped and process.group == self._leader):
                system.send_signal(process.pid, process.start, number)
        return members

    def begin(self, kill_at: float, *, term: bool = True) -> int:
        """Start to end them all; `kill_at` on the monotonic clock. Returns how many there were."""
        self.left = self.signal(signal.SIGTERM) if term else self.look()
        self._kill_at, self._give_up_at = kill_at, kill_at + GIVE_UP_SECONDS
        return len(self.left)

    def step(self, now: float) -> bool:
        """Call every `LOOK_SECONDS`; true when all are gone, or nothing more can be done."""
        known = [p for p in self.left if system.start_time(p.pid) == p.start]
        self.left = known or self.look()
        if self.left and now >= self._kill_at:
            self.left = self.signal(signal.SIGKILL)
        return not self.left or now >= self._give_up_at


def end_all(run_dir: str, leader: int | None, grace: float) -> int:
    """Sweep to the end, blocking; returns how many processes there were."""
    sweep = Sweep(run_dir, leader)
    count = sweep.begin(time.monotonic() + grace)
    while not sweep.step(time.monotonic()):
        time.sleep(LOOK_SECONDS)
    return count


def _signal_group(leader: int, number: int) -> bool:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
