"""Words in long texts are found wherever they stand, and what is around them is shown."""

from __future__ import annotations

import tracemalloc
from typing import cast

import pytest

from athena.log import EventLog, NewEvent, with_heads
from athena.log.searching import EXCERPT_BEFORE, EXCERPT_CHARACTERS, PIECE_BYTES
from tests.log.samples import note

FILL = "a line of output\n" * 2000


async def shown(log: EventLog, find: str) -> list[str]:
    """The texts of the stream as a page of a search shows them, oldest first."""
    back = await log.read_stream_back("a", find=find)
    texts = [cast("str", with_heads(event.data)["text"]) for event in back]
    forth = await log.read_stream("a", find=find)
    assert [with_heads(event.data)["text"] for event in reversed(forth)] == texts
    return texts[::-1]


@pytest.mark.parametrize(
    ("text", "find", "expected"),
    [
        ("short with a Needle", "needle", "short with a Needle"),
        (f"a needle first {FILL}", "NEEDLE", f"a needle first {FILL}"[:512] + "…"),
        (FILL + "nothing", "needle", FILL[:512] + "…"),
        (FILL + "the Needle at the end", "needle", "…" + FILL[-156:] + "the Needle at the end"),
        ("x" * 509 + "needle" + FILL, "needle", f"…{'x' * 160}needle{FILL[:346]}…"),
        ("İ" * 20_000 + "needle" + FILL, "needle", f"…{'İ' * 160}needle{FILL[:346]}…"),
        ("😀" * 20_000 + "ΝΕΕΔΛΕΣ" + FILL, "νεεδλεσ", f"…{'😀' * 160}ΝΕΕΔΛΕΣ{FILL[:345]}…"),
        ("\ud800" * 9000 + "needle", "needle", "…" + "\ud800" * 160 + "needle"),
        ("x" * 20_000 + "y" * 600, "y" * 600, "…" + "x" * 160 + "y" * 600),
    ],
)
async def test_what_stands_around_the_words(
    log: EventLog, text: str, find: str, expected: str
) -> None:
    await log.append("a", [note(text)])
    assert await shown(log, find) == [expected]
    await log.archive("a")
    assert await shown(log, find) == [expected]


async def test_words_are_found_across_the_pieces_that_a_text_is_read_in(log: EventLog) -> None:
    places = range(PIECE_BYTES - 8, PIECE_BYTES + 2)
    await log.append("a", [note("." * place + "needle" + FILL) for place in places])
    for text in await shown(log, "needle"):
        assert text == "…" + "." * EXCERPT_BEFORE + "needle" + FILL[:346] + "…"
        assert len(text) == EXCERPT_CHARACTERS + 2


async def test_a_marker_of_the_users_own_is_searched_as_it_is(log: EventLog) -> None:
    secret = await log.put_blob(b"needle" * 9999)
    await log.append("a", [NewEvent("said", {"raw": {"$blob": secret}, "long": FILL})])
    [found] = await log.read_stream("a", find="needle")
    assert with_heads(found.data) == {"raw": {"$$blob": secret}, "long": FILL[:512] + "…"}


async def test_a_search_holds_little_at_a_time(log: EventLog) -> None:
    """An agent of 50 MB in one text, and one in many: neither is in memory as a whole."""
    await log.append("a", [note("." * (50 << 20) + "needle")])
    for n in range(10):
        await log.append("a", [note(f"{n} " + "." * (5 << 20) + "needle")])
    tracemalloc.start()
    first = await log.read_stream_back("a", find="needle")
    rest = await log.read_stream_back("a", before_version=first[-1].version, find="needle")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rest, "nobody waits until all of it was searched"
    assert len(first + rest) == 11
    assert all("needle" in str(event.data) for event in first + rest)
    assert peak < 4_000_000
