"""The first thing that a newcomer runs: the demo, as a program and as a person sees it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import psutil
import pytest

from athena.relay import control
from tests.support.athena import Athena
from tests.support.wait import until_sync


@pytest.fixture
def place(tmp_path: Path) -> Athena:
    """An environment with its own place for temporary files, and no daemon yet."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return Athena(tmp_path, {"TMPDIR": str(temporary), "COLUMNS": "100"})


def processes_of(folder: Path) -> list[list[str]]:
    found = (p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"]))
    return [line for line in found if any(str(folder) in word for word in line)]


def test_two_agents_work_and_nothing_is_left(place: Athena, tmp_path: Path) -> None:
    told = json.loads(place.run("demo", "--json"))
    assert [a["name"] for a in told["agents"]] == ["fix-basket", "add-discounts"]
    assert [a["status"] for a in told["agents"]] == ["idle", "idle"]
    assert len(told["answered"]) == 1
    assert "+    return sum(prices)" in told["agents"][0]["diff"]
    assert "+def discounted" in told["agents"][1]["diff"]
    assert list((tmp_path / "tmp").iterdir()) == []
    until_sync(lambda: processes_of(tmp_path / "tmp") == [])


def test_what_it_says_to_type_next_works(place: Athena, tmp_path: Path) -> None:
    shown = place.run("demo")
    assert "1 permission answered" in shown
    state = re.search(r"export ATHENA_STATE_DIR=(\S+)", shown)
    assert state is not None
    place.environment["ATHENA_STATE_DIR"] = state[1]
    place.state = Path(state[1])
    try:
        said = [line.strip() for line in shown.splitlines() if line.startswith("  athena ")]
        assert len(said) == 6
        results = {line: place.run(*shlex.split(line, comments=True)[1:]) for line in said}
        assert "fix-basket" in results[said[0]]
        assert "Repaired" in results[said[1]]
        assert "merged into main" in results[said[2]]
        assert "main is back at" in results[said[3]]
        assert "python3 tour.py" in results[said[4]]
        assert control.status(str(place.state)) is None
    finally:
        place.stop()
        shutil.rmtree(place.state.parent)
