"""Sessions of the real plain command lines: listed, imported, adopted and gone on with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.harnesses.checks import harnesses
from tests.harnesses.test_whole import completed
from tests.support.athena import Athena
from tests.support.fakemodel import FakeModel

pytestmark = pytest.mark.harnesses

NATIVE = pytest.mark.parametrize("name", harnesses("claude", "codex"))
SECONDS = 60
PLAIN = {"claude": ("claude", "-p"), "codex": ("codex", "exec")}
AGAIN = {
    "claude": lambda session: ("claude", "-p", f"--resume={session}"),
    "codex": lambda session: ("codex", "exec", "resume", session),
}


def plain(athena: Athena, place: Path, *words: str) -> None:
    """The harness as a user runs it without Athena."""
    done = subprocess.run(
        words,
        env=athena.environment,
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@NATIVE
@pytest.mark.parametrize("where", ["here", "worktree"])
def test_a_session_made_outside_goes_on(
    athena: Athena, repository: Path, model: FakeModel, tmp_path: Path, name: str, where: str
) -> None:
    """The model sees what was said before, and the transcript has all of it, with a seam."""
    plain(athena, repository, *PLAIN[name], "remember pomegranate [[fake:hello]]")
    [listed] = json.loads(athena.run("session", "list", "--json"))["sessions"]
    assert (listed["harness"], listed["cwd"]) == (name, str(repository))
    [first] = json.loads(athena.run("session", "import", "--all", "--json"))["imported"]
    plain(athena, repository, *AGAIN[name](listed["sessionId"]), "and plum [[fake:hello]]")
    tag = f"{tmp_path.name}-{name}"
    words = ["session", "adopt", listed["sessionId"][:13], f"which fruit? [[fake:hello tag={tag}]]"]
    adopted = json.loads(athena.run(*words, f"--{where}", "--wait", "--json"))
    assert adopted["id"] == first["agentId"]
    assert (adopted["status"], adopted["turns"]) == ("idle", 3)
    assert (adopted["workspace"]["cwd"] == str(repository)) == (where == "here")
    [asked] = [one for one in model.requests(tag) if one.tools]
    assert "pomegranate" in model.body(asked) and "and plum" in model.body(asked)
    with athena.client() as client:
        events = client.events(first["agentId"])
        [run] = [one["data"] for one in events if one["kind"] == "runStarted"]
        assert run["resume"] == listed["sessionId"]
        prompts = completed(client, first["agentId"], "userMessage")
        assert ["pomegranate" in str(one) for one in prompts] == [True, False, False]
        answers = completed(client, first["agentId"], "message")
        assert [one["text"] for one in answers] == ["Hello from the fake model."] * 3
        notices = completed(client, first["agentId"], "notice")
        assert [one["topic"] for one in notices if one.get("topic") == "adoption"] == ["adoption"]
        assert completed(client, first["agentId"], "unrecognized") == []
        [session] = client.call("athena/session/list")["sessions"]
        assert session["state"] == "adopted"
