from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.doors.house import House, end_daemon


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A new state directory, where nothing runs yet."""
    house = House(tmp_path / "state", tmp_path)
    yield house
    await house.close()
    end_daemon(house.state)


@pytest.fixture(scope="module")
def shared_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("shared") / "state"
    yield state
    end_daemon(state)


@pytest.fixture
async def shared(shared_state: Path) -> AsyncIterator[House]:
    """A state directory, and so a daemon, that all tests of a module share."""
    house = House(shared_state, shared_state.parent)
    yield house
    await house.close()
