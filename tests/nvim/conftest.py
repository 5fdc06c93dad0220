"""Neovims of several versions with our plugin, on an Athena of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.playing import scenario
from tests.nvim.screen import COLUMNS, ROWS, Nvim
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync
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


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    """One Athena for the tests of a file, which do not hurt it."""
    athena = Athena(tmp_path_factory.mktemp("athena"), {"GIT_CONFIG_NOSYSTEM": "1"})
    athena.start()
    yield athena
    athena.stop()


@pytest.fixture
def athena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Athena]:
    """An Athena that this test may kill; files that say `LASTING = True` have one for all tests."""
    if getattr(request.module, "LASTING", False):
        lasting: Athena = request.getfixturevalue("lasting")
        yield lasting
        with lasting.client() as client:
            put_away(client)
        return
    athena = Athena(tmp_path / "athena", {"GIT_CONFIG_NOSYSTEM": "1"})
    yield athena
    if athena.pid is not None:
        athena.stop()


def put_away(client: Client) -> None:
    """End all agents, so that the next test sees none."""
    for agent in client.agents():
        client.call("athena/agent/kill", agent=agent["id"])
        client.until_status(agent["id"], "dead", "done", "failed")
        client.call("athena/agent/archive", agent=agent["id"])


@pytest.fixture
def client(athena: Athena) -> Iterator[Client]:
    """A connection beside the editor's, to arrange what the editor is to show."""
    with athena.client() as client:
        yield client


def spawn(client: Client, project: Path, text: str, **more: object) -> Json:
    """An agent in the project itself that plays a scenario."""
    told = {"harness": "scripted", "project": str(project), "workspace": {"kind": "none"}, **more}
    return client.call("athena/agent/spawn", prompt=scenario(text), **told)


def prompts(client: Client, agent: str, count: int) -> list[list[Json]]:
    """What was said to an agent, once that were so many prompts."""

    def said() -> list[list[Json]]:
        page = client.call("athena/transcript/page", agent=agent, types=["userMessage"])
        return [item["item"]["content"] for item in page["items"]]

    until_sync(lambda: len(said()) == count)
    return said()


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
