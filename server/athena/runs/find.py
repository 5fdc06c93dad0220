"""Run directories after a daemon died: which runs live, and making an end of those that cannot."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from athena.runner import layout, sweep, system

from .errors import StillRunning
from .kept import last_frame
from .records import ExitRecord, How, RunRecord, read_exit, read_run

REAP_GRACE_SECONDS = 2.0


class RunState(StrEnum):
    """What can be done with a run directory that was found."""

    LIVE = "live"
    """its runner lives: attach"""
    ORPHANED = "orphaned"
    """its runner died without an ending; the harness may still be there: reap"""
    REBOOTED = "rebooted"
    """the machine went down under it: reap"""
    ENDED = "ended"
    """it has an exit record"""


@dataclass(frozen=True, slots=True)
class RunFound:
    """A run directory and what became of its run; `record` is None if it never got to start."""

    run_id: str
    run_dir: Path
    state: RunState
    record: RunRecord | None


def scan(runs_dir: Path) -> list[RunFound]:
    """Every run directory in `runs_dir`, by name. Touches no process."""
    if not runs_dir.is_dir():
        return []
    boot = system.boot_id()
    return [_classify(path, boot) for path in sorted(runs_dir.iterdir()) if path.is_dir()]


def reap(run_dir: Path, grace: float = REAP_GRACE_SECONDS) -> ExitRecord:
    """Make an end of a run whose runner is dead, and say how; blocks for up to about `grace` s.

    Ends the harness's group and strays (TERM, KILL after `grace`), each only with proof of
    identity, and writes `exit.json`. A run that has ended already only gives its record. Raises
    `StillRunning` if the runner lives. A runner that is only about to start will refuse to.
    """
    with _runner_is_dead(run_dir):
        record = read_exit(run_dir)
        if record:
            return record
        run = read_run(run_dir)
        rebooted = run is not None and run.boot_id != system.boot_id()
        run_id = run.run_id if run else run_dir.name
        ended = 0 if rebooted else sweep.end_all(os.path.realpath(run_dir), _leader(run), grace)
        layout.replace(str(run_dir / layout.EXIT), _lost(run_dir, run_id, run, rebooted, ended))
    record = read_exit(run_dir)
    if record is None:
        raise FileNotFoundError(f"{run_dir / layout.EXIT} was removed while it was written")
    return record


def settle(run_dir: Path) -> ExitRecord | None:
    """The record of a run that is over, made if it must be; `None` while its runner lives."""
    try:
        return read_exit(run_dir) or reap(run_dir)
    except StillRunning:
        # It may have ended between the two looks, its last act being the record.
        return read_exit(run_dir)


def _classify(run_dir: Path, boot: str) -> RunFound:
    record = read_run(run_dir)
    if (run_dir / layout.EXIT).exists():
        state = RunState.ENDED
    elif _is_locked(run_dir):
        state = RunState.LIVE
    elif record and record.boot_id != boot:
        state = RunState.REBOOTED
    else:
        state = RunState.ORPHANED
    return RunFound(record.run_id if record else run_dir.name, run_dir, state, record)


def _is_locked(run_dir: Path) -> bool:
    try:
        with _runner_is_dead(run_dir):
            return False
    except StillRunning:
        return True


@contextmanager
def _runner_is_dead(run_dir: Path) -> Generator[None]:
    """Hold the lock that every runner holds for life, which proves that there is none."""
    descriptor = os.open(run_dir / layout.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StillRunning(f"the runner of {run_dir.name} lives") from None
        yield
    finally:
        os.close(descriptor)


def _leader(run: RunRecord | None) -> int | None:
    """The harness's pid, if that is still the harness."""
    if not run or not run.harness or not run.harness.start:
        return None
    same = system.start_time(run.harness.pid) == run.harness.start
    return run.harness.pid if same else None


def _lost(
    run_dir: Path, run_id: str, run: RunRecord | None, rebooted: bool, ended: int
) -> dict[str, object]:
    message = "the machine was restarted" if rebooted else "the runner died"
    if not run:
        message = "the runner never got to start"
    elif ended:
        message += f", and {ended} processes of the run were ended"
    now = time.time_ns() // 1_000_000
    return {
        "runId": run_id,
        "how": How.LOST,
        "by": None,
        "code": None,
        "signal": None,
        "message": message,
        "errno": None,
        "startedAt": run.started_at if run else now,
        "at": now,
        "usage": None,
        "out": _size(run_dir / layout.OUT),
        "err": _size(run_dir / layout.ERR),
        "lastIn": last_frame(run_dir),
        "delivered": None,
        "strays": ended,
    }


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
