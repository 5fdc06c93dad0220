"""Archived events read like all others, while and after they are moved."""

from __future__ import annotations

import asyncio
import random

from athena.log import EventLog, StoredEvent, StreamHead
from tests.log.samples import everything, note, notes, told

STREAMS = ["a", "b", "c"]


async def fill(log: EventLog, count: int) -> None:
    for n in range(count):
        await log.append(STREAMS[n * n % 3], [note(n, "odd" if n % 2 else "even")])


async def views(log: EventLog) -> list[list[StoredEvent]]:
    """The same events asked for in many ways."""
    found = [
        await everything(log),
        await everything(log, limit=7),
        await log.read(13, upto=77, limit=20),
        await log.read(13, upto=30, limit=100),
        await log.read(5, streams=["b", "a"], limit=30),
        await log.read(5, kinds=["odd"], limit=30),
    ]
    for stream in STREAMS:
        found += [
            await log.read_stream(stream),
            await log.read_stream(stream, after_version=9, limit=10),
            await log.read_stream_back(stream, limit=25),
            await log.read_stream_back(stream, before_version=20, limit=10, kinds=["even"]),
        ]
    return found


async def test_reads_do_not_change(log: EventLog) -> None:
    await fill(log, 300)
    before = await views(log)
    assert await log.archive("a") == len(await log.read_stream("a"))
    assert await views(log) == before
    for stream in STREAMS:
        await log.archive(stream)
    assert await views(log) == before
    report = await log.verify()
    assert (report.ok, report.events) == (True, 300)
    assert report.segments >= 2


async def test_a_stream_goes_on_after_its_archive(log: EventLog) -> None:
    await log.append("a", notes(1, 2))
    await log.archive("a")
    result = await log.append("a", notes(3), expected=2)
    assert (result.first_seq, result.versions) == (3, {"a": 3})
    assert await log.archive("a") == 1
    await log.append("a", notes(4))
    assert await log.streams() == [StreamHead("a", 4, 3)]
    assert told(await log.read()) == [f"{n} a@{n} noted {n}" for n in range(1, 5)]
    assert [e.version for e in await log.read_stream_back("a")] == [4, 3, 2, 1]
    assert await log.archive("nobody") == 0


async def test_the_head_is_known_when_all_is_archived(log: EventLog) -> None:
    await log.append("a", notes(1, 2))
    await log.archive("a")
    await log.close()
    async with await EventLog.open(log.path) as again:
        assert again.head == 2
        result = await again.append("a", notes(3), expected=2)
        assert result.first_seq == 3


async def test_long_streams_become_several_blocks(log: EventLog) -> None:
    await log.append("a", notes(*range(2000)))
    await log.append("b", notes("between"))
    await log.append("a", [note("x" * 15_000) for _ in range(200)])
    before = await everything(log, limit=101)
    assert await log.archive("a") == 2200
    assert await everything(log, limit=101) == before
    report = await log.verify()
    assert report.ok
    assert report.segments > 5


async def test_readers_see_every_event_once_while_it_moves(log: EventLog) -> None:
    await asyncio.gather(*(log.append(f"s{n % 5}", notes(n)) for n in range(4000)))
    wanted = [*range(1, 4001)]
    rounds = 0

    async def read_on() -> None:
        nonlocal rounds
        while not archiving.done():
            start = random.randrange(3500)
            page = await log.read(start, limit=500)
            assert [e.seq for e in page] == wanted[start : start + 500]
            rounds += 1

    archiving = asyncio.gather(*(log.archive(f"s{n}") for n in range(5)))
    await asyncio.gather(read_on(), read_on())
    await archiving
    assert rounds > 2
    assert [e.seq for e in await everything(log)] == wanted


async def test_two_archivers_of_one_stream_lose_nothing(log: EventLog) -> None:
    await log.append("a", notes(*range(1500)))
    results = await asyncio.gather(log.archive("a"), log.archive("a"), return_exceptions=True)
    assert any(isinstance(result, int) for result in results)
    assert len(await everything(log)) == 1500
    assert (await log.verify()).ok
