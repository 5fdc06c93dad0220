"""A long stream: its last page is near, and reading does not fill the memory."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

from athena.log import EventLog
from tests.log.samples import note

EVENT_BYTES = 5_000
EVENTS = 10_000


async def test_the_last_page_of_a_50_mb_stream(log: EventLog) -> None:
    for start in range(0, EVENTS, 500):
        await log.append("big", [note(f"{start + n} " + "x" * EVENT_BYTES) for n in range(500)])
    assert log.metrics.database_bytes + log.metrics.wal_bytes > 50_000_000
    await page_is_near(log)
    assert await log.archive("big") == EVENTS
    await page_is_near(log)


async def page_is_near(log: EventLog) -> None:
    took: list[float] = []
    for _ in range(5):
        started = time.perf_counter()
        await log.read_stream_back("big", limit=100)
        took.append(time.perf_counter() - started)
    assert min(took) < 0.1
    tracemalloc.start()
    page = await log.read_stream_back("big", limit=100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [e.version for e in page] == [*range(EVENTS, EVENTS - 100, -1)]
    assert peak < 4_000_000


async def test_following_a_long_log_takes_one_page_of_memory(log: EventLog) -> None:
    for start in range(0, EVENTS, 500):
        await log.append("big", [note(f"{start + n} " + "x" * EVENT_BYTES) for n in range(500)])
    tracemalloc.start()
    seq = 0
    while page := await log.read(seq, limit=200):
        seq = page[-1].seq
        del page
        await asyncio.sleep(0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seq == EVENTS
    assert peak < 8_000_000
