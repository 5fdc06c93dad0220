"""Putting an agent away: its events become compressed blocks, and are read as before."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from athena.log import EventLog
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, make_repository


def test_an_archived_agent_is_read_as_before(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, "say something\nrun true\nsay more", name="old")["id"]
        client.until(agent, "idle")
        with pytest.raises(CallError, match="stop it first"):
            client.call("athena/agent/archive", agent=agent)
        client.call("athena/agent/stop", agent=agent)
        client.until_status(agent, "done")
        events = client.events(agent)
        page = client.call("athena/transcript/page", agent=agent)
        client.call("athena/agent/archive", agent=agent)
        assert client.events(agent)[: len(events)] == events
        assert client.call("athena/transcript/page", agent=agent)["items"] == page["items"]
        assert client.agents() == []
        assert client.call("athena/log/verify")["ok"]
    athena.run("daemon", "stop")
    archived, version = asyncio.run(heads(athena, agent))
    assert archived == version >= len(events)
    with athena.client() as client:
        client.call("athena/agent/restore", agent=agent)
        client.call("athena/agent/resume", agent=agent, text=scenario("say again"))
        client.until(agent, "idle")
        assert client.events(agent)[: len(events)] == events


def test_git_knows_the_user_of_an_agent_that_was_put_away(tmp_path: Path) -> None:
    athena = Athena(tmp_path / "athena")
    for name in [one for one in athena.environment if one.startswith("GIT_")]:
        del athena.environment[name]
    config = tmp_path / "athena" / "home" / ".gitconfig"
    config.write_text("[user]\nname = Ada\nemail = ada@localhost\n")
    project = make_repository(tmp_path / "project")
    try:
        with athena.client() as client:
            for name in ("merged", "committed"):
                text = f"write {name}.txt: new"
                agent = spawn(client, project, text, name=name, workspace={"kind": "new"})["id"]
                client.until(agent, "idle")
                client.call("athena/agent/stop", agent=agent)
                client.until_status(agent, "done")
                client.call("athena/agent/archive", agent=agent)
            assert client.call("athena/merge/run", agent="merged")["done"]
            client.call("athena/agent/restore", agent="committed")
            made = client.call("athena/workspace/commit", agent="committed")["commit"]
    finally:
        athena.stop()
    for commit in ("HEAD", made):
        told = ["git", "-C", str(project), "show", "-s", "--format=%an", commit]
        assert subprocess.check_output(told, text=True) == "Ada\n"


async def heads(athena: Athena, agent: str) -> tuple[int, int]:
    """Up to which version a stream is archived, and its version."""
    async with await EventLog.open(athena.state / "athena.db") as log:
        (head,) = [h for h in await log.streams() if h.stream == agent]
        return head.archived, head.version
