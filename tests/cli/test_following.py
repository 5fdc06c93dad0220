"""Following agents on the command line: to their rest, whole, and over the end of a daemon.

Each test runs the real command against a real daemon.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from athena.app.follow import MOST_BEHIND
from athena.log import EventLog
from athena.protocol import events as e
from tests.app.playing import scenario
from tests.app.test_subscribe import event, spawned
from tests.cli.doing import do
from tests.support.athena import Athena, Json, make_repository
from tests.support.child import child

ASKS = "permit run touch asked.txt\nsay The very end."


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    made = Athena(tmp_path_factory.mktemp("athena"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


def run(athena: Athena, project: Path, text: str, name: str) -> str:
    """An agent that has played a scenario to its rest; its name."""
    do(athena, project, "spawn", scenario(text), "-H", "scripted", "--wait", "--name", name)
    return name


def following(
    athena: Athena, project: Path, *arguments: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A command that goes on while the test does something else."""
    return child(
        athena.command(*arguments),
        env=athena.environment,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_following_events_goes_on_with_the_next_daemon(athena: Athena, project: Path) -> None:
    agent = run(athena, project, ASKS, "events")
    with following(athena, project, "event", "list", "-f", "--agent", agent) as follower:
        assert follower.stdout is not None
        events: list[Json] = []
        for last in ("requestOpened", "turnEnded"):
            while not events or events[-1]["kind"] != last:
                events.append(json.loads(follower.stdout.readline()))
            if last == "requestOpened":
                athena.kill()
                do(athena, project, "answer", agent, "allow")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 130
    versions = [event["version"] for event in events]
    assert versions == list(range(1, len(events) + 1)), "an event is missing, or came twice"


@pytest.mark.parametrize("how", ["--watch", "--wait"])
def test_a_prompt_is_followed_with_the_next_daemon(
    athena: Athena, project: Path, how: str, tmp_path: Path
) -> None:
    agent = run(athena, project, "say ready", f"prompted{how}")
    gated = scenario(f"say Before.\ngate {tmp_path / 'open'}\nsay The very end.")
    with following(athena, project, "prompt", agent, gated, how) as follower:
        with athena.client() as client:
            client.until(agent, "working")
        athena.kill()
        (tmp_path / "open").touch()
        said, complaints = follower.communicate(timeout=60)
    assert follower.returncode == 0, complaints
    assert ("Before." in said and "The very end." in said) == (how == "--watch")
    with athena.client() as client:
        assert client.agent(agent)["status"] == "idle"


def test_watching_goes_on_with_the_next_daemon(
    athena: Athena, project: Path, tmp_path: Path
) -> None:
    gated = scenario(f"say Before.\ngate {tmp_path / 'open'}\nsay The very end.")
    do(athena, project, "spawn", gated, "-H", "scripted", "--name", "watched")
    with following(athena, project, "watch", "watched", "--until-rest") as follower:
        assert follower.stdout is not None
        while not (line := follower.stdout.readline()).startswith("❯"):
            assert line, "it ended"
        athena.kill()
        (tmp_path / "open").touch()
        rest, complaints = follower.communicate(timeout=60)
    assert follower.returncode == 0, complaints
    assert "\nThe very end." in rest and "❯" not in rest, "from the beginning again"


def test_watching_until_rest_ends_when_there_is_nobody(tmp_path: Path, project: Path) -> None:
    empty = Athena(tmp_path / "empty")
    try:
        assert do(empty, project, "watch", "--until-rest").out == ""
        assert do(empty, project, "watch", "--until-rest", "--json").out == ""
    finally:
        empty.stop()


def test_a_long_turn_is_shown_to_its_end(athena: Athena, project: Path) -> None:
    long = "repeat 400:\n    read file-${count}\nsay The very end."
    agent = run(athena, project, long, "long")
    other = run(athena, project, "say And the other.", "other")
    shown = do(athena, project, "watch", agent, "--until-rest").out
    assert "file-1\n" in shown and "file-400\n" in shown and "The very end." in shown
    assert "And the other." in do(athena, project, "watch", agent, other, "--until-rest").out
    told = do(athena, project, "watch", agent, "--until-rest", "--json").out.splitlines()
    with athena.client() as client:
        assert [json.loads(line)["version"] for line in told] == list(
            range(1, client.agent(agent)["version"] + 1)
        )


def test_who_follows_a_long_log_gets_all_of_it(tmp_path: Path) -> None:
    athena = Athena(tmp_path / "athena")
    athena.state.mkdir(mode=0o700)

    async def write() -> None:
        async with await EventLog.open(athena.state / "athena.db") as log:
            await log.append("old", [spawned("old", tmp_path), event(e.AgentStopped(how="stop"))])
            renamed = event(e.AgentRenamed(name="again"))
            for _ in range(MOST_BEHIND // 1000 + 1):
                await log.append("old", [renamed] * 1000)

    asyncio.run(write())
    last = MOST_BEHIND + 1002
    try:
        told = do(athena, tmp_path, "watch", "old", "--until-rest", "--json").out.splitlines()
    finally:
        athena.stop()
    assert [json.loads(line)["version"] for line in told] == list(range(1, last + 1))


def test_a_tool_is_told_when_it_is_known_what_for(athena: Athena, project: Path) -> None:
    """Some harnesses name a tool before the model has said what to use it for."""
    text = """
        update {"sessionUpdate": "tool_call", "toolCallId": "1", "title": "Read", "kind": "read"}
        update {"sessionUpdate": "tool_call_update", "toolCallId": "1", "title": "Read a.py", "status": "in_progress"}
        update {"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "completed"}
        update {"sessionUpdate": "tool_call", "toolCallId": "2", "title": "Write", "kind": "edit"}
        update {"sessionUpdate": "tool_call_update", "toolCallId": "2", "title": "Write b.py", "status": "failed"}
        say Done.
        """
    arguments = ("-H", "scripted", "--watch", "--name", "reader")
    said = do(athena, project, "spawn", scenario(text), *arguments).out
    shown = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert [line for line in shown if line.startswith(("read", "edit"))] == [
        "read   Read a.py",
        "edit   Write b.py",
    ]
