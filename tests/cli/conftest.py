"""The command as it is after an installation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.athena import Athena


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Athena]:
    """An environment in which `athena` is on the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "athena"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m athena "$@"\n')
    command.chmod(0o755)
    athena = Athena(tmp_path / "athena")
    athena.environment["PATH"] = f"{programs}:{athena.environment['PATH']}"
    yield athena
    athena.stop()
