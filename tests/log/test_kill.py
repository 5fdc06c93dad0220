"""A writer that is killed with SIGKILL at any moment: nothing acknowledged is lost, nothing half."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from pathlib import Path

from athena.log import EventLog
from tests.log import killed_writer
from tests.log.samples import everything

ROUNDS = 8
LONGEST_LIFE_SECONDS = 0.25


async def one_life(path: Path, life: int) -> dict[str, int]:
    """Let a writer run for a while after its first line; returns what it acknowledged."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        killed_writer.__file__,
        str(path),
        str(life * 1_000_000),
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), 20)
    reading = asyncio.ensure_future(process.stdout.read())
    await asyncio.wait([reading], timeout=random.random() * LONGEST_LIFE_SECONDS)
    process.kill()
    lines = (first + await reading).decode().splitlines(keepends=True)
    assert await process.wait() == -9
    acknowledged: dict[str, int] = {}
    for line in lines:
        if line.endswith("\n"):
            _, batch, seq = line.split()
            acknowledged[batch] = int(seq)
    return acknowledged


async def test_killed_at_random(path: Path) -> None:
    acknowledged: dict[str, int] = {}
    for life in range(ROUNDS):
        acknowledged |= await one_life(path, life)
        async with await EventLog.open(path) as log:
            await log.checked()
            assert log.state.ok
            await check(log, acknowledged)
    assert len(acknowledged) > ROUNDS


async def check(log: EventLog, acknowledged: dict[str, int]) -> None:
    assert (await log.verify()).problems == []
    events = await everything(log)
    assert [e.seq for e in events] == [*range(1, log.head + 1)]

    parts = Counter(e.data["batch"] for e in events if e.kind == "part")
    assert set(parts.values()) == {3}
    last_seq = {e.command_id: e.seq for e in events}
    for batch, seq in acknowledged.items():
        assert last_seq[batch] == seq

    ingested = Counter(str(e.data["run"]) for e in events if e.kind == "ingested")
    for run in await log.runs():
        state = await log.ingest_state(run)
        assert state is not None
        assert (state.position, state.memory) == (ingested[run], str(ingested[run]).encode())
        sent = [frame.n for frame in await log.outbox_after(run)]
        assert sent == [*range(1, ingested[run] + 1)]
