"""The context cache: right states, few reads, bounded bytes, warm again after a start."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from athena.log import EventLog, Fold, LogUnavailable, NewEvent, StateCache, StoredEvent
from tests.log.samples import notes

State = dict[str, object]


def evolve(state: State, event: StoredEvent) -> State:
    total = int(str(state["total"])) + int(str(event.data["text"]))
    return {**state, "total": total, "count": int(str(state["count"])) + 1}


def a_fold(schema: int = 1, pad: int = 0) -> Fold[State]:
    return Fold(
        name="sums",
        initial=lambda stream: {"stream": stream, "total": 0, "count": 0, "pad": "x" * pad},
        evolve=evolve,
        encode=lambda state: json.dumps(state).encode(),
        decode=json.loads,
        schema=schema,
    )


async def test_a_state_holds_every_event_on_the_disk(log: EventLog) -> None:
    cache = StateCache(log, a_fold())
    assert await cache.get("a") == ({"stream": "a", "total": 0, "count": 0, "pad": ""}, 0)
    await log.append("a", notes(1, 2))
    state, version = await cache.get("a")
    assert (state["total"], state["count"], version) == (3, 2, 2)
    assert cache.peek("a") == state
    assert cache.peek("b") is None
    assert (cache.metrics.hits, cache.metrics.misses) == (1, 1)
    assert cache.metrics.hit_rate == 0.5


async def test_a_hit_reads_nothing(log: EventLog) -> None:
    cache = StateCache(log, a_fold())
    await log.append("a", notes(1))
    await cache.get("a")
    reads = log.metrics.reads
    for _ in range(10):
        await cache.get("a")
    assert log.metrics.reads == reads
    assert cache.metrics.hits == 10


async def test_callers_at_the_same_time_share_the_work(log: EventLog) -> None:
    cache = StateCache(log, a_fold())
    await log.append("a", notes(*range(3000)))
    states = await asyncio.gather(*(cache.get("a") for _ in range(20)))
    assert {version for _, version in states} == {3000}
    assert {state["count"] for state, _ in states} == {3000}
    assert (cache.metrics.misses, cache.metrics.hits) == (1, 19)
    assert cache.metrics.events_folded == 3000


async def test_the_least_recently_used_make_room(log: EventLog) -> None:
    for n in range(10):
        await log.append(f"s{n}", notes(n))
    cache = StateCache(log, a_fold(pad=1000), max_bytes=4500)
    for n in range(4):
        await cache.get(f"s{n}")
    await cache.get("s0")
    await cache.get("s4")
    assert [n for n in range(10) if cache.peek(f"s{n}")] == [0, 2, 3, 4]
    assert (cache.metrics.evictions, cache.metrics.entries) == (1, 4)
    assert 4000 < cache.metrics.bytes <= 4500

    # What had to go left a snapshot: coming back folds nothing.
    folded = cache.metrics.events_folded
    assert (await cache.get("s1"))[0]["total"] == 1
    assert cache.metrics.events_folded == folded
    assert cache.metrics.snapshots_loaded == 1


async def test_one_state_larger_than_the_limit_is_still_served(log: EventLog) -> None:
    cache = StateCache(log, a_fold(pad=10_000), max_bytes=100)
    await log.append("a", notes(1))
    await log.append("b", notes(2))
    assert (await cache.get("a"))[0]["total"] == 1
    assert (await cache.get("b"))[0]["total"] == 2
    assert cache.metrics.entries == 1


async def test_warm_after_a_start(path: Path) -> None:
    async with await EventLog.open(path) as log:
        cache = StateCache(log, a_fold(), snapshot_every=100)
        for n in range(5):
            await log.append(f"s{n}", notes(*range(n * 50)))
            await cache.get(f"s{n}")
        assert cache.metrics.snapshots_saved == 3
        await log.append("s4", notes(7, 7))
    async with await EventLog.open(path) as log:
        cache = StateCache(log, a_fold(), snapshot_every=100)
        assert await cache.warm([f"s{n}" for n in range(6)]) == 6
        assert cache.metrics.snapshots_loaded == 3
        assert cache.metrics.events_folded == 50 + 2
        assert cache.metrics.misses == 0
        state, version = await cache.get("s4")
        assert (state["total"], version) == (sum(range(200)) + 14, 202)
        assert cache.metrics.hits == 1


async def test_warming_stops_at_the_limit(log: EventLog) -> None:
    for n in range(10):
        await log.append(f"s{n}", notes(n))
    cache = StateCache(log, a_fold(pad=1000), max_bytes=3500)
    assert await cache.warm([f"s{n}" for n in range(10)]) == 3
    assert cache.metrics.bytes <= 3500


async def test_flush_leaves_nothing_to_fold(log: EventLog) -> None:
    await log.append("a", notes(1, 2, 3))
    first = StateCache(log, a_fold())
    await first.get("a")
    await first.flush()
    second = StateCache(log, a_fold())
    assert (await second.get("a"))[0]["total"] == 6
    assert second.metrics.events_folded == 0


async def test_snapshots_of_another_schema_are_not_used(log: EventLog) -> None:
    await log.append("a", notes(1, 2, 3))
    first = StateCache(log, a_fold())
    await first.get("a")
    await first.flush()
    second = StateCache(log, a_fold(schema=2))
    assert (await second.get("a"))[0]["total"] == 6
    assert second.metrics.events_folded == 3


async def test_archived_streams_fold_the_same(log: EventLog) -> None:
    await log.append("a", notes(*range(1500)))
    await log.archive("a")
    await log.append("a", notes(1))
    state, version = await StateCache(log, a_fold()).get("a")
    assert (state["total"], version) == (sum(range(1500)) + 1, 1501)


async def test_a_log_that_cannot_be_written_is_still_folded(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", [NewEvent("n", {"text": n}) for n in range(500)])
        path.rename(path.with_name("moved.db"))
        try:
            await log.append("a", notes(1))
        except LogUnavailable:
            pass
        else:
            raise AssertionError("the log did not notice that its file is gone")
        cache = StateCache(log, a_fold(), snapshot_every=10)
        path.with_name("moved.db").rename(path)
        assert (await cache.get("a"))[1] == 500
        assert cache.metrics.snapshots_saved == 0
