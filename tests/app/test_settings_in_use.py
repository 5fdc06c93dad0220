"""Each setting does what its line in docs/settings.md says; those with tests of their own aside."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
from base64 import b64encode
from datetime import date
from pathlib import Path

from tests.app.playing import scenario, spawn
from tests.app.test_notification import Receiver
from tests.support.athena import SYSTEM_PATH, Athena, Client, make_repository
from tests.support.wait import until_sync

MUTE = '[harness.mute]\ncommand = ["/bin/sleep", "300"]\n'


def settings(athena: Athena, text: str) -> None:
    (athena.root / "athena.toml").write_text(text)


def words(client: Client, agent: str) -> str:
    """All that is in the transcript of an agent, as text."""
    return str(client.call("athena/transcript/page", agent=agent)["items"])


def test_where_and_as_what_an_agent_works(athena: Athena, tmp_path: Path) -> None:
    settings(
        athena,
        """
        [defaults]
        harness = "scripted"
        archetype = "writer"
        mode = "auto"
        [workspace]
        location = "{parent}/trees/{repository}-{name}"
        branch = "own/{base}/{name}-{date}"
        base = "older"
        bring = [".env", "cache/"]
        [archetype.writer]
        description = "Writes."
        prompt = "Write only."
        model = "scripted-large"
        """,
    )
    project = make_repository(tmp_path / "project", {".gitignore": ".env\ncache/\nleft\n"})
    subprocess.run(["git", "branch", "older"], cwd=project, check=True)
    (project / "cache").mkdir()
    for name in (".env", "cache/a", "left"):
        (project / name).write_text(name)
    with athena.client() as client:
        asked = {"name": "one", "project": str(project), "prompt": scenario("say done")}
        agent = client.call("athena/agent/spawn", **asked)["id"]
        made = client.until(agent, "idle")
        known = client.call("athena/archetype/list")["archetypes"]
    assert (made["harness"], made["archetype"]) == ("scripted", "writer")
    assert (made["model"], made["mode"]) == ("scripted-large", "auto")
    assert made["instructions"] == "Write only."
    assert ("writer", "Writes.", "user") in [
        (a["name"], a["description"], a["source"]) for a in known
    ]
    place = made["workspace"]
    assert place["path"] == str(tmp_path / "trees" / "project-one")
    assert place["branch"] == f"own/older/one-{date.today().isoformat()}"
    found = {p.name for p in Path(place["path"]).iterdir()}
    assert {".env", "cache"} <= found and "left" not in found


def test_a_workspace_of_kind_none_is_the_project(athena: Athena, folder: Path) -> None:
    settings(athena, '[workspace]\nkind = "none"\n')
    with athena.client() as client:
        asked = {"harness": "scripted", "project": str(folder)}
        agent = client.call("athena/agent/spawn", **asked, prompt=scenario("write a: b"))["id"]
        client.until(agent, "idle")
        assert (folder / "a").read_text() == "b\n"


def test_a_harness_of_ones_own(athena: Athena, folder: Path) -> None:
    own = folder.parent / "own"
    own.mkdir()
    (own / "my-agent").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m athena.scripted "$@"\n')
    (own / "my-agent").chmod(0o755)
    settings(
        athena,
        f"""
        [harness.mine]
        command = ["my-agent"]
        title = "My own"
        env = {{ OF_MINE = "told", PATH = "{own}:{SYSTEM_PATH}" }}
        [harness.away]
        command = ["no-such-program"]
        hint = "It is on the second disk."
        """,
    )
    with athena.client() as client:
        agent = spawn(client, folder, "run echo it was $OF_MINE", harness="mine")["id"]
        client.until(agent, "idle")
        assert "it was told" in words(client, agent)
        rows = {h["name"]: h for h in client.call("athena/harness/list")["harnesses"]}
    assert (rows["mine"]["title"], rows["mine"]["installed"]) == ("My own", True)
    assert (rows["away"]["hint"], rows["away"]["installed"]) == ("It is on the second disk.", False)


def test_when_silence_is_a_stall_may_depend_on_the_archetype(athena: Athena, folder: Path) -> None:
    settings(
        athena,
        MUTE + "[daemon]\nstall_seconds = 3000\n[archetype.quick]\nstall_seconds = 0.5\n",
    )
    with athena.client() as client:
        agent = spawn(client, folder, harness="mute", archetype="quick")["id"]
        until_sync(lambda: client.agent(agent)["stalled"], 30)


def test_a_harness_that_is_idle_and_not_watched_ends(athena: Athena, folder: Path) -> None:
    settings(athena, "[daemon]\nrun_idle_seconds = 0.3\ncache_bytes = 0\n")
    with athena.client() as client:
        agent = spawn(client, folder, "say done")["id"]
        run = client.until(agent, "idle")["runId"]
    athena.kill()
    until_sync((athena.state / "runs" / run / "exit.json").exists, 30)


def test_a_webhook_is_signed_with_the_key_of_a_file(tmp_path: Path, folder: Path) -> None:
    athena, receiver = Athena(tmp_path / "athena"), Receiver()
    try:
        (tmp_path / "key").write_text("of the file\n")
        settings(
            athena,
            f'[notification]\nwebhook = "{receiver.url}"\nsecret_file = "{tmp_path / "key"}"\n'
            'on = ["question"]\n',
        )
        athena.start()
        with athena.client() as client:
            spawn(client, folder, "say done")
            spawn(client, folder, "permit run touch x")
            until_sync(lambda: len(receiver.taken) == 1)
    finally:
        athena.stop()
        receiver.close()
    ((headers, body),) = receiver.taken
    assert receiver.alerts[0]["topic"] == "question"
    given = {name.lower(): value for name, value in headers.items()}
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"of the file", signed, hashlib.sha256).digest()
    assert given["webhook-signature"] == f"v1,{b64encode(digest).decode()}"
