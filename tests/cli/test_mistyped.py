"""What somebody sees who says too little, or mistypes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.doing import attempt, do
from tests.support.athena import Athena


@pytest.fixture
def nobody(tmp_path: Path) -> Athena:
    """An Athena that nothing here may start."""
    return Athena(tmp_path / "athena")


def test_alone_it_shows_what_there_is(nobody: Athena, tmp_path: Path) -> None:
    for group in ((), ("agent",), ("workspace",)):
        said = do(nobody, tmp_path, *group)
        assert said.out.startswith("Usage: athena") and not said.err
        assert "\nSet up:\n" in said.out if not group else "\nCommands:\n" in said.out
        assert "..." not in said.out.partition("\n")[2], "no sentence is cut short"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lss", "'ls'"),
        ("agnet", "'agent'"),
        ("agent shwo", "'show'"),
        ("workspace remvoe x", "'remove'"),
        ("ls --jsn", "--json"),
        ("event list -f -k turnEnd", "'turnEnded'"),
    ],
)
def test_a_typing_error_has_a_suggestion(
    nobody: Athena, tmp_path: Path, typed: str, meant: str
) -> None:
    said = attempt(nobody, tmp_path, *typed.split())
    assert said.code == 2 and "Did you mean" in said.err and meant in said.err
    assert nobody.pid is None


def test_a_word_that_is_like_nothing_gets_no_suggestion(nobody: Athena, tmp_path: Path) -> None:
    said = attempt(nobody, tmp_path, "qqqq")
    assert said.code == 2 and "No such command 'qqqq'." in said.err and "mean" not in said.err
    kind = attempt(nobody, tmp_path, "event", "list", "-k", "qqqq")
    assert kind.code == 2 and "There are: " in kind.err and "turnEnded" in kind.err
