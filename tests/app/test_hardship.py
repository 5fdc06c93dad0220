"""What goes on behind the user's back goes on: over broken settings and a directory in the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

from tests.app.playing import spawn
from tests.app.test_notification import Receiver
from tests.support.athena import Athena, Json, make_repository
from tests.support.wait import until_sync

MUTE = '[harness.mute]\ncommand = ["/bin/sleep", "300"]\n'
BROKEN = "[daemon]\nno_such_key = 1\n"


def settings(athena: Athena, text: str) -> None:
    (athena.root / "athena.toml").write_text(text)


def test_an_agent_is_stopped_while_the_settings_are_broken(athena: Athena, folder: Path) -> None:
    settings(athena, MUTE + "[daemon]\nstop_grace_seconds = 0.2\n")
    with athena.client() as client:
        agent = spawn(client, folder, harness="mute")["id"]
        until_sync(lambda: "runId" in client.agent(agent))
        settings(athena, BROKEN)
        client.call("athena/agent/stop", agent=agent)
        client.until_status(agent, "done", "dead")


def test_a_stall_is_noticed_although_the_settings_were_broken(athena: Athena, folder: Path) -> None:
    mended = MUTE + "[daemon]\nstall_seconds = 3\n"
    settings(athena, mended)
    with athena.client() as client:
        agent = spawn(client, folder, harness="mute")["id"]
        until_sync(lambda: "runId" in client.agent(agent))
        settings(athena, BROKEN)
        until_sync(lambda: client.agent(agent)["stalled"], 30)


def test_alerts_while_the_settings_are_broken_are_told(tmp_path: Path, folder: Path) -> None:
    athena, receiver = Athena(tmp_path / "athena"), Receiver()
    try:
        settings(athena, f'[notification]\nwebhook = "{receiver.url}"\n')
        athena.start()
        with athena.client() as client:
            spawn(client, folder, "say one")
            until_sync(lambda: len(receiver.taken) == 1)
            second = spawn(client, folder, "permit run touch x\nsay two")["id"]
            until_sync(lambda: len(receiver.taken) == 2)
            settings(athena, BROKEN)
            request = client.agent(second)["requests"][0]["requestId"]
            client.call("athena/request/answer", requestId=request, option="allow")
            until_sync(lambda: len(receiver.taken) == 3, 30)
    finally:
        athena.stop()
        receiver.close()


def test_a_broken_file_of_the_project_fails_the_workspace_in_words(
    athena: Athena, tmp_path: Path
) -> None:
    project = make_repository(tmp_path / "project")
    (project / "athena.toml").write_text("[workspace]\nlocation = '/proc/nowhere/{name}'\n")
    with athena.client() as client:
        agent = spawn(client, project, "say done", workspace={"kind": "new"})["id"]
        client.until_status(agent, "failed")
        (project / "athena.toml").write_text("[workspace]\nports = 'ten'\n")
        client.call("athena/agent/resume", agent=agent)
        until_sync(lambda: "athena.toml:2: " in client.agent(agent).get("reason", ""))
        assert client.agent(agent)["status"] == "failed"
        (project / "athena.toml").unlink()
        client.call("athena/agent/resume", agent=agent)
        client.until(agent, "idle")


def test_an_agent_is_taken_up_although_its_project_has_a_broken_file(
    athena: Athena, folder: Path
) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "permit run touch x")["id"]
        client.until(agent, "needsPermission")
    (folder / "athena.toml").write_text("[defaults]\nno_such_key = 1\n")
    athena.kill()
    with athena.client() as client:
        request = client.agent(agent)["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")
        client.until(agent, "idle")
        assert (folder / "x").exists()


def test_who_follows_an_event_that_cannot_be_read_is_told(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "say done")["id"]
        client.until(agent, "idle")
        with closing(sqlite3.connect(athena.state / "athena.db")) as database, database:
            database.execute("UPDATE event SET data = '{broken' WHERE seq = 2")
        opened = client.call("athena/event/subscribe", cursor=0)
        method, params = next(iter(client.raw.notifications(20)))
        assert (method, cast("Json", params)["subscriptionId"]) == (
            "athena/event/lagged",
            opened["subscriptionId"],
        )


def test_a_run_that_cannot_be_started_is_told_and_tried_again(athena: Athena, folder: Path) -> None:
    runs, aside = athena.state / "runs", athena.state / "aside"
    runs.mkdir(exist_ok=True)
    runs.rename(aside)
    runs.write_text("in the way")
    with athena.client() as client:
        agent = spawn(client, folder, "say done")["id"]
        assert "runs" in client.until_status(agent, "failed", "dead")["reason"]
        runs.unlink()
        aside.rename(runs)
        client.call("athena/agent/resume", agent=agent)
        client.until(agent, "idle")
