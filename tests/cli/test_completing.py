"""What TAB offers for the words of a command that are names of something."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.playing import scenario
from tests.cli.doing import do
from tests.support.athena import Athena, make_repository

WORK = """
edit text.txt: two -> TWO
write folder/new.txt: made by the agent
permit run true
turn 2:
    say Later.
"""


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    made = Athena(tmp_path_factory.mktemp("athena"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def project(athena: Athena, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which an agent has done all that can be named."""
    place = make_repository(tmp_path_factory.mktemp("at") / "project", {"text.txt": "one\ntwo\n"})
    spawned = ("spawn", scenario(WORK), "-H", "scripted", "--name", "worker", "--wait")
    do(athena, place, *spawned)
    for line in (
        "review apply worker text.txt",
        "review comment worker text.txt:1 Why?",
        "prompt worker later",
        "permission add-rule ask --tool execute",
    ):
        do(athena, place, *line.split())
    return place


def offered(athena: Athena, place: Path, typed: str) -> list[str]:
    """The values that a shell is offered behind what is typed."""
    words = typed.split(" ")
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        athena.command(),
        env={**athena.environment, **asked, "_ATHENA_COMPLETE": "bash_complete"},
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_things_are_offered_by_the_names_one_types(athena: Athena, project: Path) -> None:
    for typed, wanted in (
        ("athena diff wor", ["worker"]),
        ("athena diff worker te", ["text.txt"]),
        ("athena review accept worker ", ["folder/new.txt", "text.txt"]),
        ("athena diff worker --turn ", ["1"]),
        ("athena merge worker --into ma", ["main"]),
        ("athena spawn --base ma", ["main"]),
        ("athena review resolve worker ", ["c1"]),
        ("athena permission remove-rule ", ["0"]),
        ("athena event list --kind turnE", ["turnEnded"]),
        ("athena answer wor", ["worker"]),
        ("athena harness show scr", ["scripted"]),
        ("athena transcript worker --type too", ["toolCall"]),
    ):
        assert offered(athena, project, typed) == wanted, typed


def test_what_is_known_by_an_id_is_offered(athena: Athena, project: Path) -> None:
    hunk = offered(athena, project, "athena review accept worker text.txt --hunk ")
    assert len(hunk) == 1 and len(hunk[0]) == 12
    do(athena, project, "review", "accept", "worker", "text.txt", "--hunk", *hunk)
    undo = offered(athena, project, "athena undo worker ")
    assert [ref.split("/")[3] for ref in undo] == ["applied"]
    rescues = offered(athena, project, "athena workspace restore worker --ref ")
    assert [ref.split("/")[3] for ref in rescues] == ["rescue"]
    (waiting,) = offered(athena, project, "athena agent withdraw worker ")
    assert "taken back" in do(athena, project, "agent", "withdraw", "worker", waiting).out
