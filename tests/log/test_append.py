"""What an append promises: all of it or nothing, once, in order, and nobody else's harm."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from athena.log import (
    Batch,
    EventLog,
    Ingest,
    IngestConflict,
    LogClosed,
    NewEvent,
    OutFrame,
    VersionConflict,
)
from tests.log.samples import everything, note, notes, told


async def test_seq_is_global_and_version_is_per_stream(log: EventLog) -> None:
    first = await log.append("a", notes("one", "two"))
    second = await log.append("b", notes("three"))
    third = await log.append("a", notes("four"), expected=2)

    assert (first.first_seq, first.last_seq, first.versions) == (1, 2, {"a": 2})
    assert (second.first_seq, second.versions) == (3, {"b": 1})
    assert (third.count, third.versions) == (1, {"a": 3})
    assert log.head == 4
    assert told(await log.read()) == [
        "1 a@1 noted one",
        "2 a@2 noted two",
        "3 b@1 noted three",
        "4 a@3 noted four",
    ]


async def test_the_clock_stamps_events_that_bring_no_time(path: Path) -> None:
    async with await EventLog.open(path, clock=lambda: 1_700_000_000_000) as log:
        result = await log.append("a", [NewEvent("k", {}), NewEvent("k", {}, at=5)])
        assert result.at == 1_700_000_000_000
        assert [event.at for event in await log.read()] == [1_700_000_000_000, 5]


async def test_a_wrong_expectation_writes_nothing(log: EventLog) -> None:
    await log.append("a", notes("one"), expected=0)
    with pytest.raises(VersionConflict) as caught:
        await log.append(
            "a", notes("lost"), expected=0, command_id="c", ingest=Ingest("r", 9, b"m")
        )
    assert (caught.value.stream, caught.value.expected, caught.value.actual) == ("a", 0, 1)
    assert await log.ingest_state("r") is None
    assert not (await log.append("a", notes("two"), expected=1, command_id="c")).duplicate
    assert told(await log.read()) == ["1 a@1 noted one", "2 a@2 noted two"]


async def test_a_conflict_fails_alone_in_its_group(log: EventLog) -> None:
    results = await asyncio.gather(
        *(log.append("s", notes(n), expected=0) for n in range(5)),
        *(log.append(f"s{n}", notes(n), expected=0) for n in range(5)),
        return_exceptions=True,
    )
    assert log.metrics.groups == 1
    assert [type(result).__name__ for result in results] == (
        ["Appended", *["VersionConflict"] * 4, *["Appended"] * 5]
    )
    assert [event.seq for event in await log.read()] == [1, 2, 3, 4, 5, 6]


async def test_what_the_database_refuses_fails_alone_in_its_group(log: EventLog) -> None:
    results = await asyncio.gather(
        log.append("a", notes("one")),
        log.append("b", [NewEvent("k", {}, at=1 << 70)]),
        log.append("half a pair \ud800", notes("two")),
        log.append("a", notes("three")),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == [
        "Appended",
        "OverflowError",
        "UnicodeEncodeError",
        "Appended",
    ]
    assert told(await log.read()) == ["1 a@1 noted one", "2 a@2 noted three"]
    assert (await log.verify()).ok


async def test_several_streams_at_once_or_not_at_all(log: EventLog) -> None:
    await log.append_many([Batch("a", notes(1)), Batch("b", notes(2)), Batch("a", notes(3), 1)])
    with pytest.raises(VersionConflict):
        await log.append_many([Batch("b", notes("lost")), Batch("a", notes("lost"), expected=1)])
    assert told(await log.read()) == ["1 a@1 noted 1", "2 b@1 noted 2", "3 a@2 noted 3"]


async def test_a_command_is_carried_out_once(path: Path) -> None:
    async with await EventLog.open(path) as log:
        both = await asyncio.gather(
            log.append("a", notes("one", "two"), command_id="c"),
            log.append("a", notes("one", "two"), command_id="c"),
        )
        await log.append("a", notes("three"))
    async with await EventLog.open(path) as log:
        again = await log.append("b", notes("other"), command_id="c", expected=77)
        results = [*both, again]
        assert [result.duplicate for result in results] == [False, True, True]
        assert {(r.first_seq, r.last_seq, r.at, str(r.versions)) for r in results} == {
            (1, 2, both[0].at, "{'a': 2}")
        }
        assert [event.command_id for event in await log.read()] == ["c", "c", None]


async def test_a_command_without_events_is_remembered_too(log: EventLog) -> None:
    first = await log.append("a", [], command_id="c")
    assert (first.count, first.versions) == (0, {"a": 0})
    assert (await log.append("a", notes("late"), command_id="c")).duplicate
    assert await log.read() == []


async def test_ingest_and_outbox_belong_to_the_same_transaction(log: EventLog) -> None:
    frames = [OutFrame("run", 1, b"one"), OutFrame("run", 2, b"two")]
    await log.append("a", notes("x"), ingest=Ingest("run", 100, b"memory"), outbox=frames)

    assert await log.ingest_state("run") == Ingest("run", 100, b"memory")
    assert await log.outbox_after("run") == frames
    assert await log.outbox_after("run", 1) == frames[1:]

    await log.append("a", [], ingest=Ingest("run", 100, b"changed"))
    assert await log.ingest_state("run") == Ingest("run", 100, b"changed")
    assert (await log.runs(), await log.last_sent("run")) == (["run"], 2)


async def test_an_outbox_frame_alone_keeps_position_and_memory(log: EventLog) -> None:
    await log.append("a", [], ingest=Ingest("run", 100, b"memory"))
    await log.append("a", [], outbox=[OutFrame("run", 1, b"x"), OutFrame("other", 7, b"y")])
    assert await log.ingest_state("run") == Ingest("run", 100, b"memory")
    assert await log.ingest_state("other") == Ingest("other", 0, b"")


async def test_output_is_never_ingested_twice(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", notes("x"), ingest=Ingest("run", 100, b""))
    async with await EventLog.open(path) as log:
        with pytest.raises(IngestConflict):
            await log.append("a", notes("x again"), ingest=Ingest("run", 99, b""))
        assert told(await log.read()) == ["1 a@1 noted x"]


async def test_an_outbox_number_is_never_used_twice(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", [], outbox=[OutFrame("run", 1, b"one"), OutFrame("run", 2, b"two")])
        await log.forget_sent("run", 2)
        assert await log.outbox_after("run") == []
    async with await EventLog.open(path) as log:
        with pytest.raises(IngestConflict):
            await log.append("a", notes("lost"), outbox=[OutFrame("run", 2, b"two")])
        with pytest.raises(IngestConflict):
            twice = [OutFrame("run", 3, b""), OutFrame("run", 3, b"")]
            await log.append("a", notes("lost"), outbox=twice)
        await log.append("a", [], outbox=[OutFrame("run", 3, b"three")])
        assert await log.last_sent("run") == 3


async def test_a_forgotten_run_starts_anew(log: EventLog) -> None:
    await log.append("a", [], ingest=Ingest("run", 9, b""), outbox=[OutFrame("run", 1, b"")])
    await log.forget_run("run")
    assert (await log.ingest_state("run"), await log.outbox_after("run")) == (None, [])
    await log.append("a", [], ingest=Ingest("run", 1, b""), outbox=[OutFrame("run", 1, b"")])
    assert await log.ingest_state("run") == Ingest("run", 1, b"")


async def test_data_is_taken_as_it_was_when_appended(log: EventLog) -> None:
    data: dict[str, object] = {"text": "before"}
    writing = asyncio.ensure_future(log.append("a", [NewEvent("noted", data)]))
    await asyncio.sleep(0)
    data["text"] = "after"
    await writing
    assert told(await log.read()) == ["1 a@1 noted before"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
async def test_what_json_cannot_carry_is_refused(log: EventLog, value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        await log.append("a", [note(value)])
    assert log.head == 0


async def test_a_cancelled_append_harms_nobody(log: EventLog) -> None:
    writing = [asyncio.ensure_future(log.append("a", notes(n))) for n in range(20)]
    await asyncio.sleep(0)
    for task in writing[::2]:
        task.cancel()
    results = await asyncio.gather(*writing, return_exceptions=True)
    written = {str(event.data["text"]) for event in await everything(log)}
    assert all(str(n) in written for n in range(1, 20, 2))
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert (await log.verify()).ok


async def test_many_producers_share_a_commit(log: EventLog) -> None:
    async def produce(stream: str) -> None:
        for version in range(20):
            await log.append(stream, notes(version), expected=version)

    # One begins before the others: without care they would take turns, and double the commits.
    early = asyncio.ensure_future(produce("early"))
    while log.metrics.waiting == 0:
        await asyncio.sleep(0)
    while log.metrics.waiting:
        await asyncio.sleep(0)
    await asyncio.gather(early, *(produce(f"s{n}") for n in range(49)))
    assert log.head == 1000
    assert log.metrics.jobs == 1000
    assert log.metrics.groups < 30
    assert (await log.verify()).ok


async def test_closing_writes_what_waits_and_turns_away_the_rest(path: Path) -> None:
    log = await EventLog.open(path)
    writing = [asyncio.ensure_future(log.append("a", notes(n))) for n in range(10)]
    waiting = asyncio.ensure_future(log.wait_beyond(10))
    await asyncio.sleep(0)
    await log.close()
    assert [result.last_seq for result in await asyncio.gather(*writing)] == [*range(1, 11)]
    with pytest.raises(LogClosed):
        await waiting
    with pytest.raises(LogClosed):
        await log.append("a", notes("late"))
    with pytest.raises(LogClosed):
        await log.read()
    assert not path.with_name("athena.db-wal").exists()
