"""Worktrees that somebody deleted under their agents, and those that agents left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.protocol.remedies import BY_ID
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client, Json, make_repository

WORK = """
edit  hello.py: hi -> hello
write new.txt: made by the agent
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", {"hello.py": 'print("hi")\n'})


def worked(client: Client, project: Path, text: str = WORK) -> Json:
    agent = spawn(client, project, text, workspace={"kind": "new"})
    return client.until(agent["id"], "idle")


def state_of(client: Client, agent: Json) -> Json:
    (state,) = client.call("athena/workspace/list", agent=agent["id"])["workspaces"]
    return state


def test_a_vanished_worktree_comes_back_as_it_was(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    client.call("athena/workspace/commit", agent=agent["id"], message="all of it")
    client.call("athena/agent/prompt", agent=agent["id"], text=scenario("write more.txt: more"))
    agent = client.until(agent["id"], "idle")
    shutil.rmtree(place)
    assert state_of(client, agent)["vanished"] == "its folder is gone"
    for method, more in (("agent/prompt", {"text": "go on"}), ("changeset/get", {})):
        with pytest.raises(CallError, match="workspace restore") as refused:
            client.call(f"athena/{method}", agent=agent["id"], **more)
        assert refused.value.code == ErrorCode.WRONG_STATE
    assert not place.exists()
    (remedy,) = refused.value.data["remedies"]
    assert f"`{remedy['commandLine']}` brings it back" in refused.value.message
    back = client.call(str(BY_ID[remedy["command"]].method), **remedy["arguments"])
    assert (back["path"], back["branch"]) == (str(place), agent["workspace"]["branch"])
    assert "was stopped" in back["notes"][-1]
    assert (place / "more.txt").read_text() == "more\n"
    now = client.until_status(agent["id"], "done")
    assert now["workspace"] == agent["workspace"]
    files = client.call("athena/changeset/get", agent=agent["id"])["files"]
    assert [f["path"] for f in files] == ["hello.py", "more.txt", "new.txt"]
    client.call("athena/agent/resume", agent=agent["id"], text=scenario("run cat more.txt"))
    client.until(agent["id"], "idle")
    assert (state_of(client, agent)["changed"], state_of(client, agent)["untracked"]) == (0, 1)


def test_a_vanished_worktree_can_be_given_up(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    shutil.rmtree(place)
    gone = client.call("athena/workspace/remove", agent=agent["id"])
    assert gone["removed"] and gone["rescue"]["path"] == str(place)
    (told,) = [e for e in client.events(agent["id"]) if e["kind"] == "workspaceRemoved"]
    assert told["data"]["rescue"] == gone["rescue"]["ref"]
    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=project, capture_output=True, text=True, check=True
    )
    assert str(place) not in listed.stdout
    client.call("athena/workspace/restore", agent=agent["id"])
    assert (place / "new.txt").read_text() == "made by the agent\n"


def test_a_vanished_worktree_is_offered_to_those_who_choose_from_a_list(
    client: Client, project: Path
) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    shutil.rmtree(place)
    (offered,) = client.call("athena/rescue/list", project=str(project))["rescues"]
    assert (offered["path"], "vanished" in offered["reason"]) == (str(place), True)
    client.call("athena/workspace/restore", ref=offered["ref"], project=str(project))
    assert (place / "new.txt").exists()
    client.until_status(agent["id"], "done")
    assert state_of(client, agent)["branch"] == agent["workspace"]["branch"]


def test_a_removed_worktree_is_what_comes_back_and_not_the_users_files(
    client: Client, project: Path
) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    base = agent["workspace"]["baseCommit"]
    client.call("athena/workspace/commit", agent=agent["id"])
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    client.call("athena/workspace/remove", agent=agent["id"], insist=["unpushed"])
    taken = client.call("athena/rescue/list", agent=agent["id"])["rescues"][0]
    subprocess.run(["git", "branch", "-q", "-f", "keep", taken["commit"]], cwd=project, check=True)
    back = client.call("athena/workspace/restore", agent=agent["id"])
    client.call("athena/review/apply", agent=agent["id"], paths=["new.txt"])
    assert back["path"] == str(place)
    now = client.agent(agent["id"])["workspace"]
    assert (now["baseCommit"], now["firstPort"]) == (base, agent["workspace"]["firstPort"])
    newest = client.call("athena/rescue/list", agent=agent["id"])["rescues"][0]
    assert newest["path"] == str(project)
    client.call("athena/workspace/remove", agent=agent["id"], insist=["unpushed"])
    assert client.call("athena/workspace/restore", agent=agent["id"])["path"] == str(place)


def test_an_earlier_state_is_brought_back_beside_the_present_one(
    client: Client, project: Path, tmp_path: Path
) -> None:
    agent = worked(client, project)
    first, last = client.call("athena/checkpoint/list", agent=agent["id"])["checkpoints"]
    there = str(tmp_path / "before")
    client.call("athena/workspace/restore", agent=agent["id"], ref=first["ref"], path=there)
    assert (tmp_path / "before" / "hello.py").read_text() == 'print("hi")\n'
    assert not (tmp_path / "before" / "new.txt").exists()
    assert client.agent(agent["id"])["workspace"]["path"] != there and last["edge"] == "end"


def test_only_what_an_agent_left_is_removed_by_its_place(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    with pytest.raises(CallError, match=f"workspace remove {agent['name']}") as refused:
        client.call("athena/workspace/remove", path=str(place), insist=["dirty"])
    assert refused.value.code == ErrorCode.NOT_FOUND and place.exists()
    users = project.parent / "users-own"
    git = ["git", "-C", str(project)]
    subprocess.run([*git, "worktree", "add", "-q", "--detach", str(users)], check=True)
    with pytest.raises(CallError, match="no worktree that an agent left"):
        client.call("athena/workspace/remove", path=str(users))
    assert users.exists()


@pytest.mark.parametrize("how", ["there", "vanished"])
def test_what_another_athena_left_is_listed_and_removed(
    client: Client, athena: Athena, project: Path, how: str
) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    if how == "vanished":
        shutil.rmtree(place)

    def run(*words: str) -> str:
        return athena.run("workspace", *words, cwd=project)

    listed = json.loads(run("list", "--json"))["workspaces"]
    (left,) = [w for w in listed if w["path"] == str(place)]
    assert f"left by agent {agent['id']}" in left["problem"] and "2 checkpoints" in left["problem"]
    assert "agentId" not in left and (left.get("vanished") is None) == (how == "there")
    removed = json.loads(run("remove", "--path", str(place), "--insist", "dirty", "--json"))
    assert removed["removed"] and removed["rescue"]["agentId"] == agent["id"]
    assert not place.exists()
    run("restore", "--ref", removed["rescue"]["ref"])
    assert (place / "new.txt").read_text() == "made by the agent\n"
