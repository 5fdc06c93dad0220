"""The crash tests, in the size that every test run can afford. `make crash` is the whole of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.crash import frames

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_kill_around_every_frame_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    recording = frames.record(tmp_path)
    log, kills = frames.replay(tmp_path / "killed", recording, random.Random(7))
    assert kills > recording.frames
    assert log == recording.log
