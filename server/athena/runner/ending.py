"""How a run comes to its end: who asked, the signals due, the survivors, the last bytes."""

from __future__ import annotations

from .lean import signal
from .sweep import LOOK_SECONDS, Sweep

DRAIN_SECONDS = 1.0


class Ending:
    """Everything about the end of one harness, driven by `step` with the monotonic clock.

    asked (by a client, idleness, a signal): TERM, and KILL when the grace is over
    exited: what else belongs to the run gets the same; the harness stays an unreaped child
            until all are gone, so that its pid and group cannot become anybody else's
    drained: its stdout is read to the end, but not longer than `DRAIN_SECONDS` after the last
             known process is gone, in case an unknown one still holds the pipe
    """

    def __init__(self, run_dir: str, pid: int) -> None:
        self._sweep = Sweep(run_dir, pid)
        self._agenda: list[tuple[float, int]] = []
        self._termed = False
        self._swept = False
        self._drain_until = 0.0
        self.how = ""
        self.by = ""
        self.exited = False
        self.strays = 0

    def ask(self, how: str, by: str, term_at: float, kill_at: float) -> None:
        """Somebody wants the run to end. The first one is remembered; the soonest signals win."""
        if not self.how:
            self.how, self.by = how, by
        agenda = [(term_at, int(signal.SIGTERM)), (kill_at, int(signal.SIGKILL))]
        if not self.exited and (not self._agenda or kill_at < self._agenda[-1][0]):
            self._agenda = agenda[1:] if self._termed else agenda

    @property
    def begun(self) -> bool:
        return self.exited or bool(self.how)

    def harness_exited(self, now: float, grace: float) -> None:
        """The harness is a zombie now: see to whatever it left behind."""
        self.exited = True
        kill_at = min(now + grace, self._agenda[-1][0] if self._agenda else now + grace)
        self._agenda = []
        self.strays = self._sweep.begin(kill_at, term=not self._termed)

    def deadline(self, now: float) -> float | None:
        """When `step` wants to be called next, or `None` for whenever something happens."""
        if self.exited:
            return self._drain_until if self._swept else now + LOOK_SECONDS
        return self._agenda[0][0] if self._agenda else None

    def step(self, now: float) -> None:
        """Do what is due."""
        if self.exited:
            if not self._swept and self._sweep.step(now):
                self._swept, self._drain_until = True, now + DRAIN_SECONDS
            return
        while self._agenda and self._agenda[0][0] <= now:
            _, number = self._agenda.pop(0)
            self._termed = True
            self._sweep.signal(number)

    def over(self, now: float, *, drained: bool, stuck: bool) -> bool:
        """Whether nothing is left to wait for. While the disk is `stuck`, time does not count."""
        if stuck:
            self._drain_until = now + DRAIN_SECONDS
        return self._swept and (drained or now >= self._drain_until)
