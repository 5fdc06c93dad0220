"""What is committed is what would be generated; the generator sees and repairs every difference."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.protocol.samples import model
from tools.generate import MARK, tree
from tools.generate.__main__ import main
from tools.generate.model import Structure
from tools.generate.read import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing in it but fresh generated files."""
    for path in tree.PARTS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    tree.write(tmp_path, model())
    return tmp_path


Generate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def generate(checkout: Path, capsys: pytest.CaptureFixture[str]) -> Generate:
    """The command in that checkout: exit code, standard output and error."""

    def run(*options: str) -> tuple[int, str, str]:
        code = main(["--root", str(checkout), *options])
        return code, *capsys.readouterr()

    return run


def test_the_committed_files_are_fresh() -> None:
    assert tree.differences(ROOT, model()) == [], "run: make generate"


def test_every_whole_file_says_that_it_is_generated() -> None:
    for path in tree.OUTPUTS:
        assert MARK in (ROOT / path).read_text(encoding="utf-8")[: tree.MARKED_BYTES], path


def test_check_tells_each_difference_and_changes_nothing(
    checkout: Path, generate: Generate
) -> None:
    lua = checkout / "clients/nvim/lua/athena/generated.lua"
    lua.write_text(lua.read_text().replace("athena.agent.spawn", "athena.agent.spwan"))
    (checkout / "schema/openrpc.json").unlink()
    old = checkout / "clients/vscode/src/old.gen.ts"
    old.write_text(f"// {MARK}\n")
    ignored = checkout / "clients/vscode/node_modules/copy.ts"
    ignored.parent.mkdir()
    ignored.write_text(f"// {MARK}\n")
    code, out, err = generate("--check")
    assert code == 1
    assert out.splitlines() == [
        "missing: schema/openrpc.json",
        "stale: clients/nvim/lua/athena/generated.lua",
        "superfluous: clients/vscode/src/old.gen.ts",
    ]
    assert "make generate" in err
    assert old.exists() and not (checkout / "schema/openrpc.json").exists()


def test_generating_repairs_them_and_keeps_what_people_wrote(
    checkout: Path, generate: Generate
) -> None:
    page = checkout / "docs/protocol.md"
    page.write_text(
        page.read_text().replace("# The protocol", "# Our protocol").replace("1001", "")
    )
    (checkout / "clients/vscode/src/protocol.gen.ts").unlink()
    old = checkout / "docs/old.md"
    old.write_text(f"<!-- {MARK} -->\n")
    code, out, _ = generate()
    assert code == 0
    assert sorted(out.splitlines()) == [
        "removed: docs/old.md",
        "wrote: clients/vscode/src/protocol.gen.ts",
        "wrote: docs/protocol.md",
    ]
    text = page.read_text()
    assert text.startswith("# Our protocol") and "| 1001 | `NOT_FOUND` |" in text
    assert generate("--check") == (0, "", "")


def test_a_page_without_its_marks_is_refused(checkout: Path, generate: Generate) -> None:
    page = checkout / "docs/protocol.md"
    page.write_text(page.read_text().replace("<!-- generated: events -->", ""))
    code, _, err = generate()
    assert code == 1
    assert "`<!-- generated: events -->`" in err


def test_a_break_is_refused_until_it_is_meant(checkout: Path, generate: Generate) -> None:
    file = checkout / tree.SCHEMA
    schema = json.loads(file.read_text())
    schema["x-methods"]["athena/agent/clone"] = schema["x-methods"]["athena/agent/get"]
    file.write_text(json.dumps(schema))
    for options in ((), ("--check",)):
        code, out, err = generate(*options)
        assert (code, out) == (1, "")
        assert "athena/agent/clone is gone" in err and "PROTOCOL_VERSION" in err
    assert "athena/agent/clone" in file.read_text()
    assert generate("--breaking")[0] == 0
    assert "athena/agent/clone" not in file.read_text()


def test_what_parameters_are_made_of_may_lack_what_they_may_lack() -> None:
    types = read().types
    for structure in types.values():
        if isinstance(structure, Structure) and structure.given and structure.base is not None:
            base = types[structure.base]
            assert isinstance(base, Structure) and base.given, f"{structure.base} is a base"
