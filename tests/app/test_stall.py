"""Which agents count as stalled, and which only take their time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from athena.app.stall import LEAST_CPU_SHARE, is_at_work
from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync

BURN = "import time\nwhile time.process_time() < 6: pass"


@pytest.fixture
def watched(athena: Athena) -> Iterator[Client]:
    """A client of a daemon for which a second of silence is long."""
    Path(athena.environment["ATHENA_CONFIG"]).write_text(
        "[daemon]\nstall_seconds = 1\n[archetype.patient]\nstall_seconds = 300\n"
    )
    with athena.client() as client:
        yield client


def kinds(client: Client, agent: str) -> list[str]:
    return [event["kind"] for event in client.events(agent)]


def test_silence_is_told_and_so_is_its_end(watched: Client, folder: Path) -> None:
    agent = spawn(watched, folder, "mark on\nlisten\non steered:\n    say awake")["id"]
    until_sync(lambda: watched.agent(agent)["stalled"])
    assert watched.agent(agent)["reason"] == "stalled"
    watched.call("athena/agent/steer", agent=agent, text="go on")
    assert not watched.until(agent, "idle")["stalled"]
    told = [kind for kind in kinds(watched, agent) if kind in ("agentStalled", "agentRecovered")]
    assert told == ["agentStalled", "agentRecovered"]


def tools_done(client: Client, agent: str) -> list[Json]:
    items = client.call("athena/transcript/page", agent=agent)["items"]
    items = [one["item"] for one in items]
    return [i for i in items if i["type"] == "toolCall" and i["status"] == "completed"]


def test_what_uses_the_processor_is_no_stall(watched: Client, folder: Path) -> None:
    (folder / "burn.py").write_text(BURN)
    agent = spawn(watched, folder, "run python3 burn.py\ngate open")["id"]
    until_sync(lambda: tools_done(watched, agent), timeout=60)
    assert "agentStalled" not in kinds(watched, agent)
    until_sync(lambda: watched.agent(agent)["stalled"])


def test_who_waits_for_the_user_is_not_stalled(watched: Client, folder: Path) -> None:
    waiting = spawn(watched, folder, "permit run true")["id"]
    silent = spawn(watched, folder, "gate open")["id"]
    watched.until(waiting, "needsPermission")
    until_sync(lambda: watched.agent(silent)["stalled"])
    assert not watched.agent(waiting)["stalled"]


def test_an_archetype_has_patience_of_its_own(watched: Client, folder: Path) -> None:
    patient = spawn(watched, folder, "gate open", archetype="patient")["id"]
    other = spawn(watched, folder, "gate open")["id"]
    until_sync(lambda: watched.agent(other)["stalled"])
    assert not watched.agent(patient)["stalled"]


def test_the_end_of_a_busy_process_hides_no_other() -> None:
    busy, other, new = (1, 1.0), (2, 1.0), (3, 1.0)
    before = {busy: 100.0, other: 1.0}
    assert is_at_work(before, {other: 1.5}, seconds=2)
    assert is_at_work(before, {other: 1.0, new: 0.4}, seconds=2)
    assert not is_at_work(before, {other: 1.0}, seconds=2)


def test_the_timers_of_a_process_that_waits_are_no_work() -> None:
    process = (1, 1.0)
    for n in range(1000):
        before, now = {process: n * 0.01}, {process: (n + 1) * 0.01}
        assert not is_at_work(before, now, seconds=0.01 / LEAST_CPU_SHARE + 1)


def test_a_broken_settings_file_ends_no_watch(
    athena: Athena, watched: Client, folder: Path
) -> None:
    file = Path(athena.environment["ATHENA_CONFIG"])
    good = file.read_text()
    agent = spawn(watched, folder, "mark on\ngate open")["id"]
    until_sync((folder / "on").exists)
    file.write_text("[daemon\n")
    until_sync(lambda: watched.agent(agent)["stalled"])
    watched.call("athena/agent/kill", agent=agent)
    watched.until_status(agent, "dead")
    file.write_text(good)
    again = spawn(watched, folder, "gate open")["id"]
    until_sync(lambda: watched.agent(again)["stalled"])
