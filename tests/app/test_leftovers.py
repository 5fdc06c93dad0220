"""What runs leave on the disk, and how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.app.leftovers import unneeded
from athena.protocol.agent import AgentView, Status
from tests.app.playing import scenario, spawn, told
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync


def test_old_runs_are_forgotten_as_the_settings_say(athena: Athena, folder: Path) -> None:
    runs = athena.state / "runs"
    with athena.client() as client:
        ended = spawn(client, folder, "run echo one\nsay First.")["id"]
        client.until(ended, "idle")
        _stop(client, ended)
        again = scenario("log complaint\nsay Second.")
        client.call("athena/agent/resume", agent=ended, text=again)
        client.until(ended, "idle")
        _stop(client, ended)
        working = spawn(client, folder, "mark begun\ngate open\nsay Third.")["id"]
        until_sync((folder / "begun").exists)
        before = told(client, ended)
    (athena.root / "athena.toml").write_text("[run]\nkeep_days = 0\n")
    athena.kill()
    athena.start()
    with athena.client() as client:
        until_sync(lambda: not (runs / f"{ended}.r1").exists(), 20)
        assert {p.name for p in runs.iterdir()} == {f"{ended}.r2", f"{working}.r1"}
        assert told(client, ended) == before
        assert "complaint" in client.call("athena/agent/logs", agent=ended)["text"]
        assert client.call("athena/agent/logs", agent=ended, runId=f"{ended}.r1")["text"] == ""
        (folder / "open").touch()
        client.until(working, "idle")
        assert "say Third." in told(client, working)


def _stop(client: Client, agent: str) -> None:
    client.call("athena/agent/stop", agent=agent)
    client.until_status(agent, "done")


def _view(agent: str, **more: object) -> AgentView:
    return AgentView.model_validate(
        {
            "id": agent,
            "name": agent,
            "harness": "scripted",
            "status": Status.DONE,
            "project": "/p",
            "createdAt": 0,
            "updatedAt": 0,
            "version": 1,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("names", "view", "expected"),
    [
        (["a.r1", "a.r2", "a.r10"], _view("a"), ["a.r1", "a.r2"]),
        (["a.r1", "a.r1.t1", "a.r2", "a.r2.t1"], _view("a"), ["a.r1", "a.r1.t1"]),
        (["a.r1", "a.r2"], _view("a", archived=True), ["a.r1", "a.r2"]),
        (["a.r1", "a.r1.t1", "a.r2"], _view("a", runId="a.r1"), []),
        (["a.s1", "a.r1"], _view("a"), ["a.s1"]),
        (["b.r1", "lost+found"], _view("a"), []),
    ],
)
def test_what_is_needed_stays(names: list[str], view: AgentView, expected: list[str]) -> None:
    assert unneeded(names, [view]) == expected
