"""What ended runs left on the disk, and forgetting it in time: what was said is in the log."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from athena.app.context import Context
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError
from athena.runs.records import read_exit

logger = logging.getLogger(__name__)

FIRST_SECONDS = 5.0
"""After the start the agents go first."""

PAUSE_SECONDS = 12 * 3600.0
DAY_MS = 86_400_000

GONE = ".gone"
"""Where directories are that are being removed, also by a daemon that was killed then."""


class Leftovers:
    """Removes the directories of runs that ended long ago: soon after the start, then now and
    again."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Remove until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                keep_days = self._context.settings(None).run.keep_days
            except AthenaError as error:
                logger.info("no run is forgotten: %s", error)
            else:
                before = self._context.clock() - int(keep_days * DAY_MS)
                views = self._context.directory.views()
                gone = await asyncio.to_thread(forget, self._context.runs, views, before)
                if gone:
                    logger.info("%d ended runs were forgotten", gone)
            await asyncio.sleep(PAUSE_SECONDS)


def unneeded(names: Collection[str], views: Iterable[AgentView]) -> list[str]:
    """Directories of runs, terminals and scripts that no agent needs once they have ended. Pure.

    An agent needs its live run, the scripts that run, and its newest run for what that wrote to
    its standard error; what is of nobody known here may be of a log that comes back.
    """
    known = {view.id: view for view in views}
    newest: dict[str, int] = {}
    for name in names:
        agent, number = _agent(name), _run_number(name)
        if number is not None:
            newest[agent] = max(number, newest.get(agent, 0))
    found: list[str] = []
    for name in names:
        view = known.get(_agent(name))
        if view is None:
            continue
        live = {view.run_id, *(script.script_id for script in view.scripts)}
        last = not view.archived and _run_number(name) == newest.get(view.id, 0)
        if _work(name) not in live and not last:
            found.append(name)
    return found


def _agent(name: str) -> str:
    return name.partition(".")[0]


def _work(name: str) -> str:
    """The run or script whose directory it is; that of a terminal begins with its run's name."""
    return ".".join(name.split(".")[:2])


def _run_number(name: str) -> int | None:
    kind, number = _work(name).partition(".")[2][:1], _work(name).partition(".")[2][1:]
    return int(number) if kind == "r" and number.isdecimal() else None


def forget(runs: Path, views: list[AgentView], before: int) -> int:
    """Remove what ended before a moment (Unix ms); how many there were.

    A directory goes to another place first: one that is half removed says no more that it ended.
    """
    names = [path.name for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
    gone, count = runs / GONE, 0
    for name in unneeded(names, views):
        try:
            ended = read_exit(runs / name)
            if ended is not None and ended.at < before:
                gone.mkdir(mode=0o700, exist_ok=True)
                (runs / name).rename(gone / name)
                count += 1
        except (OSError, ValueError) as error:
            logger.info("%s is not forgotten: %s", runs / name, error)
    try:
        shutil.rmtree(gone)
    except FileNotFoundError:
        pass
    except OSError as error:
        logger.info("%s is not removed: %s", gone, error)
    return count
