"""Finding a run's process, or starting it when it was never started."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from athena.runs import LaunchFailed, Run, RunSpec, StillRunning, attach, launch, reap
from athena.runs.records import read_exit, read_run


async def open_run(directory: Path, spec: Callable[[], RunSpec], epoch: int) -> Run:
    """The run of a directory, attached; `spec` is asked only when it has to be started.

    A directory in which nothing ever ran was left by a daemon that died while it started the run:
    nobody heard of that run, so it is started now. Raises `LaunchFailed` when nothing runs and
    nothing can be started, and what `attach` raises.
    """
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.is_dir() and await asyncio.to_thread(_never_ran, directory):
            await asyncio.to_thread(shutil.rmtree, directory)
    except OSError as error:
        raise LaunchFailed(f"cannot use the run directory {directory}: {error.strerror}") from error
    if directory.is_dir():
        return await attach(directory, epoch)
    return await launch(directory, spec(), epoch)


def _never_ran(directory: Path) -> bool:
    """Whether no runner came so far as to say who it is; one about to start is kept from it."""
    if read_run(directory) is not None or read_exit(directory) is not None:
        return False
    try:
        reap(directory)
    except StillRunning:
        return False
    return read_run(directory) is None
