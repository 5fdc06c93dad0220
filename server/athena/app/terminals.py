"""Terminals of a harness: commands under runners of their own, so that they outlive the daemon."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from pathlib import Path

from athena.app.opening import open_run
from athena.harness.driver import CreateTerminal
from athena.runs import Run, RunSpec, output_tail
from athena.runs.records import read_exit

logger = logging.getLogger(__name__)

DEFAULT_OUTPUT_LIMIT = 1024 * 1024
KILL_GRACE_SECONDS = 1.0
CLOSE_SECONDS = 15.0
"""How long the end of a run waits for that of a terminal, whose runner may be stopped itself."""

NAME = re.compile(r"\w+", re.ASCII)
"""The id of a terminal, which is a part of the name of a directory; the harness says it."""


class Terminals:
    """The terminals of one run."""

    def __init__(
        self,
        runs: Path,
        run_id: str,
        cwd: Path,
        env: Mapping[str, str],
        epoch: int,
        umask: int | None = None,
    ) -> None:
        self._runs = runs
        self._run_id = run_id
        self._cwd = cwd
        self._env = env
        self._epoch = epoch
        self._umask = umask
        self._open: dict[str, tuple[Run, int]] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    async def create(self, wanted: CreateTerminal) -> None:
        """Start a command. Asked again after a crash, it finds the one that runs."""
        await self._find(wanted.terminal_id, wanted)

    async def output(self, terminal_id: str) -> dict[str, object]:
        """What was printed so far: the newest part when it is longer than the limit."""
        run, limit = await self._find(terminal_id)
        said = await asyncio.to_thread(output_tail, run.run_dir, limit)
        return {
            "output": said.data.decode("utf-8", "replace"),
            "truncated": said.truncated,
            **self._exit(run),
        }

    async def wait(self, terminal_id: str) -> dict[str, object]:
        """Wait for the end of the command."""
        run, _ = await self._find(terminal_id)
        await run.ended()
        return self._exit(run)

    async def kill(self, terminal_id: str) -> None:
        """End the command; its output stays."""
        run, _ = await self._find(terminal_id)
        run.kill(KILL_GRACE_SECONDS)
        await run.ended()

    async def release(self, terminal_id: str) -> None:
        """End the command and forget it."""
        run, _ = await self._find(terminal_id)
        run.kill(KILL_GRACE_SECONDS)
        await run.ended()
        self._open.pop(terminal_id, None)

    def processes(self) -> list[int | None]:
        """The leaders of those that run; None for one that is not known yet."""
        return [run.pid for run, _ in self._open.values() if run.exit is None]

    async def close(self) -> None:
        """End all commands that are left, those of an earlier daemon's time included."""
        left = await asyncio.to_thread(self._left)
        ending = (asyncio.wait_for(self.release(name), CLOSE_SECONDS) for name in left)
        outcomes = await asyncio.gather(*ending, return_exceptions=True)
        for terminal_id, fault in zip(left, outcomes, strict=True):
            if isinstance(fault, BaseException):
                logger.error("terminal %s.%s is left", self._run_id, terminal_id, exc_info=fault)

    def _left(self) -> list[str]:
        found = self._runs.glob(f"{self._run_id}.*")
        return [d.name.removeprefix(f"{self._run_id}.") for d in found if read_exit(d) is None]

    @staticmethod
    def _exit(run: Run) -> dict[str, object]:
        record = run.exit
        if record is None:
            return {"exitCode": None, "signal": None}
        return {"exitCode": record.code, "signal": record.signal}

    async def _find(
        self, terminal_id: str, wanted: CreateTerminal | None = None
    ) -> tuple[Run, int]:
        """The terminal's process: known, found again after a restart, or started."""
        async with self._opening.setdefault(terminal_id, asyncio.Lock()):
            known = self._open.get(terminal_id)
            if known is not None:
                return known
            directory = self._runs / f"{self._run_id}.{terminal_id}"
            is_name = NAME.fullmatch(terminal_id) is not None
            if not is_name or (wanted is None and not directory.is_dir()):
                raise ValueError(f"there is no terminal {terminal_id}")
            limit = (wanted.output_limit if wanted else None) or DEFAULT_OUTPUT_LIMIT
            spec = RunSpec(
                run_id=directory.name,
                argv=self._argv(wanted),
                cwd=Path(wanted.cwd) if wanted and wanted.cwd else self._cwd,
                env={**self._env, **(wanted.env if wanted else {})},
                umask=self._umask,
                merge_stderr=True,
            )
            found = await open_run(directory, lambda: spec, self._epoch), limit
            self._open[terminal_id] = found
            return found

    @staticmethod
    def _argv(wanted: CreateTerminal | None) -> tuple[str, ...]:
        """ACP agents send a program and its arguments, or a whole shell line as the program."""
        if wanted is None:
            return ()
        if wanted.args:
            return (wanted.command, *wanted.args)
        return ("/bin/sh", "-c", wanted.command)
