"""What an agent's processes are given of the user's: environment, mask, and the name of a client."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from athena.relay.client import CallError
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync

ASK = "run sh -c 'umask; echo $EDITOR $ADDED'\nsay It says ${output}"


def said(client: Client, agent: str) -> list[str]:
    items = client.call("athena/transcript/page", agent=agent)["items"]
    return [i["item"]["text"] for i in items if i["item"]["type"] == "message"]


def test_the_mask_and_what_was_added_outlive_the_process(athena: Athena, tmp_path: Path) -> None:
    athena.environment["EDITOR"] = "first"
    before = os.umask(0o027)
    try:
        with athena.client() as client:
            agent = spawn(client, tmp_path, ASK, environment={"ADDED": "more"})["id"]
            client.until(agent, "idle")
            assert said(client, agent) == ["It says 0027\nfirst more\n"]
            client.call("athena/agent/stop", agent=agent)
            client.until_status(agent, "done")
        athena.environment["EDITOR"] = "second"
        os.umask(0o077)
        with athena.client() as client:
            client.call("athena/agent/resume", agent=agent, text=scenario(ASK))
            client.until(agent, "idle")
            assert said(client, agent)[1:] == ["It says 0077\nsecond more\n"]
    finally:
        os.umask(before)


def test_a_script_is_known_by_the_name_it_gives(athena: Athena, tmp_path: Path) -> None:
    asked = {"harness": "scripted", "project": str(tmp_path), "workspace": {"kind": "none"}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "athena/agent/spawn", "params": asked}
    with athena.client() as client:
        for options, name in ((["--name", "nightly"], "nightly"), ([], "headless")):
            subprocess.run(
                athena.command("headless", *options),
                env=athena.environment,
                cwd=tmp_path,
                input=json.dumps(request).encode() + b"\n",
                check=True,
                timeout=30,
            )
            assert client.events()[-1]["seq"]
            spawned = [e for e in client.events() if e["kind"] == "agentSpawned"]
            assert spawned[-1]["data"]["by"] == name


def test_the_daemon_ends_when_the_settings_say_so(athena: Athena) -> None:
    athena.run("daemon", "stop")
    (athena.root / "athena.toml").write_text("[daemon]\nidle_exit_seconds = 0.2\n")
    athena.start()
    until_sync(lambda: '"running": false' in athena.run("daemon", "status", "--json", check=False))


def test_what_no_test_has_run_is_not_taken_by_itself(athena: Athena, tmp_path: Path) -> None:
    """A program that only has the name of a harness, such as another `goose`, is left alone."""
    programs = tmp_path / "bin"
    programs.mkdir()
    athena.environment["PATH"] = f"{programs}:/usr/bin:/bin"

    def install(name: str) -> None:
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)

    with athena.client() as client:
        install("goose")
        with pytest.raises(CallError, match="No harness is installed here"):
            spawn(client, tmp_path, harness=None)
        assert spawn(client, tmp_path, harness="goose")["harness"] == "goose"
        install("gemini")
        assert spawn(client, tmp_path, harness=None)["harness"] == "gemini"


def test_secrets_of_mcp_servers_reach_the_harness_and_not_the_log(
    athena: Athena, tmp_path: Path
) -> None:
    secret, server = "sesame-4711", {"name": "s", "command": "s", "env": {"WORD": "sesame-4711"}}
    remote = {"name": "r", "type": "http", "url": "http://127.0.0.1:9", "headers": {"A": secret}}
    with athena.client() as client:
        agent = spawn(client, tmp_path, "say hello", mcpServers=[server, remote])["id"]
        client.until(agent, "idle")
        client.call("athena/agent/stop", agent=agent)
        client.until_status(agent, "done")
        client.call("athena/agent/resume", agent=agent, text=scenario("say again"))
        client.until(agent, "idle")
        events = client.events(agent)
    spools = list((athena.state / "runs").glob("*/in.spool"))
    assert len(spools) == 2 and all(secret.encode() in one.read_bytes() for one in spools)
    assert secret not in json.dumps(events)
    [spawned] = [one["data"]["spec"] for one in events if one["kind"] == "agentSpawned"]
    assert spawned["mcpServers"][0]["env"] == {"WORD": "[redacted]"}
    assert (athena.state / "environments" / f"{agent}.json").stat().st_mode & 0o777 == 0o600
