from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.house import House
from tests.editors.screen import Screen
from tests.support.athena import Client


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.athena.start()
    yield house
    house.athena.stop()


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    with house.athena.client() as client:
        yield client


@pytest.fixture
def screen(house: House) -> Iterator[Screen]:
    """A terminal of the test's own."""
    with Screen(house.root / "tmux", house.environment, house.project) as screen:
        yield screen
