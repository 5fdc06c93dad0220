from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import Editor
from tests.support.athena import Athena, Client, make_repository

Start = Callable[..., Editor]


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
    with shared.client() as client:
        yield client


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", {"hello.py": 'print("hello")\nprint("two")\n'})


@pytest.fixture
def start(shared: Athena, repository: Path) -> Iterator[Start]:
    """Starts editors in the repository; they end with the test."""
    with ExitStack() as stack:

        def started(capabilities: Any = None, name: str = "editor", **options: Any) -> Editor:
            return stack.enter_context(Editor(shared, repository, capabilities, name, **options))

        yield started
