"""Running the real command, as a user does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from athena.protocol.methods import METHODS
from tests.support.athena import Athena, Json
from tools.cli_shapes import SHAPES

RESULTS = {method.result.__name__: method.result for method in METHODS}


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
    if done.returncode == 0 and "--json" in arguments:
        fits(arguments, done.stdout)
    for fault in ("Traceback", "internal error", "INTERNAL_ERROR"):
        assert fault not in done.stdout + done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


def fits(arguments: tuple[str, ...], text: str) -> None:
    """An answer in JSON has the shape that the page says."""
    verb = " ".join(arguments[:2]) if " ".join(arguments[:2]) in SHAPES else arguments[0]
    if (shape := RESULTS.get(SHAPES[verb])) is not None:
        shape.model_validate_json(text)


def do(athena: Athena, place: Path, *arguments: str) -> Said:
    """Run a command that has to end well."""
    said = attempt(athena, place, *arguments)
    assert said.code == 0, f"{arguments}: {said.out}{said.err}"
    return said


def do_line(athena: Athena, place: Path, line: str) -> str:
    """Run a line of a page in a shell, as it stands; it has to end well. Returns what it prints."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=athena.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout
