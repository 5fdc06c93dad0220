"""Real runs for tests: short programs as harnesses, each in a run directory of the test.

Nothing is inherited: a harness gets the PATH and what the test says. `close` ends every process
that a test left, dead runners' harnesses included.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from athena.runner import system
from athena.runs import Run, RunFound, RunSpec, attach, launch, reap, scan
from tests.support.wait import until_sync

PATH = "/usr/local/bin:/usr/bin:/bin"
PYTHON = (sys.executable, "-I", "-S", "-u", "-c")


class Rig:
    def __init__(self, folder: Path) -> None:
        self.runs = folder / "runs"
        self.work = folder / "work"
        self.runs.mkdir(parents=True)
        self.work.mkdir()
        self._numbers = itertools.count(1)
        self._open: list[Run] = []

    def spec(self, *argv: str, env: dict[str, str] | None = None, **more: Any) -> RunSpec:
        run_id = f"r{next(self._numbers)}"
        cwd = more.pop("cwd", self.work)
        return RunSpec(run_id, argv, cwd, {"PATH": PATH, **(env or {})}, **more)

    async def start(self, *argv: str, epoch: int = 1, **more: Any) -> Run:
        """A run of `argv`; keyword arguments as those of `RunSpec`."""
        spec = self.spec(*argv, **more)
        run = await launch(self.runs / spec.run_id, spec, epoch)
        self._open.append(run)
        return run

    async def sh(self, script: str, **more: Any) -> Run:
        return await self.start("sh", "-c", script, **more)

    async def python(self, script: str, **more: Any) -> Run:
        return await self.start(*PYTHON, script, **more)

    async def again(self, run: Run, epoch: int, holder: str = "another") -> Run:
        """Attach to the same run, as a daemon that was started later does."""
        found = await attach(run.run_dir, epoch, holder)
        self._open.append(found)
        return found

    def found(self, run: Run) -> RunFound:
        return next(found for found in scan(self.runs) if found.run_dir == run.run_dir)

    def close(self) -> None:
        for run in self._open:
            with contextlib.suppress(RuntimeError):  # its loop is closed already
                run.drop()
        for found in scan(self.runs):
            kill_runner(found.run_dir)
            reap(found.run_dir, grace=0)


def runner_pid(run: Run) -> int:
    return int(document(run.run_dir / "run.json")["runner"]["pid"])


def document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def kill_runner(run_dir: Path) -> None:
    """`kill -9` of the runner, if it is alive; returns when it is gone."""
    path = run_dir / "run.json"
    if not path.exists():
        return
    runner = document(path)["runner"]
    system.send_signal(runner["pid"], runner["start"], signal.SIGKILL)
    until_sync(lambda: not alive(runner["pid"], runner["start"]))


def alive(pid: int, start: str | None = None) -> bool:
    """Whether a process runs (and is no zombie), and is the one that started at `start`."""
    found = system.start_time(pid)
    return found is not None and start in (None, found)


def memory_kb(pid: int) -> int:
    """Resident memory of a process now, the pages of its programs and libraries included."""
    return _status_kb(pid, "VmRSS")


def held_kb(pid: int) -> int:
    """What a process holds of its own now: the pages of libraries come as its code is run."""
    return _status_kb(pid, "RssAnon")


def _status_kb(pid: int, field: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0])


async def lines(run: Run, position: int = 0) -> list[bytes]:
    """All lines of a run, once it has ended."""
    return [frame.data async for frame in run.frames(position)]


async def first(run: Run, count: int = 1, position: int = 0) -> list[bytes]:
    """The next `count` lines."""
    found: list[bytes] = []
    async with contextlib.aclosing(run.frames(position)) as frames:
        async for frame in frames:
            found.append(frame.data)
            if len(found) == count:
                break
    return found


async def process_that(script: str, *arguments: str) -> asyncio.subprocess.Process:
    """A Python process of the test with Athena on its path, that has said `ready`."""
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": PATH, "PYTHONPATH": f"{root / 'server'}{os.pathsep}{root}"},
    )
    assert process.stdout
    assert (await process.stdout.readline()).strip() == b"ready"
    return process
