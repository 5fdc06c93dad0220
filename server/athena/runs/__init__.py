"""The daemon's side of the runner: start runs, attach to them, read what was said, find the dead.

    run = await launch(run_dir, spec, epoch)         # or attach(run_dir, epoch)
    async for frame in run.frames(position):         # every line once; commit frame.end
        ...
    await run.send(1, b'{"jsonrpc":"2.0",...}')      # returns when it is durable
    record = await run.ended()

A run that has ended is a `Run` like any other: its frames can be read to the last byte, and
`ended` returns at once.
"""

from .errors import (
    Detached,
    Fenced,
    LaunchFailed,
    Refused,
    RunEnded,
    RunError,
    RunnerSilent,
    StillRunning,
)
from .find import RunFound, RunState, reap, scan
from .frames import Frame, SpoolReader
from .kept import Output, errors_said, frames_sent, output_tail
from .launch import attach, launch
from .records import ExitRecord, How, Usage
from .run import Run
from .spec import RunSpec

__all__ = [
    "Detached",
    "ExitRecord",
    "Fenced",
    "Frame",
    "How",
    "LaunchFailed",
    "Output",
    "Refused",
    "Run",
    "RunEnded",
    "RunError",
    "RunFound",
    "RunSpec",
    "RunState",
    "RunnerSilent",
    "SpoolReader",
    "StillRunning",
    "Usage",
    "attach",
    "errors_said",
    "frames_sent",
    "launch",
    "output_tail",
    "reap",
    "scan",
]
