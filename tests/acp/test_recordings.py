"""Recorded sessions of real agents, replayed: what was said becomes these events, every line of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from athena.harness import recording
from athena.harness.acp.driver import AcpDriver
from athena.harness.rows import BY_NAME
from tests.acp.talk import replay
from tests.support.golden import assert_golden

FOLDER = Path(__file__).parent / "recordings"
RECORDINGS = sorted(FOLDER.glob("*.ndjson"))


@pytest.mark.parametrize("path", RECORDINGS, ids=[path.stem for path in RECORDINGS])
def test_recording(path: Path) -> None:
    found = recording.read(path)
    driver = AcpDriver(BY_NAME[found.launch.spec.harness])
    text, sent = replay(driver, found.launch, found.entries)
    assert_golden(path.with_suffix(".txt"), text)
    assert [_plain(frame) for frame in sent] == [
        _plain(one.value)
        for one in found.entries
        if one.kind == "sent" and isinstance(one.value, bytes)
    ]
    assert [line for line in text.splitlines() if " unrecognized " in line] == []


def _plain(frame: bytes) -> Any:
    """A frame as JSON, without our own version."""
    message = json.loads(frame)
    message.get("params", {}).get("clientInfo", {}).pop("version", None)
    return message
