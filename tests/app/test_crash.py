"""SIGKILL of the daemon at every step of a session: the log is as if nothing had happened."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.app.playing import runner_of, spawn, told
from tests.support.athena import Athena, make_repository
from tests.support.wait import until_sync

SESSION = """
gate step-1
say  Reading first.
read hello.py
gate step-2
plan [x] read [>] edit
edit hello.py: print("hello") -> print("goodbye")
gate step-3
permit run python3 hello.py
gate step-4
usage input=100 output=10 cost=0.01
say  It prints ${output}
"""
STEPS = 4


def play(athena: Athena, place: Path, kills: bool) -> str:
    """Play the session, with a kill at each of its gates, and tell it."""
    with athena.client() as client:
        agent = spawn(client, place, SESSION, workspace={"kind": "new"}, name=place.name)
        place = Path(client.until_workspace(agent["id"]))
    for step in range(1, STEPS + 1):
        if kills:
            athena.kill()
        (place / f"step-{step}").touch()
        if step == 3:
            with athena.client() as client:
                client.until_status(agent["id"], "needsPermission")
            if kills:
                athena.kill()
            answer(athena, agent["id"])
    with athena.client() as client:
        client.until(agent["id"], "idle")
        return told(client, agent["id"])


def answer(athena: Athena, agent: str) -> None:
    with athena.client() as client:
        waiting = client.until_status(agent, "needsPermission")
        assert len(waiting["requests"]) == 1
        request = waiting["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")


def test_kills_at_every_step_leave_the_same_log(athena: Athena, tmp_path: Path) -> None:
    calm = play(athena, make_repository(tmp_path / "calm"), kills=False)
    rough = play(athena, make_repository(tmp_path / "rough"), kills=True)
    assert rough == calm
    assert "say It prints goodbye" in calm


def test_agents_work_on_while_there_is_no_daemon(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "gate go\nrun touch worked\nsay done alone")
        client.until_status(agent["id"], "working")
    athena.kill()
    (folder / "go").touch()
    until_sync((folder / "worked").exists)
    with athena.client() as client:
        client.until(agent["id"], "idle")
        assert "say done alone" in told(client, agent["id"])


def test_a_prompt_that_was_taken_is_not_lost(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "say hello")
    athena.kill()
    with athena.client() as client:
        client.until(agent["id"], "idle")
        assert "say hello" in told(client, agent["id"])


def test_what_was_steered_and_queued_is_not_lost(athena: Athena, folder: Path) -> None:
    """The daemon dies when it has said yes, and before the runner has heard of it."""
    with athena.client() as client:
        listening = "mark on\nlisten\nother turns:\n    say ${prompt}"
        agent = spawn(client, folder, listening)["id"]
        until_sync((folder / "on").exists)
        runner = runner_of(athena.state / "runs" / client.agent(agent)["runId"])
        os.kill(runner, signal.SIGSTOP)
        try:
            client.call("athena/agent/prompt", agent=agent, text="later")
            client.call("athena/agent/steer", agent=agent, text="look here")
            athena.kill()
        finally:
            os.kill(runner, signal.SIGCONT)
    with athena.client() as client:
        client.until(agent, "idle", timeout=60)
        found = told(client, agent).splitlines()
    assert [line for line in found if line.startswith(("user", "say"))] == [
        "user: look here",
        "user: later",
        "say later",
    ]


def test_a_harness_that_ended_meanwhile_is_read_to_its_end(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "gate go\nsay last words\nplan [x] all\ncrash 9")
        client.until_status(agent["id"], "working")
    athena.kill()
    (folder / "go").touch()
    run = next((athena.state / "runs").iterdir())
    until_sync((run / "exit.json").exists)
    with athena.client() as client:
        client.until_status(agent["id"], "dead")
        assert "say last words" in told(client, agent["id"])
