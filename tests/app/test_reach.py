"""Processes that cannot be started, found or driven: told, and never waited for in vain."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from athena.relay.client import CallError
from tests.app.playing import runner_of, scenario, spawn, told
from tests.support.athena import Athena
from tests.support.wait import until_sync


def settings(athena: Athena, text: str) -> None:
    Path(athena.environment["ATHENA_CONFIG"]).write_text(text)


def test_where_no_run_can_be_kept_the_agent_says_so(athena: Athena, folder: Path) -> None:
    (athena.state / "runs").write_text("in the way")
    with athena.client() as client:
        agent = spawn(client, folder, "say hi")["id"]
        failed = client.until_status(agent, "failed")
        assert str(athena.state / "runs") in failed["reason"]
        (athena.state / "runs").unlink()
        client.call("athena/agent/resume", agent=agent)
        client.until(agent, "idle")
        assert "say hi" in told(client, agent)


def test_a_run_goes_on_though_the_settings_lost_its_harness(athena: Athena, folder: Path) -> None:
    command = [sys.executable, "-m", "athena", "scripted"]
    settings(athena, f"[harness.own]\ncommand = {command}\n")
    with athena.client() as client:
        agent = spawn(client, folder, "mark on\ngate open\nsay on we go", harness="own")["id"]
        until_sync((folder / "on").exists)
    athena.kill()
    settings(athena, "")
    athena.start()
    with athena.client() as client:
        (folder / "open").touch()
        client.until(agent, "idle")
        assert "say on we go" in told(client, agent)
        client.call("athena/agent/stop", agent=agent)
        client.until(agent, "done")
        client.call("athena/agent/resume", agent=agent)
        failed = client.until_status(agent, "failed")
        assert "There is no harness 'own'" in failed["reason"]


def test_a_runner_that_gives_no_answer_is_asked_again(athena: Athena, folder: Path) -> None:
    """As on a machine that is so busy that a new daemon is there long before its runners."""
    with athena.client() as client:
        agent = spawn(client, folder, "mark on\ngate open\nsay on we go")["id"]
        until_sync((folder / "on").exists)
        run = client.agent(agent)["runId"]
    runner = runner_of(athena.state / "runs" / run)
    os.kill(runner, signal.SIGSTOP)
    try:
        athena.kill()
        athena.start()
        with athena.client() as client:
            log = athena.state / "daemon.log"
            until_sync(lambda: "cannot be reached yet" in log.read_text(), timeout=30)
            os.kill(runner, signal.SIGCONT)
            (folder / "open").touch()
            client.until(agent, "idle", timeout=30)
            assert "say on we go" in told(client, agent)
    finally:
        os.kill(runner, signal.SIGCONT)


def test_what_is_said_while_the_runner_has_no_room_arrives_later(
    athena: Athena, folder: Path
) -> None:
    """Several frames wait at once: one behind a frame that was not taken comes too early."""
    with athena.client() as client:
        agent = spawn(client, folder, "say one")["id"]
        run = client.until(agent, "idle")["runId"]
        directory = athena.state / "runs" / run
        log = athena.state / "daemon.log"
        runner, said = runner_of(directory), (directory / "in.spool").stat().st_size
        room = resource.prlimit(runner, resource.RLIMIT_FSIZE, (said, resource.RLIM_INFINITY))
        for mode in ("plan", "auto", "plan"):
            client.call("athena/agent/setMode", agent=agent, mode=mode)
        resource.prlimit(runner, resource.RLIMIT_FSIZE, room)
        client.call("athena/agent/prompt", agent=agent, text=scenario("say two"))
        client.until(agent, "idle")
        assert "say two" in told(client, agent)
        assert "background work failed" not in log.read_text()


def test_a_mistake_in_the_settings_keeps_nobody_from_the_agents(
    athena: Athena, folder: Path
) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "permit run touch allowed\nsay on we go")["id"]
        client.until(agent, "needsPermission")
    athena.kill()
    settings(athena, "[daemon]\nidle_exit_seconds = soon\n")
    athena.start()
    with athena.client() as client:
        request = client.until(agent, "needsPermission")["requests"][0]
        client.call("athena/request/answer", requestId=request["requestId"], option="allow")
        client.until(agent, "idle")
        with pytest.raises(CallError, match=r"athena\.toml:2: "):
            spawn(client, folder, "say more")
    doctor = athena.run("doctor", check=False)
    assert "athena.toml:2: " in doctor and "Mend the file" in doctor


def test_a_run_whose_memory_cannot_be_read_is_ended_and_the_agent_resumed(
    athena: Athena, folder: Path
) -> None:
    """As that of another version."""
    with athena.client() as client:
        agent = spawn(client, folder, "mark on\ngate open")["id"]
        until_sync((folder / "on").exists)
        run = client.agent(agent)["runId"]
    runner = runner_of(athena.state / "runs" / run)
    athena.kill()
    with closing(sqlite3.connect(athena.state / "athena.db")) as database, database:
        database.execute("UPDATE run SET memory = '{}'")
    athena.start()
    with athena.client() as client:
        lost = client.until_status(agent, "interrupted")
        assert "another version" in lost["reason"]
        until_sync(lambda: not psutil.pid_exists(runner))
        client.call("athena/agent/resume", agent=agent, text=scenario("say again"))
        client.until(agent, "idle")
        assert "say again" in told(client, agent)


def test_what_was_open_in_a_run_whose_memory_cannot_be_read_is_ended(
    athena: Athena, folder: Path
) -> None:
    text = "plan [x] one [ ] two\nsay Begun.\npermit run yes long | head -n 9000 # and waits"
    with athena.client() as client:
        agent = spawn(client, folder, text)["id"]
        client.until_status(agent, "needsPermission")
    athena.kill()
    with closing(sqlite3.connect(athena.state / "athena.db")) as database, database:
        database.execute("UPDATE run SET memory = '{}'")
    athena.start()
    with athena.client() as client:
        lost = client.until_status(agent, "interrupted")
        assert lost["requests"] == []
        assert client.call("athena/request/list")["requests"] == []
        types = ["plan", "message", "toolCall"]
        page = client.call("athena/transcript/page", agent=agent, types=types)
        plan, message, call = page["items"]
        assert not any(item["open"] for item in page["items"])
        assert [step["status"] for step in plan["item"]["entries"]] == ["completed", "pending"]
        assert (message["item"]["text"], call["item"]["status"]) == ("Begun.", "failed")
        [turn] = page["turns"]
        assert turn["stopReason"] == "failed" and "another version" in turn["error"]["message"]
        closed = [e["data"] for e in client.events(agent) if e["kind"] == "requestClosed"]
        assert [one["outcome"] for one in closed] == ["cancelled"]
        client.call("athena/agent/resume", agent=agent, text=scenario("say again"))
        client.until(agent, "idle")
        assert told(client, agent).endswith("say again\nturn ended: endTurn")
