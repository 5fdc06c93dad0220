"""The crash tests, in the size that every test run can afford. `make crash` is the whole of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.crash import frames, swarm
from tests.crash.__main__ import comparable

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_kill_around_every_frame_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    recording = frames.record(tmp_path)
    log, kills = frames.replay(tmp_path / "killed", recording, random.Random(7))
    assert kills > recording.frames
    assert log == recording.log


def test_random_kills_with_many_agents_leave_the_logs_as_they_were(tmp_path: Path) -> None:
    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
    calm, _ = swarm.play(tmp_path / "calm", 6, 3, 0, random.Random(1))
    killed, kills = swarm.play(tmp_path / "killed", 6, 3, 25, random.Random(2), pause="5s")
    assert kills == 25
    assert comparable(killed) == comparable(calm)
