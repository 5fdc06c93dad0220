"""An agent at work in submodules: captured, reviewed, told who wrote a line, and brought home."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json, make_repository

WORK = """
write main.py: changed
edit deps/lib/lib.py: two -> two of the agent
write deps/lib/inner/deep.py: deep of the agent
turn 2:
    write deps/lib/new.py: in the second turn
other turns:
    say I see.
"""
LIB, DEEP = "deps/lib", "deps/lib/inner"


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def inside(agent: Json, repository: str) -> Json:
    return {"agent": agent["id"], "repository": repository}


def names(found: Json) -> list[str]:
    return [f["path"] for f in found["files"]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a submodule that has one as well."""
    deep = make_repository(tmp_path / "deep", {"deep.py": "deep\n"})
    lib = make_repository(tmp_path / "lib", {"lib.py": "one\ntwo\n"})
    git(lib, "submodule", "--quiet", "add", str(deep), "inner")
    git(lib, "commit", "-qm", "with an inner one")
    main = make_repository(tmp_path / "app", {"main.py": "main\n"})
    git(main, "submodule", "--quiet", "add", str(lib), "deps/lib")
    git(main, "submodule", "--quiet", "update", "--init", "--recursive")
    git(main, "commit", "-qm", "with a submodule")
    return main


@pytest.fixture
def agent(client: Client, project: Path) -> Json:
    """An agent that has written in the project and in both submodules."""
    made = spawn(client, project, WORK, workspace={"kind": "new"})
    return client.until(made["id"], "idle")


def test_each_submodule_has_checkpoints_and_changesets(
    client: Client, agent: Json, project: Path
) -> None:
    lib, deep = agent["workspace"]["submodules"]
    root = Path(agent["workspace"]["path"])
    assert (lib["name"], lib["path"]) == ("deps/lib", str(root / "deps/lib"))
    assert (deep["name"], deep["path"]) == ("deps/lib/inner", str(root / "deps/lib/inner"))
    assert lib["baseCommit"] == git(project, "rev-parse", "main:deps/lib")
    assert names(client.call("athena/changeset/get", agent=agent["id"])) == ["main.py"]
    assert names(client.call("athena/changeset/get", **inside(agent, LIB))) == ["lib.py"]
    assert names(client.call("athena/changeset/get", **inside(agent, DEEP))) == ["deep.py"]
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    assert names(client.call("athena/changeset/get", **inside(agent, LIB), scope="turn")) == [
        "new.py"
    ]
    assert names(client.call("athena/changeset/get", **inside(agent, LIB))) == ["lib.py", "new.py"]
    assert names(client.call("athena/changeset/get", **inside(agent, DEEP), scope="turn")) == []
    edges = client.call("athena/checkpoint/list", **inside(agent, DEEP))["checkpoints"]
    assert [c["edge"] for c in edges] == ["start", "end"] * 2
    found = client.call("athena/workspace/files", agent=agent["id"], find="deep.py")
    assert found["files"] == ["deps/lib/inner/deep.py"]


def test_what_is_in_a_submodule_is_reviewed_and_reverted_there(client: Client, agent: Json) -> None:
    root = Path(agent["workspace"]["path"])
    client.call(
        "athena/review/comment", **inside(agent, LIB), path="lib.py", line=2, text="why?", send=True
    )
    client.until(agent["id"], "idle")
    sent = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "promptQueued"]
    assert f"{root}/deps/lib/lib.py:2: why?" in sent[-1]["content"][0]["text"]
    undone = client.call("athena/revert/run", **inside(agent, LIB), turnId=f"{agent['id']}.t1")
    assert undone["files"] == ["lib.py"]
    assert (root / "deps/lib/lib.py").read_text() == "one\ntwo\n"
    assert (root / "deps/lib/inner/deep.py").read_text() == "deep of the agent\n"
    client.call("athena/revert/undo", **inside(agent, LIB), ref=undone["undo"])
    assert (root / "deps/lib/lib.py").read_text() == "one\ntwo of the agent\n"


def test_a_line_of_a_submodule_has_an_author(client: Client, agent: Json) -> None:
    root = Path(agent["workspace"]["path"])
    for path, line in (("deps/lib/lib.py", 2), ("deps/lib/inner/deep.py", 1), ("main.py", 1)):
        (run,) = client.call("athena/line/authors", path=str(root / path))["runs"]
        assert (run["start"], run["end"], run["agentName"]) == (line, line, agent["name"])


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merge_takes_the_work_in_submodules_along(
    client: Client, agent: Json, project: Path, how: str
) -> None:
    ahead = client.call("athena/merge/run", agent=agent["id"], how=how, dryRun=True)
    assert ahead["files"] == ["deps/lib", "main.py"]
    done = client.call("athena/merge/run", agent=agent["id"], how=how, message="By the agent")
    assert done["done"] and done["files"] == ["deps/lib", "main.py"]
    wanted = git(project, "rev-parse", "main:deps/lib")
    assert done["notes"] == [
        f"The submodule {name} is at {commit[:10]} now: `git submodule update` checks it out."
        for name, commit in (
            ("deps/lib", wanted),
            ("deps/lib/inner", git(project / "deps/lib", "rev-parse", f"{wanted}:inner")),
        )
    ]
    git(project, "submodule", "--quiet", "update", "--recursive")
    assert (project / "deps/lib/lib.py").read_text() == "one\ntwo of the agent\n"
    assert (project / "deps/lib/inner/deep.py").read_text() == "deep of the agent\n"
    assert git(project, "status", "--porcelain") == ""
    told = git(project / "deps/lib", "log", "-1", "--format=%B")
    assert told.startswith("By the agent") and f"Athena-Agent: {agent['id']}" in told
    (run,) = client.call("athena/line/authors", path=str(project / "deps/lib/lib.py"))["runs"]
    assert (run["start"], run["agentName"]) == (2, agent["name"])


