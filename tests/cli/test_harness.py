"""`athena harness …`: which harnesses there are, what is known of them, and what they lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from athena.cli.output import Exit
from athena.harness.rows import HARNESSES
from tests.cli.test_work import attempt
from tests.support.athena import Athena


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    root = tmp_path_factory.mktemp("athena")
    made = Athena(root, {"COLUMNS": "200", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"})
    made.start()
    yield made
    made.stop()


def test_all_are_listed_and_tell_how_to_get_them(athena: Athena, tmp_path: Path) -> None:
    said = attempt(athena, tmp_path, "harness", "list")
    assert said.code == 0
    for row in HARNESSES:
        [line] = [line for line in said.out.splitlines() if line.split()[:1] == [row.name]]
        assert row.title in line
    assert "athena harness show HARNESS" in said.out
    for row in HARNESSES:
        if row.name != "scripted":
            told = attempt(athena, tmp_path, "harness", "show", row.name).out
            assert row.hint in told


def test_what_is_known_is_shown_after_a_look(athena: Athena, tmp_path: Path) -> None:
    before = attempt(athena, tmp_path, "harness", "show", "scripted")
    assert "not known yet. To look: athena harness doctor scripted" in before.out
    looked = attempt(athena, tmp_path, "harness", "doctor", "scripted")
    assert looked.code == 0
    assert "session  A session was opened." in looked.out
    shown = attempt(athena, tmp_path, "harness", "show", "scripted").out
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert lines["resume"] == ["yes"]
    assert {"Modes", "Models"} <= set(lines)
    told = attempt(athena, tmp_path, "harness", "show", "scripted", "--json").json
    assert {mode["id"] for mode in told["capabilities"]["modes"]} <= set(lines)
    abilities = attempt(athena, tmp_path, "harness", "list", "--abilities").out
    first, can = abilities.splitlines()[:2]
    assert first.startswith("scripted") and can.split()[:2] == ["can", "resume,"]
    assert all(len(line) <= 80 for line in abilities.splitlines())


def test_what_is_missing_is_said_with_what_to_do(athena: Athena, tmp_path: Path) -> None:
    said = attempt(athena, tmp_path, "harness", "doctor", "codex", "--json")
    assert said.code == Exit.HARNESS
    assert said.json["ok"] is False
    [check] = said.json["checks"]
    assert check["words"] == "codex is not on the PATH."
    assert "npm install -g @openai/codex" in check["hint"]
    shown = attempt(athena, tmp_path, "harness", "show", "codex").out
    assert "npm install -g @openai/codex" in shown


@pytest.mark.parametrize("verb", ["doctor", "show"])
def test_a_name_that_there_is_not(athena: Athena, tmp_path: Path, verb: str) -> None:
    said = attempt(athena, tmp_path, "harness", verb, "nonesuch")
    assert said.code == Exit.NOT_FOUND
    assert "There is no harness 'nonesuch'. There are: scripted, claude, codex" in said.err
