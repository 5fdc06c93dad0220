"""Starting a runner, and attaching to one that lives."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import athena.runner

from .errors import LaunchFailed, RunnerSilent
from .run import HOLDER, Run
from .spec import RunSpec

ATTACH_SECONDS = 10.0
RUNNER = Path(athena.runner.__file__).with_name("__main__.py")
KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot")
"""All that a Python interpreter may need to start. Nothing else of the daemon's environment goes
into a runner, least of all the mark of another run."""


async def launch(run_dir: Path, spec: RunSpec, epoch: int) -> Run:
    """Start a runner and its harness in the new directory `run_dir`, and attach to it.

    Its parent must exist. A harness that cannot be started gives a run that has ended, with the
    reason in `exit`. If the caller is cancelled the run goes on, and `scan` finds it. Raises
    `LaunchFailed`, and what `attach` raises.
    """
    try:
        run_dir.mkdir(mode=0o700)
    except OSError as error:
        raise LaunchFailed(f"cannot make the run directory: {error}") from error
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(RUNNER), str(run_dir)),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=PIPE,
            env=kept,
            start_new_session=True,
        )
    except OSError as error:
        raise LaunchFailed(f"cannot start {sys.executable}: {error}") from error
    _, complaint = await process.communicate(spec.to_json())
    if process.returncode:
        raise LaunchFailed(complaint.decode(errors="replace").strip() or "the runner died")
    return await attach(run_dir, epoch)


async def attach(run_dir: Path, epoch: int, holder: str = HOLDER) -> Run:
    """Drive a run that was launched before, by this daemon or an earlier one.

    If it has ended, its `exit` is there at once. If its runner has died, what is left of the run
    is ended first, and `exit` is `How.LOST`. Raises `Fenced`, and `RunnerSilent` after
    `ATTACH_SECONDS`.
    """
    run = Run(run_dir, epoch, holder)
    try:
        async with asyncio.timeout(ATTACH_SECONDS):
            await run.ready()
    except TimeoutError:
        run.drop()
        raise RunnerSilent(f"the runner of {run_dir.name} gave no answer") from None
    except BaseException:
        run.drop()
        raise
    return run
