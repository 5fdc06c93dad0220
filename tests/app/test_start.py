"""A daemon that is told to end while it starts: it lets go of everything, in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

from athena.app.compose import AthenaCore
from athena.log import EventLog, NewEvent


async def test_a_start_that_is_cut_short_leaves_nothing_behind(tmp_path: Path) -> None:
    """Cut after every turn of the loop, up to a start that is whole."""
    turns, whole = 0, False
    while not whole:
        core = AthenaCore(tmp_path, lambda words: None)
        starting = asyncio.create_task(core.start())
        for _ in range(turns):
            if not starting.done():
                await asyncio.wait({starting}, timeout=0.001)
        whole = starting.done()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await core.stop()
        async with await EventLog.open(tmp_path / "athena.db") as log:
            assert log.state.ok
        turns += 1


async def test_a_log_with_half_a_character_from_before_is_read(tmp_path: Path) -> None:
    """Texts are mended where they come in, but once they were not."""
    spec = {"name": "a", "harness": "scripted", "archetype": "executor", "project": "/"}
    events = [
        NewEvent("agentSpawned", {"spec": spec, "by": "test"}),
        NewEvent("agentStopped", {"how": "stop", "by": "test"}),
        NewEvent("titleChanged", {"title": "half \ud83d"}),
    ]
    async with await EventLog.open(tmp_path / "athena.db") as log:
        await log.append("a", events)
    core = AthenaCore(tmp_path, lambda words: None)
    await core.start()
    assert [view.name for view in core.context.directory.views()] == ["a"]
    await core.stop()


async def test_an_agent_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """As one that a newer Athena made."""
    spec = {"name": "a", "harness": "scripted", "archetype": "executor", "project": "/"}
    async with await EventLog.open(tmp_path / "athena.db") as log:
        for stream, found in (("a", spec), ("b", {"name": ["new"]}), ("c", {**spec, "name": "c"})):
            spawned = NewEvent("agentSpawned", {"spec": found, "by": "test"})
            stopped = NewEvent("agentStopped", {"how": "stop", "by": "test"})
            await log.append(stream, [spawned, stopped])
    core = AthenaCore(tmp_path, lambda words: None)
    await core.start()
    assert [view.name for view in core.context.directory.views()] == ["a", "c"]
    await core.stop()
