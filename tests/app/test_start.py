"""A daemon that is told to end while it starts: it lets go of everything, in order."""

from __future__ import annotations

import asyncio
from pathlib import Path

from athena.app.compose import AthenaCore
from athena.log import EventLog


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
