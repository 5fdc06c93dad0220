from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from athena.log import EventLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "athena.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[EventLog]:
    async with await EventLog.open(path) as log:
        yield log
