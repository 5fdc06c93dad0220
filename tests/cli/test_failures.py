"""What goes wrong on the command line: told in a line, in JSON when asked, with its exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from athena.cli.output import Exit
from athena.relay import control
from tests.app.playing import spawn
from tests.support.athena import Athena, Json
from tests.support.child import child
from tests.support.wait import until_sync


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    athena = Athena(tmp_path_factory.mktemp("athena"))
    athena.start()
    yield athena
    athena.stop()


def failed(athena: Athena, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command that must print nothing on standard output."""
    done = subprocess.run(
        athena.command(*arguments),
        env=athena.environment,
        cwd=athena.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


MISTAKES = {
    "no such verb": (["spwan"], Exit.USAGE, "No such command 'spwan'"),
    "no such verb of a group": (["agent", "stpo"], Exit.USAGE, "No such command 'stpo'"),
    "no such option": (["ls", "--bogus"], Exit.USAGE, "No such option"),
    "a missing argument": (["agent", "stop"], Exit.USAGE, "Missing argument 'AGENT'"),
    "a choice that is none": (["spawn", "-w", "moon", "hi"], Exit.USAGE, "is not one of"),
    "a status that is none": (["ls", "-s", "sleepy"], Exit.USAGE, "is not one of"),
    "a pair that is none": (["spawn", "-e", "FOO", "hi"], Exit.USAGE, "is not NAME=VALUE"),
    "a prompt from nowhere": (["spawn", "-f", "no.txt"], Exit.USAGE, "no.txt cannot be read"),
    "a prompt that is no text": (["spawn", "-f", "bytes"], Exit.USAGE, "no text in UTF-8"),
    "an agent that is none": (["agent", "stop", "nobody"], Exit.NOT_FOUND, "no agent 'nobody'"),
    "an export into nowhere": (["export", "no/where"], Exit.USAGE, "cannot be written"),
    "an export into two": (["export", "-"], Exit.USAGE, "want standard output"),
    "an import from nowhere": (["import", "no.ndjson"], Exit.USAGE, "does not exist"),
    "an import into a daemon's": (["import", "lines"], Exit.CONFLICT, "in use"),
    "a state directory that cannot be": (
        ["--state-dir", "/proc/here", "ls"],
        Exit.NO_DAEMON,
        "cannot use its state directory",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_json(athena: Athena, mistake: str) -> None:
    (athena.root / "bytes").write_bytes(b"\xff\xfe")
    (athena.root / "lines").write_text("{}\n")
    arguments, code, words = MISTAKES[mistake]
    found, said = failed(athena, *arguments, "--json")
    told: Json = json.loads(said)
    assert (found, told["error"]["exitCode"]) == (code, code)
    assert words in told["error"]["message"]


@pytest.mark.parametrize("mistake", sorted(set(MISTAKES) - {"an export into two"}))
def test_a_mistake_is_told_in_words(athena: Athena, mistake: str) -> None:
    (athena.root / "bytes").write_bytes(b"\xff\xfe")
    (athena.root / "lines").write_text("{}\n")
    arguments, code, words = MISTAKES[mistake]
    found, said = failed(athena, *arguments)
    assert (found, words in said) == (code, True), said


def test_what_is_behind_the_dashes_is_a_prompt(athena: Athena) -> None:
    code, said = failed(athena, "spawn", "--harness", "nonesuch", "--", "--json")
    assert (code, said.startswith("athena: ")) == (Exit.NOT_FOUND, True)


def test_a_full_disk_behind_the_output_is_told(athena: Athena) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            athena.command("ls", "--json"),
            env=athena.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == Exit.FAILED
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_reads_the_output(athena: Athena) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            athena.command("doctor"),
            env=athena.environment,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == Exit.FAILED
    assert "Traceback" not in done.stderr


def clients(athena: Athena) -> list[object]:
    """The processes that are connected."""
    status = control.status(str(athena.state))
    assert status is not None
    return [one["pid"] for one in cast("list[Json]", status["connections"])]


@pytest.mark.parametrize("verb", [["watch"], ["event", "list", "--follow"]])
def test_ctrl_c_has_its_own_exit_code(athena: Athena, verb: list[str]) -> None:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = athena.command(*verb)
    with child(command, env=athena.environment, cwd=athena.root, text=True, **pipes) as process:
        until_sync(lambda: process.pid in clients(athena), what="the command is there")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == Exit.INTERRUPTED
    assert "Traceback" not in said


def test_signs_that_the_users_encoding_lacks_end_nothing(athena: Athena) -> None:
    with athena.client() as client:
        agent = spawn(client, athena.root, "say Grüße, ✓")["name"]
    done = subprocess.run(
        athena.command("watch", agent, "--until-rest"),
        env={**athena.environment, "PYTHONIOENCODING": "latin-1"},
        cwd=athena.root,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert "\nGrüße, ?\n".encode("latin-1") in done.stdout


def test_watching_until_rest_ends_in_json_too(athena: Athena) -> None:
    with athena.client() as client:
        agent = spawn(client, athena.root, "say hello")["name"]
    lines = athena.run("watch", agent, "--until-rest", "--json").splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds[0] == "agentSpawned"
    assert kinds.count("turnEnded") == 1


def test_steer_is_a_verb(athena: Athena) -> None:
    with athena.client() as client:
        listening = "mark on\nlisten\nother turns:\n    say ${prompt}"
        agent = spawn(client, athena.root, listening)["name"]
        until_sync((athena.root / "on").exists)
        queued = json.loads(athena.run("prompt", agent, "later", "--json"))
        steered = json.loads(athena.run("steer", agent, "look", "here", "--json"))
        assert queued["promptId"] != steered["promptId"]
        client.until(agent, "idle")
        page = client.call("athena/transcript/page", agent=agent)["items"]
    said = [i["item"]["content"][0]["text"] for i in page if i["item"]["type"] == "userMessage"]
    assert said[1:] == ["look here", "later"]


def test_all_data_through_a_pipe(athena: Athena, tmp_path: Path) -> None:
    with athena.client() as client:
        client.until(spawn(client, tmp_path, "say hello")["id"], "idle")
    exported = athena.run("export", "-")
    elsewhere = Athena(tmp_path / "elsewhere")
    done = subprocess.run(
        elsewhere.command("import", "-", "--json"),
        env=elsewhere.environment,
        input=exported,
        capture_output=True,
        text=True,
        check=True,
    )
    count = sum(json.loads(line)["type"] == "event" for line in exported.splitlines())
    assert json.loads(done.stdout)["events"] == count > 0
    try:
        assert elsewhere.run("export", "-") == exported
        assert not list(elsewhere.state.glob(".export-*"))
    finally:
        elsewhere.stop()
