"""Bytes that are no UTF-8, where a user's machine has them: in variables, folders and files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.app.playing import spawn, told
from tests.support.athena import Athena, make_repository
from tests.support.wait import until_sync


def test_a_variable_that_is_no_utf8_reaches_the_harness(tmp_path: Path, folder: Path) -> None:
    athena = Athena(tmp_path / "athena", {"ODD": os.fsdecode(b"caf\xe9")})
    athena.start()
    try:
        with athena.client() as client:
            agent = spawn(client, folder, 'run printf %s "$ODD" > out')["id"]
            client.until(agent, "idle")
        assert (folder / "out").read_bytes() == b"caf\xe9"
    finally:
        athena.stop()


def test_a_project_in_a_folder_that_is_no_utf8_is_refused_at_once(
    athena: Athena, tmp_path: Path
) -> None:
    place = make_repository(tmp_path / os.fsdecode(b"caf\xe9"))
    command = athena.command("spawn", "--harness", "scripted", "do it")
    done = subprocess.run(command, env=athena.environment, cwd=place, capture_output=True)
    assert done.returncode != 0
    assert b"caf\\351" in done.stderr and b"is no UTF-8" in done.stderr
    with athena.client() as client:
        assert client.agents() == []


def test_a_text_that_was_cut_in_the_middle_of_a_character(athena: Athena, folder: Path) -> None:
    """As programs in JavaScript cut them: in a title, in a message, and in a tool call."""
    said = [
        '"sessionUpdate": "session_info_update", "title": "half \\ud83d"',
        '"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "a \\ud83d"}',
        '"sessionUpdate": "tool_call", "toolCallId": "t", "title": "b \\ude00", "kind": "read"',
    ]
    lines = [f"update {{{one}}}" for one in said]
    with athena.client() as client:
        text = "\n".join([*lines, "mark on", "gate open", "say bye"])
        agent = spawn(client, folder, text)["id"]
        until_sync((folder / "on").exists)
    athena.kill()
    athena.start()
    with athena.client() as client:
        until_sync(lambda: client.agent(agent).get("title") == "half \ufffd")
        (folder / "open").touch()
        client.until(agent, "idle")
        assert "a \ufffd" in told(client, agent) and "say bye" in told(client, agent)
