"""What runs leave on the disk, and how long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from athena.app.leftovers import forget, unneeded
from athena.protocol.agent import AgentView, Status
from tests.app.playing import scenario, spawn, told
from tests.support.athena import SERVER, Athena, Client
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
        left = {f"{ended}.r2", f"{working}.r1"}
        until_sync(lambda: {p.name for p in runs.iterdir()} == left, 20)
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


KILLED = """
import json, os, sys
from pathlib import Path
from athena.app.leftovers import forget
from athena.protocol.agent import AgentView

left = int(sys.argv[3])

def hook(event, arguments):
    global left
    if event in ("os.remove", "os.rmdir", "os.rename"):
        left -= 1
        if left < 0:
            os._exit(9)

sys.addaudithook(hook)
forget(Path(sys.argv[1]), [AgentView.model_validate_json(sys.argv[2])], 100)
"""


def test_what_a_kill_left_of_a_run_is_forgotten_too(tmp_path: Path) -> None:
    runs, view = tmp_path / "runs", _view("a", archived=True)
    told = view.model_dump_json(by_alias=True)
    code, left = 9, 0
    while code == 9:
        (runs / "a.r1").mkdir(parents=True, exist_ok=True)
        sizes = {"out": 1, "err": 1, "lastIn": 0, "strays": 0}
        ended = {"runId": "a.r1", "how": "exited", "message": "It ended.", **sizes}
        ended |= {"startedAt": 1, "at": 50}
        (runs / "a.r1" / "exit.json").write_text(json.dumps(ended))
        for name in ("out.spool", "in.spool", "err.log", "run.json"):
            (runs / "a.r1" / name).write_text("x")
        command = [sys.executable, "-c", KILLED, str(runs), told, str(left)]
        code = subprocess.run(command, env={"PYTHONPATH": str(SERVER)}, check=False).returncode
        forget(runs, [view], 100)
        assert list(runs.iterdir()) == [], f"killed before step {left}"
        left += 1
    assert (code, left > 5) == (0, True)
