"""Telling the user from an agent: what only the user may do, no process of an agent does."""

from __future__ import annotations

from pathlib import Path

import psutil

from athena.app.context import Context
from athena.border import Connection
from athena.protocol.errors import AthenaError, ErrorCode
from athena.runner.layout import MARK


def need_user(context: Context, connection: Connection) -> None:
    """Refuse what comes from a process that an agent, or a script of a workspace, started.

    Such a process carries the mark of its run, or one of its ancestors does. Agents run as the
    same user as we do: one that clears its environment and leaves its parents is not known by
    this, as it could change the files of rules just as well. A sandbox is what holds that one.
    """
    if _marked(context.runs, connection.environ.get(MARK)) or _descends(context, connection.pid):
        raise AthenaError(
            ErrorCode.REFUSED,
            "This is for the user: no process of an agent may allow itself anything.",
            reason="agent",
        )


def _marked(runs: Path, mark: str | None) -> bool:
    return mark is not None and Path(mark).is_relative_to(runs.resolve())


def _descends(context: Context, pid: int) -> bool:
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).parents()]
    except psutil.Error:
        return False
    return any(_marked(context.runs, _mark_of(process)) for process in family)


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except psutil.Error:
        return None