def test_what_is_rejected_in_a_submodule_is_not_merged(
    client: Client, agent: Json, project: Path
) -> None:
    client.call("athena/review/verdict", **inside(agent, LIB), verdict="rejected", path="lib.py")
    done = client.call("athena/merge/run", agent=agent["id"])
    assert done["done"] and done["notes"][0].startswith("1 rejected change was taken out first")
    git(project, "submodule", "--quiet", "update", "--recursive")
    assert (project / "deps/lib/lib.py").read_text() == "one\ntwo\n"
    assert (project / "deps/lib/inner/deep.py").read_text() == "deep of the agent\n"


def test_a_submodule_is_merged_with_what_is_around_it(client: Client, agent: Json) -> None:
    for method, asked in (("athena/merge/run", {}), ("athena/review/apply", {"scope": "base"})):
        with pytest.raises(CallError, match="deps/lib is a submodule") as refused:
            client.call(method, **inside(agent, LIB), **asked)
        assert refused.value.code == ErrorCode.WRONG_STATE
    done = client.call("athena/workspace/commit", agent=agent["id"], repository="deps/lib")
    assert done["done"] and done["files"] == ["inner", "lib.py"]


def test_a_submodule_that_the_user_has_not_checked_out_is_to_be_pushed(
    athena: Athena, client: Client, agent: Json, project: Path
) -> None:
    git(project, "submodule", "--quiet", "deinit", "--all", "--force")
    done = client.call("athena/merge/run", agent=agent["id"])
    root = agent["workspace"]["path"]
    assert done["done"]
    assert [note.partition(" now, ")[2] for note in done["notes"]] == [
        f"which nobody else has: push it from {root}/deps/lib.",
        f"which nobody else has: push it from {root}/deps/lib/inner.",
    ]


def test_a_submodule_that_the_agent_adds_begins_where_it_was_added(
    client: Client, tmp_path: Path
) -> None:
    other = make_repository(tmp_path / "other", {"x": "x\n"})
    project = make_repository(tmp_path / "app", {"main.py": "main\n"})
    add = f"git -c protocol.file.allow=always submodule --quiet add {other} new"
    text = f"""
    run {add}
    turn 2:
        write new/x: of the agent
    """
    agent = spawn(client, project, text, workspace={"kind": "new"})
    client.until(agent["id"], "idle")
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    (one,) = client.agent(agent["id"])["workspace"]["submodules"]
    assert (one["name"], one["baseCommit"]) == ("new", git(other, "rev-parse", "main"))
    asked = inside(agent, "new")
    assert names(client.call("athena/changeset/get", **asked, scope="turn")) == ["x"]
    assert names(client.call("athena/changeset/get", **asked)) == ["x"]


def test_a_copy_has_what_is_not_committed_in_submodules(client: Client, agent: Json) -> None:
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    now = client.call("athena/agent/fork", agent=agent["id"])["id"]
    first = f"{agent['id']}.t1"
    before = client.call("athena/agent/fork", agent=agent["id"], turnId=first)["id"]
    for copy, changed in ((now, " M inner\n M lib.py\n?? new.py"), (before, " M inner\n M lib.py")):
        place = Path(client.until(copy, "idle")["workspace"]["path"], "deps/lib")
        assert git(place, "status", "--porcelain").rstrip() == changed.strip()
        assert (place / "lib.py").read_text() == "one\ntwo of the agent\n"
        assert (place / "inner/deep.py").read_text().strip() == "deep of the agent"
    own = Path(agent["workspace"]["path"], "deps/lib")
    assert git(own, "for-each-ref", f"refs/athena/{now}/") != ""


def test_a_submodule_that_is_damaged_is_told(client: Client, project: Path) -> None:
    text = "edit deps/lib/lib.py: two -> 2\nturn 2:\n    run echo broken > deps/lib/.git"
    agent = spawn(client, project, text, workspace={"kind": "new"})["id"]
    client.until(agent, "idle")
    client.call("athena/agent/prompt", agent=agent, text="go on")
    client.until(agent, "idle")
    events = [e["data"] for e in client.events(agent) if e["kind"].startswith("checkpoint")]
    assert any("deps/lib" in e.get("error", "") for e in events)
    (known,) = client.agent(agent)["workspace"]["submodules"]
    assert known["name"] == "deps/lib"
