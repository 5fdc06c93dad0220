"""Neovims of several versions with our plugin, on an Athena of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nvim.screen import COLUMNS, ROWS, Nvim
from tests.support.athena import Athena, Client, make_repository
from tools.setup import path as tool

PLUGIN = Path(__file__).parents[2] / "clients" / "nvim"
VERSIONS = ("nvim-0.10", "nvim-0.11", "nvim-0.12")
NEWEST = VERSIONS[-1]

Json = dict[str, Any]
Open = Callable[..., Nvim]


def environment(root: Path) -> dict[str, str]:
    """Folders of Neovim's that nobody else uses."""
    kinds = ("CONFIG", "DATA", "STATE", "CACHE", "RUNTIME")
    folders = {kind: root / f"xdg-{kind.lower()}" for kind in kinds}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    named = {
        f"XDG_{kind}_{'DIR' if kind == 'RUNTIME' else 'HOME'}": str(folder)
        for kind, folder in folders.items()
    }
    return {**named, "TERM": "xterm-256color", "NVIM_APPNAME": "nvim"}


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    """An Athena that this test may kill; its daemon starts with the first client."""
    athena = Athena(tmp_path / "athena", {"GIT_CONFIG_NOSYSTEM": "1"})
    yield athena
    if athena.pid is not None:
        athena.stop()


@pytest.fixture
def client(athena: Athena) -> Iterator[Client]:
    """A connection beside the editor's, to arrange what the editor is to show."""
    with athena.client() as client:
        yield client


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository to work on."""
    text = "".join(f"line {n}\n" for n in range(1, 31))
    return make_repository(tmp_path / "project", {"text.txt": text, "hello.py": 'print("hi")\n'})


@pytest.fixture
def open_nvim(athena: Athena, project: Path, tmp_path: Path) -> Iterator[Open]:
    """Starts Neovims in the project; arguments choose the version, options and files."""
    opened: list[Nvim] = []

    def start(
        version: str = NEWEST,
        *files: str,
        options: Json | None = None,
        size: tuple[int, int] = (COLUMNS, ROWS),
    ) -> Nvim:
        told = {"command": athena.command(), **(options or {})}
        given = json.dumps(told).replace("'", "''")
        arguments = ["--clean", "-n", "--cmd", f"set rtp^={PLUGIN} noshowcmd"]
        arguments += ["--cmd", f"let g:athena = json_decode('{given}')", *files]
        folder = tmp_path / f"nvim-{len(opened)}"
        variables = {**athena.environment, **environment(folder)}
        nvim = Nvim(tool(version), arguments, variables, project, size)
        opened.append(nvim)
        return nvim

    yield start
    for nvim in opened:
        nvim.close()


@pytest.fixture(params=VERSIONS)
def nvim(request: pytest.FixtureRequest, open_nvim: Open) -> Nvim:
    """Each version in turn."""
    return open_nvim(request.param)
