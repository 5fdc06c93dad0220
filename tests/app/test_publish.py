"""Publishing an agent's work: the branch is pushed, and a pull request opened where a tool can."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Athena, Json, make_repository

URL = "git@github.com:o/r.git"
GH = """#!/bin/sh
for word in "$@"; do echo "$word" >> "$HOME/asked"; done
echo https://github.com/o/r/pull/7
"""


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository that stands behind the address on the forge."""
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    return bare


@pytest.fixture
def project(tmp_path: Path, remote: Path) -> Path:
    made = make_repository(tmp_path / "project")
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\nexec git receive-pack {remote}\n")
    ssh.chmod(0o755)
    for setting in (("remote", "add", "origin", URL), ("config", "core.sshCommand", str(ssh))):
        subprocess.run(["git", *setting], cwd=made, check=True)
    return made


def with_tool(athena: Athena, name: str, text: str) -> None:
    program = athena.root / "bin" / name
    program.parent.mkdir()
    program.write_text(text)
    program.chmod(0o755)
    athena.environment["PATH"] = f"{program.parent}:{athena.environment['PATH']}"


def published(athena: Athena, project: Path, **asked: object) -> Json:
    with athena.client() as client:
        agent = spawn(client, project, "write a.txt: mine", workspace={"kind": "new"}, name="ada")
        client.until(agent["id"], "idle")
        done = client.call("athena/publish/run", agent=agent["id"], **asked)
        facts = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "changesApplied"]
        assert [(f["what"], f["target"]) for f in facts] == [("publish", "origin/athena/ada")]
    return done


def pushed(remote: Path) -> str:
    show = ["git", "-C", str(remote), "show", "athena/ada:a.txt"]
    return subprocess.run(show, check=True, capture_output=True, text=True).stdout


def test_a_branch_is_pushed_and_a_pull_request_opened(
    athena: Athena, project: Path, remote: Path
) -> None:
    with_tool(athena, "gh", GH)
    done = published(athena, project, pullRequest=True, title="By Ada", draft=True)
    assert done["url"] == "https://github.com/o/r/pull/7" and not done.get("notes")
    assert pushed(remote) == "mine\n"
    asked = (Path(athena.environment["HOME"]) / "asked").read_text().splitlines()
    assert {"pr", "create", "--head=athena/ada", "--base=main", "--draft"} <= set(asked)
    assert "--title=By Ada" in asked


@pytest.mark.parametrize(
    ("tool", "address", "says"),
    [
        (
            "gh",
            "https://github.com/o/r/pull/7",
            "a pull request for branch 'athena/ada' into branch 'main' already exists:"
            "\nhttps://github.com/o/r/pull/7",
        ),
        (
            "glab",
            "https://github.com/o/r/-/merge_requests/12",
            "409 {message: [Another open merge request already exists for this branch: !12]}",
        ),
    ],
)
def test_a_request_that_is_open_is_updated_and_named(
    athena: Athena, project: Path, remote: Path, tool: str, address: str, says: str
) -> None:
    with_tool(athena, tool, f'#!/bin/sh\necho "$@" >> "$HOME/asked"\necho "{says}" >&2\nexit 1\n')
    forge = "gitlab" if tool == "glab" else None
    done = published(athena, project, pullRequest=True, into="release", forge=forge)
    assert done["url"] == address and pushed(remote) == "mine\n"
    asked = (Path(athena.environment["HOME"]) / "asked").read_text()
    assert ("--base=release" if tool == "gh" else "--target-branch=release") in asked


def test_a_tool_that_fails_is_shown_in_full_and_the_push_is_told(
    athena: Athena, project: Path, remote: Path
) -> None:
    with_tool(athena, "gh", "#!/bin/sh\necho 'HTTP 401: log in with gh auth login' >&2\nexit 4\n")
    with pytest.raises(CallError) as refused:
        published(athena, project, pullRequest=True)
    assert "gh auth login" in str(refused.value.data) + refused.value.message
    assert pushed(remote) == "mine\n"
    with athena.client() as client:
        facts = [e["data"]["what"] for e in client.events() if e["kind"] == "changesApplied"]
    assert facts == ["publish"]


def test_a_branch_that_was_rewritten_is_pushed_with_force(
    athena: Athena, project: Path, remote: Path
) -> None:
    published(athena, project)
    hook = project / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'tests fail' >&2\nexit 1\n")
    hook.chmod(0o755)
    place = project.parent / "project.worktrees" / "ada"
    amend = ["git", "commit", "-q", "--amend", "-m", "better"]
    subprocess.run(amend, cwd=place, env=athena.environment, check=True)
    with athena.client() as client:
        with pytest.raises(CallError) as refused:
            client.call("athena/publish/run", agent="ada", force=True)
        assert "tests fail" in str(refused.value.data) + refused.value.message
        with pytest.raises(CallError) as refused:
            client.call("athena/publish/run", agent="ada", hooks=False)
        assert "force" in refused.value.message
        client.call("athena/publish/run", agent="ada", force=True, hooks=False)
    log = ["git", "-C", str(remote), "log", "-1", "--format=%s", "athena/ada"]
    assert subprocess.run(log, check=True, capture_output=True, text=True).stdout == "better\n"


def test_without_the_tool_it_is_pushed_and_the_page_is_named(
    athena: Athena, project: Path, remote: Path
) -> None:
    done = published(athena, project, pullRequest=True)
    assert pushed(remote) == "mine\n" and "url" not in done
    (note,) = done["notes"]
    assert "`gh` is not installed" in note and "/compare/main...athena/ada" in note


def test_a_hook_that_refuses_is_shown_in_full(athena: Athena, project: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'No pushes on Sundays.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(CallError) as refused:
        published(athena, project)
    assert "No pushes on Sundays." in str(refused.value.data) + refused.value.message
