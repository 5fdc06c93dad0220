"""The real Codex under its driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.protocol import events as e
from tests.harnesses.conftest import Starts
from tests.support.event_text import event_lines

pytestmark = pytest.mark.harnesses


async def test_tour(run: Starts, repo: Path) -> None:
    options = {"approvalPolicy": "untrusted", "sandbox": "danger-full-access"}
    async with run("codex", options=options) as live:
        opened = await live.opened()
        print(opened.capabilities.model_dump())
        assert opened.capabilities.version
        ended = await live.turn(f"[[fake:tour cwd={repo}]]")
        print(event_lines(live.events))
        assert ended.stop_reason == "endTurn"
        assert (repo / "hello.py").read_text() == 'print("goodbye")\n'
        assert not [one for one in live.of(e.ItemCompleted) if one.item.type == "unrecognized"]
