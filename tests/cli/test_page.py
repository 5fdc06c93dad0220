"""`docs/cli.md` says what the commands say."""

from __future__ import annotations

from athena.cli.output import Exit
from tests.cli.tree import commands
from tools.generate_cli_docs import EXIT_WORDS, PAGE, render


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make generate"


def test_every_command_has_its_heading() -> None:
    headings = {line.lstrip("#") for line in render().splitlines() if line.startswith("##")}
    assert {f" athena {name}" for name, _ in commands()} <= headings


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_WORDS) == set(Exit)
