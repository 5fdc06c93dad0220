"""Where items are: their numbers, found by number, version, time and turn, as pages order them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from athena.log import Mention
from athena.projections.places import Places
from athena.relay.client import CallError
from tests.app.playing import scenario
from tests.support.athena import Athena, Client, make_repository

TURN = """
say The beginning.
repeat 300:
    tool read: Step ${count} | found nothing
say The end.
other turns:
    run true
    say And more.
"""
AGENT = "long"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    root = tmp_path_factory.mktemp("athena")
    (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
    athena = Athena(root)
    with athena.client() as client:
        project = str(make_repository(root / "repository"))
        client.call("athena/agent/spawn", name=AGENT, prompt=scenario(TURN), project=project)
        client.until(AGENT, "idle", timeout=60)
        yield client
    athena.stop()


def locate(client: Client, **asked: object) -> dict[str, Any]:
    return client.call("athena/transcript/locate", agent=AGENT, **asked)


def items(client: Client) -> list[dict[str, Any]]:
    """All items, in order."""
    return client.call("athena/transcript/page", agent=AGENT, limit=1000)["items"]


def go_on(client: Client) -> None:
    """One turn more."""
    client.call("athena/agent/prompt", agent=AGENT, text="Go on")
    client.until(AGENT, "idle")


def test_numbers_count_the_items_of_all_pages(client: Client) -> None:
    there = items(client)
    assert len(there) > 300
    for number in (1, 2, 150, len(there) - 1, len(there)):
        item = there[number - 1]
        place = locate(client, number=number)
        assert (place["version"], place["at"]) == (item["version"], item["at"])
        assert (place["number"], place["total"]) == (number, len(there))
        assert locate(client, version=item["version"]) == place
    # Between two beginnings it is the one before; beyond the ends the first or the last.
    assert locate(client, version=there[9]["version"] + 1)["number"] == 10
    assert locate(client, version=0)["number"] == 1
    assert locate(client, number=10_000) == locate(client)
    assert locate(client)["version"] == there[-1]["version"]


def test_a_page_before_and_one_after_are_around_a_place(client: Client) -> None:
    there = items(client)
    version = locate(client, number=151)["version"]
    around: list[dict[str, Any]] = []
    for where in ({"before": version + 1}, {"after": version}):
        around += client.call("athena/transcript/page", agent=AGENT, limit=20, **where)["items"]
    assert [i["itemId"] for i in around] == [i["itemId"] for i in there[131:171]]


def test_what_comes_later_has_the_next_numbers(client: Client) -> None:
    before = locate(client)
    go_on(client)
    there = items(client)
    assert len(there) == before["total"] + 3
    after = locate(client)
    assert (after["number"], after["version"]) == (len(there), there[-1]["version"])
    assert locate(client, at=before["at"] + 1)["number"] == before["number"] + 1
    assert locate(client, at=0)["number"] == 1
    assert locate(client, at=there[-1]["at"] + 1)["number"] == len(there)


def test_it_goes_by_turn(client: Client) -> None:
    go_on(client)
    there = items(client)
    turns = [i["turnId"] for i in there]
    begins = [n for n, turn in enumerate(turns, 1) if turn not in turns[: n - 1]]
    assert len(begins) >= 2
    assert locate(client, number=1, turns=1)["number"] == begins[1]
    assert locate(client, number=150, turns=-1)["number"] == begins[0]
    assert locate(client, turns=-1)["number"] == begins[-1]
    assert locate(client, turns=-2)["number"] == begins[-2]
    assert locate(client, number=begins[-1], turns=-1)["number"] == begins[-2]
    assert locate(client, number=1, turns=100)["number"] == len(there)
    assert locate(client, turns=-100)["number"] == 1


def test_an_item_and_the_beginning_of_a_turn_have_a_place(client: Client) -> None:
    there = items(client)
    for number in (1, 150, len(there)):
        item = there[number - 1]
        assert locate(client, itemId=item["itemId"]) == locate(client, number=number)
        turn = next(n for n, i in enumerate(there, 1) if i["turnId"] == item["turnId"])
        assert locate(client, turnId=item["turnId"])["number"] == turn
    for name in ("itemId", "turnId"):
        with pytest.raises(CallError, match="There is no item"):
            locate(client, **{name: "elsewhere"})


def test_a_turn_is_found_by_its_number(client: Client) -> None:
    go_on(client)
    there = items(client)
    agent, turns = there[0]["turnId"].rpartition(".")[0], client.agent(AGENT)["turns"]
    for turn in (1, turns - 1, turns):
        turn_id = f"{agent}.t{turn}"
        first = next(n for n, item in enumerate(there, 1) if item.get("turnId") == turn_id)
        place = locate(client, turn=turn)
        assert (place["number"], place["turn"], place["turnId"]) == (first, turn, turn_id)
    assert locate(client, number=150)["turn"] == 1
    assert locate(client, turn=turns + 5) == locate(client, turn=turns)
    assert locate(client, turn=2, turns=-1) == locate(client, number=1)
    with pytest.raises(CallError, match="not both"):
        locate(client, number=1, turn=1)


def test_one_place_is_asked_for_at_a_time(client: Client, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="not both"):
        locate(client, number=1, at=1)
    with pytest.raises(CallError, match="Give at or turnId, not both"):
        locate(client, at=1, turnId="t1")
    empty = make_repository(tmp_path / "project")
    silent = client.call("athena/agent/spawn", name="silent", project=str(empty))["id"]
    client.until(silent, "idle")
    with pytest.raises(CallError, match="Nothing was said"):
        client.call("athena/transcript/locate", agent=silent)


def test_an_agent_that_was_put_away_has_the_same_places(client: Client) -> None:
    before = [locate(client, number=n) for n in (1, 200, 303)]
    client.call("athena/agent/stop", agent=AGENT)
    client.until_status(AGENT, "done")
    agent = client.agent(AGENT)["id"]
    client.call("athena/agent/archive", agent=AGENT)
    after = [client.call("athena/transcript/locate", agent=agent, number=n) for n in (1, 200, 303)]
    assert after == before
    client.call("athena/agent/restore", agent=agent)


def test_an_item_is_counted_once_however_often_it_is_told_of() -> None:
    told: list[Mention] = [
        (3, 30, "prompt", "t1"),
        (4, 40, "call", "t1"),
        (5, 50, "note", None),
        (7, 70, "call", "t1"),
        (8, 80, "late", "t1"),
        (9, 60, "again", "t2"),
        (12, 90, "call", "t1"),
    ]
    places = Places("agent")
    for mention in told:
        places.add([mention])
    assert [places.version(n) for n in range(1, len(places) + 1)] == [3, 4, 5, 8, 9]
    assert places.upto == 12
    assert (places.by_item("late"), places.by_item("elsewhere")) == (4, None)
    assert (places.by_turn_id("t2"), places.by_turn_id("t3")) == (5, None)
    assert [places.by_turns(n, 1) for n in range(1, 6)] == [5, 5, 5, 5, 5]
    assert [places.by_turns(n, -1) for n in range(1, 6)] == [1, 1, 1, 1, 1]
    # The clock was set back; the first item that began then or later counts.
    assert [places.by_time(at) for at in (0, 41, 60, 81)] == [1, 3, 4, 5]


def test_turns_that_no_prompt_began_do_not_count() -> None:
    begun = [None, "run1.t1", "run1.t2", "agent.t3", "run2.t1", "run2.t9", "agent.t4", "agent.t6"]
    places = Places("agent")
    places.add((n, n, f"item{n}", turn) for n, turn in enumerate(begun, 1))
    told = [places.turn_of(n) for n in range(1, len(begun) + 1)]
    assert told[0] is None
    assert told[1:] == list(zip(begun[1:], [1, 2, 3, 3, 3, 4, 6], strict=True))
    assert [places.by_turn(n) for n in range(1, 8)] == [2, 3, 4, 7, 7, 8, 8]
    late = Places("agent")
    late.add([(1, 1, "item", "agent.t2")])
    assert late.by_turn(1) == 1
