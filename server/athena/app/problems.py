"""Lasting problems of the daemon's, which its user has to mend; kept over restarts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from athena.protocol.base import Record
from athena.protocol.problem import Problem
from athena.runner.layout import replace

logger = logging.getLogger(__name__)

FILE = "problems.json"


class _Kept(Record):
    problems: list[Problem]


class Problems:
    """The problems there are, one of a name. `told` hears of each once, as it begins."""

    def __init__(self, state_dir: Path, told: Callable[[Problem], Awaitable[None]]) -> None:
        self._path = state_dir / FILE
        self._told = told
        self._all = {problem.name: problem for problem in kept(state_dir)}

    def get(self, name: str) -> Problem | None:
        """A problem; None where all is well."""
        return self._all.get(name)

    def all(self) -> list[Problem]:
        """All of them, those that began first before the others."""
        return sorted(self._all.values(), key=lambda problem: problem.since)

    async def set(self, problem: Problem) -> None:
        """There is this problem now, in place of what was known of it."""
        known = self._all.get(problem.name)
        if known == problem:
            return
        self._all[problem.name] = problem
        self._keep()
        if known is None:
            logger.error("%s %s", problem.words, problem.hint)
            await self._told(problem)

    def clear(self, name: str) -> None:
        """It is mended, if it ever was."""
        if self._all.pop(name, None) is not None:
            self._keep()

    def _keep(self) -> None:
        try:
            replace(str(self._path), {"problems": [problem.wire() for problem in self.all()]})
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._path, error)


def kept(state_dir: Path) -> list[Problem]:
    """The problems of a state directory, also while no daemon runs. None of a file that cannot be
    read: what still is a problem is noticed again."""
    try:
        return _Kept.model_validate_json((state_dir / FILE).read_bytes()).problems
    except (OSError, ValueError):
        return []
