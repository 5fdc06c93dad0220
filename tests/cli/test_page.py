"""`docs/cli.md` says what the commands say."""

from __future__ import annotations

import re
from pathlib import Path

from athena.cli.output import Exit
from tests.cli.doing import do_line
from tests.cli.tree import BECOMES_A_PROGRAM, commands, verbs
from tests.support.athena import Athena, make_repository
from tools.cli_shapes import NOTES, SAME_AS, SHAPES
from tools.generate_cli_docs import EXIT_WORDS, PAGE, render


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: make generate"


def test_every_command_has_its_heading() -> None:
    headings = {line.lstrip("#") for line in render().splitlines() if line.startswith("##")}
    assert {f" athena {name}" for name, _ in commands()} <= headings


def test_every_answer_in_json_is_described() -> None:
    types = set(re.findall(r"`([A-Z]\w+)`", " ".join([*SHAPES.values(), *NOTES.values()])))
    types |= {shape for shape in SHAPES.values() if "`" not in shape}
    protocol = (PAGE.parent / "protocol.md").read_text(encoding="utf-8")
    assert {name for name in types if f'<a id="{name.lower()}"></a>' not in protocol} == set()
    with_json = {name for name, _ in verbs()} - BECOMES_A_PROGRAM
    assert {*SHAPES, *SAME_AS} == with_json and set(NOTES) <= set(SHAPES)


def test_what_one_types_everyday(installed: Athena, tmp_path: Path) -> None:
    place = make_repository(tmp_path / "repository")
    block = PAGE.read_text(encoding="utf-8").partition("```sh\n")[2].partition("```")[0]
    said = {line: do_line(installed, place, line) for line in block.splitlines() if line}
    assert "TASKS.md" in said["athena diff tidy --stat"]
    assert (place / "tidy.patch").read_text().endswith("+- Tidy up\n")
    assert "merged into main" in said['athena merge tidy --squash -m "Tidy up"']
    assert not (place / "TASKS.md").exists(), "it is undone"


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_WORDS) == set(Exit)
