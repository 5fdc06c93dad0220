"""Reading: by the whole log, by stream, forwards and backwards, in pages without holes."""

from __future__ import annotations

import asyncio

from athena.log import EventLog, NewEvent, StreamHead, rows
from tests.log.samples import everything, note, notes, told


async def test_pages_forwards(log: EventLog) -> None:
    await log.append("a", notes(*range(10)))
    assert [e.seq for e in await log.read(0, limit=3)] == [1, 2, 3]
    assert [e.seq for e in await log.read(3, limit=3, upto=5)] == [4, 5]
    assert [e.seq for e in await log.read(10)] == []
    assert [e.seq for e in await log.read(0, limit=0)] == []
    assert len(await everything(log, limit=3)) == 10


async def test_filters_by_stream_and_kind(log: EventLog) -> None:
    for n in range(6):
        await log.append(f"s{n % 3}", [note(n, "odd" if n % 2 else "even")])
    assert told(await log.read(streams=["s0", "s2"])) == [
        "1 s0@1 even 0",
        "3 s2@1 even 2",
        "4 s0@2 odd 3",
        "6 s2@2 odd 5",
    ]
    assert [e.seq for e in await log.read(streams=["s0", "s2"], kinds=["odd"])] == [4, 6]
    assert [e.seq for e in await log.read(kinds=["odd"], limit=2)] == [2, 4]
    assert await log.read(streams=["nobody"]) == []
    assert await log.read(streams=[]) == []
    assert await log.read(kinds=[]) == []


async def test_a_filter_far_from_the_head_finds_the_same(log: EventLog) -> None:
    for start in range(0, rows.NEAR_EVENTS + 1000, 500):
        await asyncio.gather(
            *(log.append(f"s{n % 7}", [note(n)]) for n in range(start, start + 500))
        )
    wanted = [e.seq for e in await everything(log) if e.stream in ("s1", "s4")]
    found: list[int] = []
    while page := await log.read(found[-1] if found else 0, streams=["s4", "s1"], limit=97):
        found += [e.seq for e in page]
    assert found == wanted


async def test_pages_of_one_stream_from_both_ends(log: EventLog) -> None:
    await log.append("other", notes("x"))
    await log.append("a", [note(n, "odd" if n % 2 else "even") for n in range(1, 8)])
    assert [e.version for e in await log.read_stream("a", limit=3)] == [1, 2, 3]
    assert [e.version for e in await log.read_stream("a", after_version=5)] == [6, 7]
    assert [e.version for e in await log.read_stream_back("a", limit=2)] == [7, 6]
    assert [e.version for e in await log.read_stream_back("a", before_version=3)] == [2, 1]
    assert [e.version for e in await log.read_stream_back("a", kinds=["odd"])] == [7, 5, 3, 1]
    assert await log.read_stream("nobody") == []
    assert await log.read_stream_back("nobody") == []


async def test_what_events_say_under_some_names(log: EventLog) -> None:
    long = "x" * 20_000
    said: list[dict[str, object]] = [
        {"one": "a", "two": "b"},
        {"one": "a", "two": "b", "more": {"one": "no"}},
        {"two": "b", "one": "a"},
        {"one": 'quo"ted', "two": "b"},
        {"one": "back\\slash", "two": "b"},
        {"one": "a", "more": {"two": "no"}},
        {"one": "a", "two": None},
        {"one": "a", "two": 3},
        {"one": "ünï", "two": ""},
        {"more": long, "one": "a", "two": "b"},
    ]
    await log.append("a", [NewEvent("kept", data) for data in said])
    await log.append("a", [NewEvent("other", {"one": "a", "two": "b"})])
    wanted = [(n, data.get("one"), data.get("two")) for n, data in enumerate(said, 1)]

    async def found(**where: int) -> list[tuple[object, ...]]:
        mentions = await log.read_mentions("a", ("one", "two"), kinds=["kept"], **where)
        return [(version, *members) for version, _, *members in mentions]

    assert await found() == wanted
    assert await found(after_version=2, limit=3) == wanted[2:5]
    await log.archive("a")
    assert await found() == wanted
    assert await found(after_version=2, limit=3) == wanted[2:5]


