"""Following the log: a snapshot and what comes after it, filters, pages, and falling behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from athena.app.follow import MOST_BEHIND
from athena.log import EventLog, NewEvent
from athena.protocol import events as e
from athena.protocol.spec import AgentSpec, WorkspaceSpec
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync


@pytest.fixture
def other(shared: Athena) -> Iterator[Client]:
    """A second client, for what the first one follows."""
    with shared.client() as client:
        yield client


def batches(client: Client, upto: int) -> list[Json]:
    """The notifications of a subscription until one reaches the position `upto`."""
    found: list[Json] = []
    for method, params in client.raw.notifications(timeout=20):
        assert isinstance(params, dict)
        assert method == "athena/event/batch", method
        found.append(params)
        if params["cursor"] >= upto:
            return found
    raise AssertionError(f"silence before {upto}: {[b['cursor'] for b in found]}")


def seqs(found: list[Json]) -> list[int]:
    return [event["seq"] for batch in found for event in batch["events"]]


def test_a_snapshot_and_all_that_follows(client: Client, other: Client, folder: Path) -> None:
    agent = spawn(client, folder)["id"]
    client.until(agent, "idle")
    opened = client.call("athena/event/subscribe")
    (seen,) = [a for a in opened["agents"] if a["id"] == agent]
    assert (seen["status"], seen["name"]) == ("idle", client.agent(agent)["name"])
    done = [other.call("athena/agent/rename", agent=agent, name=f"n{n}") for n in range(20)]
    found = batches(client, done[-1]["seq"])
    assert seqs(found) == list(range(opened["cursor"] + 1, done[-1]["seq"] + 1))
    assert found[-1]["agents"][-1]["name"] == "n19"


def test_from_a_cursor_on_there_is_no_snapshot(client: Client, other: Client, folder: Path) -> None:
    agent = spawn(client, folder)["id"]
    client.until(agent, "idle")
    head = client.call("athena/agent/list")["cursor"]
    opened = client.call("athena/event/subscribe", cursor=head - 3)
    assert (opened["cursor"], opened.get("agents")) == (head - 3, None)
    assert seqs(batches(client, head))[:3] == [head - 2, head - 1, head]


def test_filters_by_agent_and_by_kind(client: Client, other: Client, folder: Path) -> None:
    one, two = (spawn(client, folder)["id"] for _ in range(2))
    for agent in (one, two):
        client.until(agent, "idle")
    client.call("athena/event/subscribe", agents=[one], kinds=["agentRenamed"])
    other.call("athena/agent/prompt", agent=one, text=scenario("say hi"))
    other.call("athena/agent/rename", agent=two, name="not-me")
    other.until(one, "idle")
    last = other.call("athena/agent/rename", agent=one, name="me")["seq"]
    found = batches(client, last)
    assert [(v["agentId"], v["kind"]) for b in found for v in b["events"]] == [
        (one, "agentRenamed")
    ]


def test_one_who_wants_few_notifications_gets_few(
    client: Client, other: Client, folder: Path
) -> None:
    agent = spawn(client, folder)["id"]
    client.until(agent, "idle")
    client.call("athena/event/subscribe", intervalMs=2000)
    for n in range(100):
        last = other.call("athena/agent/rename", agent=agent, name=f"q{n}")
    found = batches(client, last["seq"])
    kinds = [event["kind"] for batch in found for event in batch["events"]]
    assert kinds.count("agentRenamed") == 100
    assert len(found) <= 4


def test_pages_from_both_ends_are_the_same_events(client: Client, folder: Path) -> None:
    one, two = (spawn(client, folder, "say a\nsay b\nsay c")["id"] for _ in range(2))
    for agent in (one, two):
        client.until(agent, "idle")
    for chosen in ({}, {"agent": one}, {"agent": two, "kinds": ["itemCompleted", "turnEnded"]}):
        forwards = [*pages(client, chosen, after=0)]
        backwards = [*pages(client, chosen, before=client.call("athena/agent/list")["cursor"] + 1)]
        assert len(forwards) > 1 and len(backwards) > 1
        assert [s for page in forwards for s in page] == [
            s for page in reversed(backwards) for s in page
        ]


def pages(client: Client, chosen: Json, **position: int) -> Iterator[list[int]]:
    """Positions of events by pages of three, from one end until there are no more."""
    ((end, at),) = position.items()
    while True:
        page = client.call("athena/event/list", limit=3, **chosen, **{end: at})
        if page["events"]:
            yield [event["seq"] for event in page["events"]]
        if not page["more"]:
            return
        at = page["cursor"]


def test_a_client_reads_its_own_writes(client: Client, folder: Path) -> None:
    agent = spawn(client, folder)["id"]
    for n in range(50):
        done = client.call("athena/agent/rename", agent=agent, name=f"w{n}")
        assert client.agent(f"w{n}")["version"] >= done["version"]
        assert client.call("athena/agent/list")["cursor"] >= done["seq"]
        page = client.call("athena/event/list", before=done["seq"] + 1, limit=1)
        assert page["events"][0]["data"] == {"name": f"w{n}"}


def test_a_snapshot_is_never_older_than_its_cursor(athena: Athena, folder: Path) -> None:
    """With one agent in the log, its version is the position of its last event."""
    with athena.client() as writer, athena.client() as reader:
        agent = spawn(writer, folder)["id"]
        writer.until(agent, "idle")
        over = threading.Event()

        def rename() -> None:
            n = 0
            while not over.is_set():
                n += 1
                writer.call("athena/agent/rename", agent=agent, name=f"r{n}")

        thread = threading.Thread(target=rename)
        thread.start()
        try:
            for _ in range(300):
                opened = reader.call("athena/event/subscribe", kinds=["nothing"])
                assert opened["agents"][0]["version"] >= opened["cursor"]
                listed = reader.call("athena/agent/list")
                assert listed["agents"][0]["version"] >= listed["cursor"]
                reader.call("athena/event/unsubscribe", subscriptionId=opened["subscriptionId"])
        finally:
            over.set()
            thread.join()


OLD, NEW = "oldagent", "newagent"


@pytest.fixture
def long_log(tmp_path: Path) -> Iterator[Athena]:
    """An Athena with a past: an old agent with more events than anybody catches up with."""
    athena = Athena(tmp_path / "athena")
    athena.state.mkdir(mode=0o700)

    async def write() -> None:
        async with await EventLog.open(athena.state / "athena.db") as log:
            for name in (OLD, NEW):
                await log.append(name, [spawned(name, tmp_path), event(e.AgentStopped(how="stop"))])
            renamed = event(e.AgentRenamed(name="again"))
            for _ in range(MOST_BEHIND // 1000 + 1):
                await log.append(OLD, [renamed] * 1000)
            await log.append(NEW, [event(e.AgentRenamed(name="recent"))])

    asyncio.run(write())
    athena.start()
    yield athena
    athena.stop()


def spawned(name: str, place: Path) -> NewEvent:
    workspace = WorkspaceSpec(kind="none")
    spec = AgentSpec(name=name, harness="scripted", project=str(place), workspace=workspace)
    return event(e.AgentSpawned(spec=spec, by="test"))


def event(data: e.EventData) -> NewEvent:
    return NewEvent(kind=data.KIND, data=data.wire(), v=data.VERSION)


def test_who_is_hopelessly_behind_begins_anew(long_log: Athena) -> None:
    with long_log.client() as client:
        opened = client.call("athena/event/subscribe", cursor=0)
        method, params = next(iter(client.raw.notifications(timeout=20)))
        assert (method, params) == (
            "athena/event/lagged",
            {
                "subscriptionId": opened["subscriptionId"],
                "cursor": 0,
                "head": client.call("athena/agent/list")["cursor"],
            },
        )
        again = client.call("athena/event/subscribe")
        assert again["cursor"] == params["head"]
        assert {a["id"] for a in again["agents"]} == {OLD, NEW}
        done = client.call("athena/agent/rename", agent=NEW, name="after-all")
        assert seqs(batches(client, done["seq"])) == [done["seq"]]


def test_what_others_did_does_not_count_as_behind(long_log: Athena) -> None:
    with long_log.client() as client:
        head = client.call("athena/agent/list")["cursor"]
        client.call("athena/event/subscribe", cursor=0, agents=[NEW])
        found = batches(client, head)
        assert [v["kind"] for b in found for v in b["events"]] == [
            "agentSpawned",
            "agentStopped",
            "agentRenamed",
        ]
        client.call("athena/event/subscribe", cursor=0, agents=[OLD])
        assert next(iter(client.raw.notifications(timeout=20)))[0] == "athena/event/lagged"


def test_the_prompt_that_is_watched_is_not_preceded_by_the_past(
    shared: Athena, client: Client, folder: Path
) -> None:
    agent = spawn(client, folder, "say of the past\nother turns:\n    say of today")["id"]
    client.until(agent, "idle")
    shown = shared.run("prompt", agent, "--watch", "go on")
    assert "of today" in shown
    assert "of the past" not in shown
    until_sync(lambda: client.agent(agent)["status"] == "idle")
