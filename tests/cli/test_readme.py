"""The commands of the README, run as they stand there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.cli.doing import do_line
from tests.support.athena import Athena, make_repository

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps() -> list[str]:
    """The lines of the blocks under "First steps"."""
    section = (
        README.read_text(encoding="utf-8").partition("## First steps")[2].partition("\n## ")[0]
    )
    return [line for block in BLOCK.findall(section) for line in block.splitlines()]


def test_first_steps(installed: Athena, tmp_path: Path) -> None:
    place = make_repository(tmp_path / "repository")
    said = {
        line.partition("#")[0].strip(): do_line(installed, place, line) for line in steps() if line
    }
    assert "+- Tidy up" in said["athena diff tidy"]
    assert "1      tidy" in said["athena who TASKS.md"]
    assert (place / "TASKS.md").read_text() == "- Tidy up\n"
    assert (place / "everything.ndjson").stat().st_size > 1000
    log = subprocess.run(
        ["git", "log", "-1"], cwd=place, capture_output=True, text=True, check=True
    )
    assert "Athena-Agent: " in log.stdout


def test_every_verb_that_it_names_is_one() -> None:
    from tests.cli.tree import commands

    known = {name for name, _ in commands()}
    named = re.findall(r"(?:^|`)athena ([a-z]+(?: [a-z]+)?)", README.read_text(), re.MULTILINE)
    groups = {name.split()[0] for name in known if " " in name}
    unknown = [
        words
        for words in named
        if (words if words.split()[0] in groups else words.split()[0]) not in known
    ]
    assert unknown == []
