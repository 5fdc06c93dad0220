"""The list of agents in terminals of several widths, and in a pipe."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.playing import scenario
from tests.cli.doing import do
from tests.support.athena import Athena, make_repository

WHY = "a title that is much longer than a line of a terminal can be, " * 3


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    made = Athena(tmp_path_factory.mktemp("athena"))
    made.start()
    yield made
    made.stop()


def run(athena: Athena, project: Path, text: str, name: str) -> None:
    do(athena, project, "spawn", scenario(text), "-H", "scripted", "--wait", "--name", name)


def in_columns(athena: Athena, place: Path, columns: int, *arguments: str) -> list[str]:
    """What a command prints on a terminal of so many columns."""
    done = subprocess.run(
        athena.command(*arguments),
        env={**athena.environment, "COLUMNS": str(columns)},
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_it_fits_a_narrow_terminal_and_is_whole_in_a_pipe(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    for name in ("first", "second-with-a-longer-name"):
        run(athena, project, f"title {WHY}\nsay done", name)
    listing = ("ls", "-C", str(project))
    for columns in (60, 80, 100, 140):
        lines = in_columns(athena, project, columns, *listing)
        assert max(map(len, lines)) <= columns
        rows = [line.split()[:3] for line in lines[1:]]
        assert rows == [["first", "◌", "idle"], ["second-with-a-longer-name", "◌", "idle"]]
        assert ("harness" in lines[0]) == (columns >= 70)
    piped = do(athena, project, *listing).out.splitlines()
    assert len(piped) == 3 and all(WHY.strip() in line for line in piped[1:])
    assert all(line == line.rstrip() for line in piped)


def test_projects_are_told_apart_where_there_are_several(athena: Athena, tmp_path: Path) -> None:
    for name in ("east", "west"):
        run(athena, make_repository(tmp_path / name), "say done", f"in-{name}")
    rows = {line.split()[0]: line for line in do(athena, tmp_path, "ls").out.splitlines()}
    assert " east " in rows["in-east"] and " west " in rows["in-west"]
    assert "project" not in do(athena, tmp_path, "ls", "-C", "east").out.splitlines()[0]


def test_a_line_of_watching_is_whole_in_a_pipe(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    said = " ".join(f"word{n}" for n in range(20))
    run(athena, project, f"say {said}", "talker")
    assert f"\n{said}\n" in do(athena, project, "watch", "talker", "--until-rest").out
