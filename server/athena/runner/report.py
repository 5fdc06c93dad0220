"""`run.json` and `exit.json`: who runs, and how it ended. Neither holds a secret.

`exit.json`:

| key | meaning |
| --- | --- |
| `how` | `exited`, `signalled`, `killed`, `idle`, `spawnFailed`, `lost` (the daemon's word) |
| `by` | who ended it, for `killed`: `client`, or `runner` when the runner was told to end |
| `code` / `signal` | exit status, or the signal's name; the other one is null |
| `message`, `errno` | in words; for `spawnFailed` with the errno's name |
| `startedAt`, `at` | Unix ms |
| `usage` | `userMs`, `systemMs`, `maxRssBytes` of the harness and its reaped children, or null |
| `out`, `err` | bytes that were said on stdout and stderr |
| `lastIn` | the last frame that is durable |
| `delivered` | the last frame that went into stdin whole; null if that is not known |
| `strays` | processes that the harness left behind and that were ended after it |
"""

from __future__ import annotations

import os
import time

from . import layout, system
from .ending import Ending
from .harness import Harness, SpawnError
from .lean import signal_name


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def running(run_id: str, program: str, started_ms: int, harness: Harness | None) -> layout.Document:
    """`run.json`; written before the harness is started, and again when it runs."""
    me = os.getpid()
    return {
        "runId": run_id,
        "bootId": system.boot_id(),
        "program": program,
        "startedAt": started_ms,
        "runner": {"pid": me, "start": system.start_time(me)},
        "harness": {"pid": harness.pid, "start": harness.start} if harness else None,
    }


def not_started(run_id: str, error: SpawnError, started_ms: int) -> layout.Document:
    """`exit.json` of a harness that never ran."""
    nothing = {"out": 0, "err": 0, "lastIn": 0, "delivered": 0, "strays": 0}
    end = {"how": "spawnFailed", "by": None, "code": None, "signal": None, "usage": None}
    words = {"message": str(error), "errno": error.code}
    return {"runId": run_id, **end, **words, "startedAt": started_ms, "at": now_ms(), **nothing}


def ended(
    run_id: str, child: system.Child, ending: Ending, started_ms: int, lengths: dict[str, int]
) -> layout.Document:
    """`exit.json`; reaps the harness, whose pid is free from now on."""
    status, usage = child.reap()
    code = os.waitstatus_to_exitcode(status)
    name = signal_name(-code) if code < 0 else None
    how = ending.how or ("signalled" if name else "exited")
    outcome = f"was ended by {name}" if name else f"exited with status {code}"
    reasons = {
        "killed": f"; the {ending.by} had asked for it",
        "idle": "; it was idle, and nobody was attached",
    }
    return {
        "runId": run_id,
        "how": how,
        "by": ending.by or None,
        "code": code if code >= 0 else None,
        "signal": name,
        "message": f"the harness {outcome}{reasons.get(how, '')}",
        "errno": None,
        "startedAt": started_ms,
        "at": now_ms(),
        "usage": {
            "userMs": int(usage.ru_utime * 1000),
            "systemMs": int(usage.ru_stime * 1000),
            "maxRssBytes": system.max_rss_bytes(usage.ru_maxrss),
        },
        **lengths,
        "strays": ending.strays,
    }
