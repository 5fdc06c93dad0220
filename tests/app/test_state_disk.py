"""The state directory in trouble while agents work: told in words, reads go on, nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from athena.cli.output import Exit
from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn, told
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync
from tests.worktree.disk import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def on_disk(disk: Disk) -> Iterator[Athena]:
    """An Athena whose state directory is on the small disk."""
    athena = Athena(disk.path / "athena")
    athena.start()
    yield athena
    athena.stop()


def refused(client: Client, method: str, **params: object) -> CallError:
    with pytest.raises(CallError) as error:
        client.call(method, **params)
    return error.value


def exit_code(athena: Athena, *arguments: str) -> int:
    done = subprocess.run(
        athena.command(*arguments), env=athena.environment, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr
    return done.returncode


def test_a_disk_that_fills_up_in_the_middle_of_a_turn(
    on_disk: Athena, disk: Disk, folder: Path
) -> None:
    text = "mark on\ngate open\nsay one\npermit run touch done\nsay two"
    with on_disk.client() as client:
        agent = spawn(client, folder, text)["id"]
        until_sync((folder / "on").exists)
        disk.fill()
        (folder / "open").touch()
        until_sync(lambda: client.call("athena/system/info")["logState"] == "full")
        assert "Free some space" in client.call("athena/system/info")["logReason"]
        another = {"harness": "scripted", "project": str(folder), "workspace": {"kind": "none"}}
        for method, params in (
            ("athena/agent/prompt", {"agent": agent, "text": "more"}),
            ("athena/agent/rename", {"agent": agent, "name": "other"}),
            ("athena/agent/spawn", another),
        ):
            error = refused(client, method, **params)
            assert error.code == ErrorCode.LOG_UNAVAILABLE, error
            assert error.data["state"] == "full"
        assert client.agent(agent)["status"] == "working"
        assert client.call("athena/transcript/page", agent=agent)["items"]
        assert exit_code(on_disk, "ls") == Exit.OK
        assert exit_code(on_disk, "agent", "rename", agent, "other") == Exit.LOG
        disk.free()
        request = client.until(agent, "needsPermission")["requests"][0]
        client.call("athena/request/answer", requestId=request["requestId"], option="allow")
        client.until(agent, "idle")
        assert told(client, agent).count("say one") == told(client, agent).count("say two") == 1
        assert (folder / "done").exists()
        report = client.call("athena/log/verify")
        assert report["ok"], report


def test_who_fills_the_disk_can_be_killed(on_disk: Athena, disk: Disk, folder: Path) -> None:
    with on_disk.client() as client:
        agent = spawn(client, folder, "mark on\ngate open\nsay one")["id"]
        until_sync((folder / "on").exists)
        run = on_disk.state / "runs" / client.agent(agent)["runId"]
        harness = json.loads((run / "run.json").read_text())["harness"]["pid"]
        disk.fill()
        error = refused(client, "athena/agent/kill", agent=agent)
        assert "processes are ended all the same" in error.message
        until_sync(lambda: not psutil.pid_exists(harness))
        disk.free()
        assert client.until_status(agent, "dead")["reason"] == "killed"


def test_a_daemon_killed_on_a_full_disk_comes_back(
    on_disk: Athena, disk: Disk, folder: Path
) -> None:
    """It cannot write a word, but it shows what there is, and goes on when there is room."""
    with on_disk.client() as client:
        agent = spawn(client, folder, "mark on\ngate open\nsay one")["id"]
        until_sync((folder / "on").exists)
    disk.fill()
    (folder / "open").touch()
    on_disk.kill()
    on_disk.start()
    with on_disk.client() as client:
        assert client.agent(agent)["status"] == "working"
        disk.free()
        client.until(agent, "idle")
        assert told(client, agent).count("say one") == 1


def test_a_damaged_database_is_shown_and_exported_but_not_written(
    athena: Athena, folder: Path, tmp_path: Path
) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "say hello")["id"]
        client.until(agent, "idle")
        for n in range(400):
            client.call("athena/agent/rename", agent=agent, name=f"n{n}-" + "x" * 100)
        client.call("athena/agent/stop", agent=agent)
        client.until_status(agent, "done")
    athena.run("daemon", "stop")
    database = athena.state / "athena.db"
    with database.open("r+b") as file:
        # Somewhere in the middle, beyond the tables' first pages.
        file.seek(database.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 8192)
    athena.start()
    with athena.client() as client:
        report = client.call("athena/log/verify")
        assert not report["ok"]
        assert client.call("athena/system/info")["logState"] == "damaged"
        assert "backups" in client.call("athena/system/info")["logReason"]
        assert [a["id"] for a in client.agents()] == [agent]
        error = refused(client, "athena/agent/prompt", agent=agent, text=scenario("say hi"))
        assert (error.code, error.data["state"]) == (ErrorCode.LOG_UNAVAILABLE, "damaged")
    assert exit_code(athena, "db", "verify") == Exit.LOG
    assert exit_code(athena, "doctor") == Exit.FAILED
    assert exit_code(athena, "export", str(tmp_path / "all.ndjson")) == Exit.LOG
    saved = [json.loads(line) for line in (tmp_path / "all.ndjson").read_text().splitlines()]
    assert len(saved) > 300
    assert saved[-1]["type"] == "event" and saved[-1]["kind"] == "runEnded"
