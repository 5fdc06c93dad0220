"""One agent with worktrees in several repositories: made, captured, reviewed, brought home."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client, Json, make_repository

BOTH = """
write main.txt: in the main one
run echo in the other one > "${ATHENA_WORKTREES#*:}/other.txt"
turn 2:
    say I see.
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The main project and another repository."""
    return (
        make_repository(tmp_path / "app", {"app.py": "app\n"}),
        make_repository(tmp_path / "lib", {"lib.py": "lib\n"}),
    )


@pytest.fixture
def agent(client: Client, places: tuple[Path, Path]) -> Json:
    """An agent that has written in both."""
    main, other = places
    workspace = {"kind": "new", "also": [str(other)]}
    return client.until(spawn(client, main, BOTH, workspace=workspace)["id"], "idle")


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def names(found: Json) -> list[str]:
    return [f["path"] for f in found["files"]]


def test_each_repository_has_a_worktree_and_a_changeset_of_its_own(
    client: Client, agent: Json, places: tuple[Path, Path]
) -> None:
    main, other = places
    (there,) = agent["workspace"]["also"]
    assert (there["name"], there["repository"]) == ("lib", str(other))
    assert there["branch"] == agent["workspace"]["branch"]
    assert Path(there["path"]).parent == other.parent / "lib.worktrees"
    assert git(other, "rev-parse", "main") == there["baseCommit"]
    assert names(client.call("athena/changeset/get", agent=agent["id"])) == ["main.txt"]
    asked = {"agent": agent["id"], "repository": "lib"}
    assert names(client.call("athena/changeset/get", **asked)) == ["other.txt"]
    assert names(client.call("athena/changeset/get", **asked, scope="turn")) == ["other.txt"]
    edges = client.call("athena/checkpoint/list", **asked)["checkpoints"]
    assert [c["edge"] for c in edges] == ["start", "end"]
    listed = client.call("athena/workspace/list", agent=agent["id"])["workspaces"]
    assert [(w["repository"], w["untracked"]) for w in listed] == [(str(main), 1), (str(other), 1)]
    with pytest.raises(CallError, match="It has: lib") as refused:
        client.call("athena/changeset/get", agent=agent["id"], repository="nowhere")
    assert refused.value.code == ErrorCode.NOT_FOUND


def test_work_in_another_repository_is_commented_reverted_and_merged_there(
    client: Client, agent: Json, places: tuple[Path, Path]
) -> None:
    main, other = places
    (there,) = agent["workspace"]["also"]
    asked = {"agent": agent["id"], "repository": "lib"}
    file = Path(there["path"]) / "other.txt"
    client.call("athena/review/comment", **asked, path="other.txt", line=1, text="why?")
    client.call("athena/review/send", agent=agent["id"])
    client.until(agent["id"], "idle")
    sent = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "promptQueued"]
    assert f"{file}:1: why?" in sent[-1]["content"][0]["text"]
    undone = client.call("athena/revert/run", **asked, turnId=f"{agent['id']}.t1")
    assert undone["files"] == ["other.txt"] and not file.exists()
    assert (Path(agent["workspace"]["path"]) / "main.txt").exists()
    client.call("athena/revert/undo", **asked, ref=undone["undo"])
    merged = client.call("athena/merge/run", **asked, how="squash", message="From the agent")
    assert merged["done"] and (other / "other.txt").read_text() == "in the other one\n"
    assert git(other, "log", "-1", "--format=%s") == "From the agent"
    assert git(main, "log", "-1", "--format=%s") == "one"


def test_they_go_and_come_back_together(
    client: Client, agent: Json, places: tuple[Path, Path]
) -> None:
    _, other = places
    (there,) = agent["workspace"]["also"]
    roots = [Path(agent["workspace"]["path"]), Path(there["path"])]
    client.call("athena/agent/stop", agent=agent["id"])
    client.until_status(agent["id"], "done")
    client.call("athena/workspace/commit", agent=agent["id"])
    with pytest.raises(CallError, match=r"lib\.worktrees") as refused:
        client.call("athena/workspace/remove", agent=agent["id"], insist=["unpushed"])
    assert refused.value.code == ErrorCode.REFUSED and all(root.is_dir() for root in roots)
    gone = client.call("athena/workspace/remove", agent=agent["id"], insist=["unpushed", "dirty"])
    assert not any(root.exists() for root in roots)
    (told,) = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "workspaceRemoved"]
    assert told["also"] == [one["ref"] for one in gone["also"]]
    assert git(other, "rev-parse", told["also"][0]) == gone["also"][0]["commit"]
    client.call("athena/workspace/restore", agent=agent["id"])
    assert (roots[1] / "other.txt").exists() and (roots[0] / "main.txt").exists()
    assert client.agent(agent["id"])["workspace"]["also"] == [there]


def test_one_that_vanished_is_told_and_brought_back(client: Client, agent: Json) -> None:
    (there,) = agent["workspace"]["also"]
    shutil.rmtree(there["path"])
    with pytest.raises(CallError, match=f"{there['path']} is gone"):
        client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    back = client.call("athena/workspace/restore", agent=agent["id"])
    assert back["path"] == there["path"]
    assert (Path(there["path"]) / "other.txt").read_text() == "in the other one\n"


def test_collisions_are_seen_in_each(
    client: Client, agent: Json, places: tuple[Path, Path]
) -> None:
    _, other = places
    text = "write other.txt: something else"
    second = spawn(client, other, text, workspace={"kind": "new"})
    client.until(second["id"], "idle")
    found = client.call("athena/collision/list", project=str(other))["collisions"]
    assert [{c["agentId"], c["otherId"]} for c in found] == [{agent["id"], second["id"]}]


@pytest.mark.parametrize("what", ["no repository", "the same twice"])
def test_all_of_them_or_none(
    client: Client, places: tuple[Path, Path], tmp_path: Path, what: str
) -> None:
    main, other = places
    (tmp_path / "plain").mkdir()
    also = [str(other), str(tmp_path / "plain") if what == "no repository" else str(other)]
    made = spawn(client, main, "say hello", workspace={"kind": "new", "also": also})
    client.until_status(made["id"], "failed", "dead", "done")
    error = client.agent(made["id"])["reason"]
    assert ("not in a git repository" if what == "no repository" else "already") in error
    for place in places:
        assert len(git(place, "worktree", "list").splitlines()) == 1
        assert git(place, "branch", "--list", "athena/*") == ""


def test_on_the_command_line(athena: Athena, places: tuple[Path, Path]) -> None:
    main, other = places

    def run(*words: str) -> str:
        return athena.run(*words, cwd=main)

    words = ("--name", "ada", "--also", "../lib", "--wait")
    run("spawn", scenario(BOTH), "-H", "scripted", *words)
    assert "lib" in run("agent", "show", "ada")
    assert "A other.txt" in run("diff", "ada", "-R", "lib", "--stat")
    run("review", "accept", "ada", "-R", "lib")
    run("review", "apply", "ada", "-R", "lib")
    assert (other / "other.txt").exists() and not (main / "main.txt").exists()


def test_files_to_mention_are_those_of_each(client: Client, agent: Json) -> None:
    (there,) = agent["workspace"]["also"]

    def found(find: str, **more: object) -> Json:
        return client.call("athena/workspace/files", agent=agent["id"], find=find, **more)

    assert found("py")["files"] == ["app.py"]
    assert found("py")["others"] == [
        {"repository": "lib", "root": there["path"], "path": "lib.py"},
    ]
    by_its_name = found("lib/other")
    assert (by_its_name["files"], by_its_name["more"]) == ([], False)
    assert [one["path"] for one in by_its_name["others"]] == ["other.txt"]
    assert found("lib", limit=1)["more"]


def test_agents_are_compared_in_each(
    client: Client, agent: Json, places: tuple[Path, Path]
) -> None:
    main, other = places
    workspace = {"kind": "new", "also": [str(other)]}
    second = client.until(spawn(client, main, BOTH, workspace=workspace)["id"], "idle")
    found = client.call("athena/comparison/get", agents=[agent["id"], second["id"]])
    assert [(one["files"], one["additions"]) for one in found["agents"]] == [(2, 2), (2, 2)]
    assert found["sharedFiles"] == ["main.txt"]
    assert found["sharedElsewhere"] == [{"repository": "lib", "path": "other.txt"}]