async def test_a_page_is_limited_in_bytes(log: EventLog) -> None:
    for start in range(0, 2000, 100):
        await log.append(f"s{start % 300}", [note("x" * 16_000) for _ in range(100)])
    pages = [await log.read(0, limit=5000)]
    while page := await log.read(pages[-1][-1].seq, limit=5000):
        pages.append(page)
    assert [e.seq for page in pages for e in page] == [*range(1, 2001)]
    assert len(pages) == 2
    back = await log.read_stream_back("s0", limit=5000)
    assert 0 < len(back) * 16_000 < rows.PAGE_BYTES + 20_000


def test_a_page_has_no_holes_where_one_source_is_cut() -> None:
    def row(seq: int, size: int) -> rows.RawEvent:
        return (seq, "s", seq, 0, "k", 1, "x" * size, None)

    page = rows.Page(10, max_bytes=100)
    page.add([row(1, 60), row(3, 60), row(5, 1)])
    page.add([row(2, 10), row(4, 10)])
    assert [r[0] for r in page.rows] == [1]  # 2 would be right too, 4 without 3 would not
    assert page.full
    assert page.ends_before(2)

    backwards = rows.Page(3, backwards=True)
    backwards.add([row(9, 1), row(5, 1)])
    backwards.add([row(8, 1), row(2, 1)])
    assert [r[0] for r in backwards.rows] == [9, 8, 5]


async def test_the_bell_wakes_all_followers_after_the_commit(log: EventLog) -> None:
    seen: list[list[int]] = [[] for _ in range(10)]

    async def follow(mine: list[int]) -> None:
        while len(mine) < 50:
            await log.wait_beyond(mine[-1] if mine else 0)
            mine += [e.seq for e in await log.read(mine[-1] if mine else 0)]

    following = asyncio.gather(*(follow(mine) for mine in seen))
    for n in range(50):
        await log.append("a", notes(n))
    await asyncio.wait_for(following, 10)
    assert seen == [[*range(1, 51)]] * 10


async def test_streams_and_their_versions(log: EventLog) -> None:
    await log.append("task/1", notes(4))
    await log.append("agent/2", notes(3))
    await log.append("agent/1", notes(1, 2))
    assert await log.streams("agent/") == [
        StreamHead("agent/2", 1, 0),
        StreamHead("agent/1", 2, 0),
    ]
    assert [head.stream for head in await log.streams()] == ["task/1", "agent/2", "agent/1"]
    assert (await log.version("agent/1"), await log.version("nobody")) == (2, 0)


async def test_positions_of_followers(log: EventLog) -> None:
    assert await log.position("replica") == 0
    await log.append("a", notes(1, 2))
    await log.set_position("replica", 1)
    await log.set_position("replica", 2)
    assert await log.position("replica") == 2
    assert await log.positions() == {"replica": 2}


async def test_snapshots_are_kept_by_name_key_and_schema(log: EventLog) -> None:
    await log.append("a", notes(*range(5)))
    await log.save_snapshot("costs", "a", 3, b"state" * 1000, schema=2)
    await log.save_snapshot("costs", "b", 4, b"other", schema=2)
    found = await log.load_snapshot("costs", "a", schema=2)
    assert found is not None and (found.seq, found.data) == (3, b"state" * 1000)
    assert await log.load_snapshot("costs", "a", schema=1) is None
    assert sorted(await log.load_snapshots("costs", schema=2)) == ["a", "b"]
    assert sorted(await log.load_snapshots("costs", ["b", "c"], schema=2)) == ["b"]
    await log.drop_snapshots("costs", "a")
    assert sorted(await log.load_snapshots("costs", schema=2)) == ["b"]
    await log.drop_snapshots("costs")
    assert await log.load_snapshots("costs", schema=2) == {}
