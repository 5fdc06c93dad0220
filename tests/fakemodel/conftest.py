from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fakemodel import FakeModel


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    with FakeModel() as running:
        yield running
