from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import Editor
from tests.support.athena import Athena, Client, make_repository


class Start:
    """Starts editors in a repository; they end with the test."""

    def __init__(self, athena: Athena, folder: Path, stack: ExitStack) -> None:
        self._athena = athena
        self._folder = folder
        self._stack = stack

    def __call__(self, capabilities: Any = None, name: str = "editor", **options: Any) -> Editor:
        return self.inside(self._folder, capabilities, name, **options)

    def inside(
        self, folder: Path, capabilities: Any = None, name: str = "editor", **options: Any
    ) -> Editor:
        """An editor in another folder."""
        editor = Editor(self._athena, folder, capabilities, name, **options)
        return self._stack.enter_context(editor)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    """An Athena for all tests of a file, whose agents are scripted; each has its own project."""
    root = tmp_path_factory.mktemp("athena")
    (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
    athena = Athena(root)
    athena.start()
    yield athena
    athena.stop()


@pytest.fixture
def client(shared: Athena) -> Iterator[Client]:
    """What a test that failed has left open would be asked in the editors of the next one."""
    with shared.client() as client:
        yield client
    with shared.client() as after:
        for agent in after.agents():
            if agent["requests"]:
                after.call("athena/agent/kill", agent=agent["id"])
                after.until_status(agent["id"], "dead")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", {"hello.py": 'print("hello")\nprint("two")\n'})


@pytest.fixture
def start(shared: Athena, repository: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield Start(shared, repository, stack)
