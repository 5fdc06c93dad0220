"""Pages of a transcript: any way of reading it gives each item once, in order and whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from athena.projections.transcript import strings
from tests.support.athena import Athena, Client, make_repository

SCENARIO = """
say The beginning.
repeat 700:
    tool read: Step ${count} | found nothing
say There is a needle in the middle.
tool execute failed: make broken | a needle is why
plan [x] one  [ ] two
repeat 700:
    tool read: Later ${count} | found nothing
say-size 40KB
run yes filler | head -n 6000; echo a Pin | sed 's/$/ in the hay/'; yes after | head -n 6000
say The end.

turn 2:
    say The second turn.
"""
SAID = ["message", "toolCall"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    root = tmp_path_factory.mktemp("athena")
    (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
    athena = Athena(root)
    with athena.client() as client:
        project = str(make_repository(root / "repository"))
        prompt = f"first\n```scenario{SCENARIO}```"
        client.call("athena/agent/spawn", name="long", prompt=prompt, project=project)
        client.until("long", "idle", timeout=60)
        client.call("athena/agent/prompt", agent="long", text="second")
        client.until("long", "idle")
        yield client
    athena.stop()


def pages(client: Client, **asked: object) -> list[list[dict[str, Any]]]:
    """The items of all pages from the end to the beginning, oldest page first."""
    found: list[list[dict[str, Any]]] = []
    before: dict[str, int] = {}
    while True:
        page = client.call("athena/transcript/page", agent="long", **asked, **before)
        found.insert(0, page["items"])
        if page.get("before") is None:
            return found
        before = {"before": page["before"]}


def forward(client: Client, **asked: object) -> list[dict[str, Any]]:
    """The items of all pages from the beginning to the end."""
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = client.call("athena/transcript/page", agent="long", after=after, **asked)
        found += page["items"]
        after = page.get("after")
    return found


def ids(*pages: list[dict[str, Any]]) -> list[str]:
    return [item["itemId"] for page in pages for item in page]


@pytest.mark.parametrize("limit", [1000, 331])
def test_pages_hold_each_item_once_in_order(client: Client, limit: int) -> None:
    events = [e for e in client.events("long") if e["kind"] in ("itemStarted", "itemCompleted")]
    whole = list(dict.fromkeys(e["data"]["itemId"] for e in events))
    assert len(whole) > 1400
    back = pages(client, limit=limit)
    assert ids(*back) == whole
    assert all(len(page) == limit for page in back[1:])
    assert not any(item["open"] for page in back for item in page)
    there = forward(client, limit=limit)
    assert ids(there) == whole
    assert not any(item["open"] for item in there)
    first = client.call("athena/transcript/page", agent="long", after=0, limit=limit)
    assert "before" not in first


def test_what_is_found_is_whole_wherever_it_is(client: Client) -> None:
    [found] = pages(client, find="NEEDLE", types=SAID, limit=500)
    assert [i["item"].get("text") or i["item"]["title"] for i in found] == [
        "There is a needle in the middle.",
        "make broken",
    ]
    assert all(item["endedAt"] >= item["at"] and not item["open"] for item in found)
    one_by_one = pages(client, find="needle", types=SAID, limit=1)
    assert ids(*one_by_one) == ids(found)


def test_types_and_turns_are_found_far_from_the_end(client: Client) -> None:
    [prompts] = pages(client, types=["userMessage"], limit=50)
    assert [item["item"]["content"][0]["text"].split()[0] for item in prompts] == [
        "first",
        "second",
    ]
    [plans] = pages(client, types=["plan"], limit=50)
    assert len(plans) == 1
    [second] = pages(client, turnId=prompts[1]["turnId"], limit=50)
    assert [item["item"]["type"] for item in second] == ["userMessage", "message"]


def test_a_page_in_the_middle_of_a_long_turn_names_its_turn(client: Client) -> None:
    page = client.call("athena/transcript/page", agent="long", limit=10)
    before = client.call("athena/transcript/page", agent="long", limit=10, before=page["before"])
    [turn] = before["turns"]
    assert turn["stopReason"] == "endTurn" and turn["endedAt"] > turn["startedAt"]


@pytest.mark.parametrize("limit", [1, 300])
@pytest.mark.parametrize("asked", [{"find": "NEEDLE"}, {"types": ["plan"]}, {"find": "nowhere"}])
def test_what_is_found_from_the_beginning_is_the_same(
    client: Client, limit: int, asked: dict[str, object]
) -> None:
    assert forward(client, limit=limit, **asked) == [
        item for page in pages(client, **asked) for item in page
    ]


def test_a_long_text_is_cut_in_pages_and_whole_by_itself(client: Client) -> None:
    found = [i for page in pages(client, types=["message"], limit=500) for i in page]
    [cut] = [item for item in found if item["truncated"]]
    item = client.call("athena/item/get", agent="long", itemId=cut["itemId"])
    assert not item["truncated"]
    assert len(cut["item"]["text"]) < 1000 < 40_000 <= len(item["item"]["text"])


@pytest.mark.parametrize("limit", [1, 100])
def test_words_in_the_middle_of_a_long_text_are_found_and_shown(client: Client, limit: int) -> None:
    [item] = [i for page in pages(client, find="pin in", limit=limit) for i in page]
    assert item["truncated"] and not item["open"]
    shown = [text for text in strings(item["item"]) if "Pin in" in text]
    assert shown
    for text in shown:
        assert "filler\na Pin in the hay\nafter\n" in text
        assert (text[0], text[-1]) == ("…", "…") and len(text) < 1000
    assert forward(client, find="PIN IN", limit=limit) == [item]
