"""Running the real command, as a user does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.athena import Athena, Json


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        return json.loads(self.out)


def attempt(athena: Athena, place: Path, *arguments: str) -> Said:
    """Run a command in a place. Whatever it is told, it never answers with a fault of its own."""
    done = subprocess.run(
        athena.command(*arguments),
        env=athena.environment,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    for fault in ("Traceback", "internal error", "INTERNAL_ERROR"):
        assert fault not in done.stdout + done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def do(athena: Athena, place: Path, *arguments: str) -> Said:
    """Run a command that has to end well."""
    said = attempt(athena, place, *arguments)
    assert said.code == 0, f"{arguments}: {said.out}{said.err}"
    return said
