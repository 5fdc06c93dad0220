"""One Athena for all tests of a file that do not hurt it, and fresh ones for those that do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.athena import Athena, Client, make_repository


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    athena = Athena(tmp_path_factory.mktemp("athena"))
    athena.start()
    yield athena
    athena.stop()


@pytest.fixture
def client(shared: Athena) -> Iterator[Client]:
    with shared.client() as client:
        yield client


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    athena = Athena(tmp_path / "athena")
    athena.start()
    yield athena
    athena.stop()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project without git."""
    made = tmp_path / "folder"
    made.mkdir()
    (made / "hello.py").write_text('print("hello")\n')
    return made
