"""The set-up of the tests' tools: once, to the end or not at all, with a reason when it fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.setup import SetupError, path
from tools.setup.debian import AptTool
from tools.setup.npm import NpmTool
from tools.setup.pypi import WheelTool
from tools.setup.table import GROUPS, TOOLS, install
from tools.setup.tool import Tool, script


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATHENA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass(frozen=True, kw_only=True)
class Echo(Tool):
    """A tool that is a shell script; each installation leaves a line in `journal`."""

    journal: Path
    text: str = "echo version 1"

    def install(self, prefix: Path) -> None:
        with self.journal.open("a") as file:
            file.write(f"{self.text}\n")
        script(prefix, self.program, self.text)


def echo(tmp_path: Path, **changed: str) -> Echo:
    fields = {"name": "echo", "version": "1", "program": "bin/echo", "says": "^version 1$"}
    return Echo(journal=tmp_path / "journal", **{**fields, **changed})


def installations(tool: Echo) -> int:
    return len(tool.journal.read_text().splitlines())


def test_a_tool_is_installed_once(tmp_path: Path) -> None:
    tool = echo(tmp_path)
    tool.ensure()
    tool.ensure()
    assert installations(tool) == 1
    assert tool.path.is_file()


def test_a_changed_row_is_installed_again(tmp_path: Path) -> None:
    echo(tmp_path).ensure()
    changed = echo(tmp_path, text="echo; echo version 1")
    assert not changed.is_installed()
    changed.ensure()
    assert installations(changed) == 2


def test_a_lost_program_is_installed_again(tmp_path: Path) -> None:
    tool = echo(tmp_path)
    tool.ensure()
    tool.path.unlink()
    tool.ensure()
    assert tool.path.is_file()


def test_a_program_that_does_not_work_is_not_installed(tmp_path: Path) -> None:
    tool = echo(tmp_path, text="echo no such library; exit 3")
    with pytest.raises(SetupError, match=r"(?s)^echo 1: exit code 3: .*no such library"):
        tool.ensure()
    assert not tool.is_installed()


def test_a_program_of_another_version_is_refused(tmp_path: Path) -> None:
    tool = echo(tmp_path, text="echo version 2")
    with pytest.raises(SetupError, match=r"(?s)printed no .*version 2"):
        tool.ensure()


def test_two_callers_do_not_collide(tmp_path: Path) -> None:
    tool = echo(tmp_path, text="sleep 0.2; echo version 1")
    callers = [threading.Thread(target=tool.ensure) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert tool.is_installed()
    assert installations(tool) == 1


def test_a_tool_of_the_system_is_linked_without_apt() -> None:
    tool = AptTool(name="shell", packages=("none",), commands=("no-such-shell", "sh"), check=())
    tool.ensure()
    assert tool.path.resolve() == Path("/bin/sh").resolve()


def test_what_is_missing_says_how_to_get_it() -> None:
    with pytest.raises(SetupError, match=r"install nvim-0\.11"):
        path("nvim-0.11")
    with pytest.raises(SetupError, match=r"no tool nvim-0\.5; there are: node, "):
        path("nvim-0.5")
    with pytest.raises(SetupError, match=r"no group @vi; there are: @nvim, "):
        install(["@vi"])


def test_the_command_fails_with_the_reason() -> None:
    command = [sys.executable, "-m", "tools.setup", "path", "helix"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("setup: helix is not installed; run: ")


def test_the_table_is_sound() -> None:
    names = [tool.name for tool in TOOLS]
    assert len(set(names)) == len(names)
    assert set(names) >= {name for members in GROUPS.values() for name in members}
    for tool in TOOLS:
        assert set(tool.needs) <= set(names[: names.index(tool.name)]), tool.name
        if isinstance(tool, WheelTool | NpmTool):
            assert tool.version[0].isdigit(), f"{tool.name} is not pinned"
