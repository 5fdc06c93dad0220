"""Copies of agents: their files, their conversation, and what they leave alone."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import scenario, spawn, told
from tests.support.athena import Athena, Client, Json, make_repository
from tests.support.wait import until_sync

WORK = """
edit  hello.py: hi -> hello
write new.txt: made by the agent
say   I said pomegranate.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", {"hello.py": 'print("hi")\n'})


def worked(client: Client, project: Path, text: str = WORK, **more: object) -> Json:
    agent = spawn(client, project, text, workspace={"kind": "new"}, **more)
    return client.until(agent["id"], "idle")


def fork(client: Client, agent: Json, text: str | None = None, **more: object) -> Json:
    """A copy that has done its first prompt."""
    prompt = scenario(text) if text is not None else None
    copy = client.call("athena/agent/fork", agent=agent["id"], text=prompt, **more)
    return client.until(copy["id"], "idle")


def git(place: str | Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=place, capture_output=True, text=True, check=True
    ).stdout


def runs(client: Client, agent: Json) -> list[Json]:
    return [e["data"] for e in client.events(agent["id"]) if e["kind"] == "runStarted"]


def notices(client: Client, agent: Json) -> list[str]:
    items = [e["data"]["item"] for e in client.events(agent["id"]) if e["kind"] == "itemCompleted"]
    return [item["text"] for item in items if item.get("topic") == "fork"]


def test_a_copy_has_the_session_and_the_files_and_goes_its_own_way(
    client: Client, project: Path
) -> None:
    agent = worked(client, project)
    client.call("athena/workspace/commit", agent=agent["id"], message="what is done")
    client.call("athena/agent/prompt", agent=agent["id"], text=scenario("append hello.py: # more"))
    agent = client.until(agent["id"], "idle")
    place = Path(agent["workspace"]["path"])
    (place / "untracked.txt").write_text("of the user\n")
    before = git(place, "status", "--porcelain=v2", "--branch")

    copy = fork(client, agent, "say Turn ${turn} in ${cwd}.\nappend hello.py: # of the copy")

    assert copy["name"] == f"{agent['name']}-fork"
    assert (copy["forkedFrom"], copy.get("parentId")) == (agent["id"], agent.get("parentId"))
    there = Path(copy["workspace"]["path"])
    assert there != place
    assert (there / "hello.py").read_text() == 'print("hello")\n# more\n# of the copy\n'
    assert (there / "untracked.txt").read_text() == "of the user\n"
    assert git(there, "rev-parse", "HEAD") == git(place, "rev-parse", "HEAD")
    assert git(there, "status", "--porcelain") == " M hello.py\n?? untracked.txt\n"
    assert copy["workspace"]["baseCommit"] == agent["workspace"]["baseCommit"]
    [run] = runs(client, copy)
    assert (run["resume"], run["fork"]) == (agent["sessionId"], True)
    assert copy["sessionId"] != agent["sessionId"]
    assert f"say Turn 3 in {there}." in told(client, copy["id"])
    [seam] = notices(client, copy)
    assert f"A copy of {agent['name']} as it was after turn 2." in seam

    assert git(place, "status", "--porcelain=v2", "--branch") == before
    assert (place / "hello.py").read_text() == 'print("hello")\n# more\n'
    client.call("athena/agent/prompt", agent=agent["id"], text=scenario("say Turn ${turn}."))
    client.until(agent["id"], "idle")
    assert "say Turn 3." in told(client, agent["id"])


def test_a_copy_is_of_a_chosen_turn(client: Client, project: Path) -> None:
    agent = worked(client, project)
    client.call(
        "athena/agent/prompt",
        agent=agent["id"],
        text=scenario("say I said plum.\nwrite new.txt: changed\nrun git commit -qam later"),
    )
    agent = client.until(agent["id"], "idle")
    first = f"{agent['id']}.t1"
    copy = fork(client, agent, "say Told: ${prompt}", turnId=first, name="before")
    there = Path(copy["workspace"]["path"])
    assert (there / "new.txt").read_text() == "made by the agent\n"
    assert git(there, "rev-parse", "HEAD").strip() == agent["workspace"]["baseCommit"]
    [run] = runs(client, copy)
    assert "resume" not in run and "fork" not in run
    said = told(client, copy["id"])
    assert "Assistant: I said pomegranate." in said
    assert "plum" not in said
    assert agent["workspace"]["cwd"] in said  # which is not where it works
    assert "as it was after turn 1" in notices(client, copy)[0]


def test_an_agent_at_work_is_copied_as_it_was_before(
    client: Client, project: Path, tmp_path: Path
) -> None:
    agent = worked(client, project)
    gate = tmp_path / "gate"
    client.call(
        "athena/agent/prompt",
        agent=agent["id"],
        text=scenario(f"write half.txt: half\nmark {gate}.begun\ngate {gate}\nsay Late."),
    )
    until_sync(Path(f"{gate}.begun").exists)
    with pytest.raises(CallError, match="is running") as refused:
        client.call("athena/agent/fork", agent=agent["id"], turnId=f"{agent['id']}.t2")
    assert refused.value.code == ErrorCode.WRONG_STATE
    copy = fork(client, agent, "say Told: ${prompt}")
    there = Path(copy["workspace"]["path"])
    assert (there / "new.txt").exists() and not (there / "half.txt").exists()
    assert "I said pomegranate." in told(client, copy["id"])
    gate.touch()
    client.until(agent["id"], "idle")


def test_a_turn_that_begins_while_files_are_captured_is_not_in_the_copy(
    shared: Athena, client: Client, project: Path, tmp_path: Path
) -> None:
    """A filter of git's holds up the capture, at its first file."""
    agent = worked(client, project)
    place, gate = Path(agent["workspace"]["path"]), tmp_path / "gate"
    os.mkfifo(gate)
    slow = f"if mkdir {tmp_path}/first 2>/dev/null; then cat {gate} >/dev/null; fi; cat"
    git(project, "config", "filter.slow.clean", slow)
    for name, text in ((".gitattributes", "*.slow filter=slow\n"), ("a.slow", "a"), ("z", "z")):
        (place / name).write_text(text)
    with ThreadPoolExecutor(1) as beside, shared.client("other") as other:
        copying = beside.submit(other.call, "athena/agent/fork", agent=agent["id"])
        until_sync((tmp_path / "first").exists)
        later = scenario("write z: in the second turn")
        client.call("athena/agent/prompt", agent=agent["id"], text=later)
        until_sync(lambda: client.agent(agent["id"])["turns"] == 2)
        client.until(agent["id"], "idle")
        gate.write_text("open")
        copy = client.until(copying.result()["id"], "idle")
    there = Path(copy["workspace"]["path"])
    assert (there / "new.txt").read_text() == "made by the agent\n"
    # Where somebody else who looks at the files met the gate first, they were copied in time.
    assert not (there / "z").exists() or (there / "z").read_text() == "z"


def test_a_session_that_went_on_before_the_copy_began_is_told_instead(
    athena: Athena, project: Path, tmp_path: Path
) -> None:
    """A copy waits for the scripts of its workspace; what is said meanwhile is not its own."""
    gate = tmp_path / "gate"
    with athena.client() as client:
        agent = worked(client, project)
        (athena.root / "athena.toml").write_text(
            f'[workspace]\nsetup = ["until [ -e {gate} ]; do sleep 0.05; done"]\n'
        )
        copy = client.call(
            "athena/agent/fork", agent=agent["id"], text=scenario("say Told: ${prompt}")
        )
        until_sync(lambda: client.agent(copy["id"])["scripts"])
        client.call("athena/agent/prompt", agent=agent["id"], text=scenario("say I said plum."))
        client.until(agent["id"], "idle")
        gate.touch()
        copy = client.until(copy["id"], "idle")
        [run] = runs(client, copy)
        assert "resume" not in run
        said = told(client, copy["id"])
        assert "I said pomegranate." in said and "plum" not in said


def test_a_copy_of_a_copy_knows_all_that_was_said(client: Client, project: Path) -> None:
    agent = worked(client, project)
    second = fork(client, agent, "say I said plum.")
    client.call("athena/agent/prompt", agent=second["id"], text=scenario("say I said cherry."))
    client.until(second["id"], "idle")
    third = fork(client, second, "say Told: ${prompt}", turnId=f"{second['id']}.t1")
    said = told(client, third["id"])
    assert "I said pomegranate." in said and "I said plum." in said
    assert said.index("pomegranate") < said.index("plum")
    assert "cherry" not in said


def test_a_copy_in_the_same_directory(client: Client, project: Path) -> None:
    agent = worked(client, project)
    copy = fork(client, agent, "say Turn ${turn}.", worktree=False)
    assert copy["workspace"]["path"] == agent["workspace"]["path"]
    assert copy["workspace"]["kind"] == "existing"
    assert "say Turn 2." in told(client, copy["id"])
    assert "the same directory" in notices(client, copy)[0]


def test_without_a_repository_the_directory_is_shared(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "say First.")
    agent = client.until(agent["id"], "idle")
    copy = fork(client, agent, "say Turn ${turn}.")
    assert copy["workspace"]["cwd"] == agent["workspace"]["cwd"]
    assert "say Turn 2." in told(client, copy["id"])


def test_work_in_the_project_itself_is_copied_to_a_worktree(client: Client, project: Path) -> None:
    (project / "mine.txt").write_text("not committed\n")
    agent = spawn(client, project, "say First.")
    agent = client.until(agent["id"], "idle")
    copy = fork(client, agent, "say Turn ${turn}.")
    there = Path(copy["workspace"]["path"])
    assert there != project
    assert (there / "mine.txt").read_text() == "not committed\n"
    assert copy["workspace"]["baseCommit"] == git(project, "rev-parse", "HEAD").strip()


def test_all_repositories_are_copied(client: Client, project: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other", {"lib.py": "old\n"})
    agent = spawn(
        client,
        project,
        'run echo new > "${ATHENA_WORKTREES##*:}/lib.py"',
        workspace={"kind": "new", "also": [str(other)]},
    )
    agent = client.until(agent["id"], "idle")
    copy = fork(client, agent, "say Turn ${turn}.")
    [theirs], [own] = agent["workspace"]["also"], copy["workspace"]["also"]
    assert own["path"] != theirs["path"] and own["name"] == theirs["name"]
    assert Path(own["path"], "lib.py").read_text() == "new\n"
    assert own["baseCommit"] == theirs["baseCommit"]


def test_an_ended_agent_whose_worktree_was_removed_is_copied(client: Client, project: Path) -> None:
    agent = worked(client, project)
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    client.call("athena/workspace/remove", agent=agent["id"], insist=["dirty"])
    copy = fork(client, agent, "say Turn ${turn}.")
    assert not Path(copy["workspace"]["path"], "new.txt").exists()
    assert "say Turn 2." in told(client, copy["id"])
    assert "was removed" in notices(client, copy)[0]


def test_a_command_that_comes_again_makes_no_second_copy(client: Client, project: Path) -> None:
    agent = worked(client, project)
    first = client.call("athena/agent/fork", agent=agent["id"], commandId="copy-once")
    again = client.call("athena/agent/fork", agent=agent["id"], commandId="copy-once")
    assert first["id"] == again["id"]
    client.until(first["id"], "idle")


def test_what_is_refused(client: Client, project: Path) -> None:
    agent = spawn(client, project)
    client.until(agent["id"], "idle")
    with pytest.raises(CallError, match="ended no turn yet"):
        client.call("athena/agent/fork", agent=agent["id"])
    agent = worked(client, project)
    with pytest.raises(CallError, match="has ended no turn never") as refused:
        client.call("athena/agent/fork", agent=agent["id"], turnId="never")
    assert refused.value.code == ErrorCode.NOT_FOUND
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    client.call("athena/agent/archive", agent=agent["id"])
    with pytest.raises(CallError, match="restore it first"):
        client.call("athena/agent/fork", agent=agent["id"])


def test_a_name_that_is_as_long_as_can_be(client: Client, project: Path) -> None:
    agent = worked(client, project)
    client.call("athena/agent/rename", agent=agent["id"], name="é" * 120)
    one, two = (fork(client, client.agent(agent["id"]))["name"] for _ in range(2))
    assert (one, two) == ("é" * 115 + "-fork", "é" * 115 + "-fork-2")


def test_a_file_that_is_too_large_is_told(client: Client, project: Path) -> None:
    agent = worked(client, project)
    with Path(agent["workspace"]["path"], "core").open("wb") as file:
        file.truncate(300 << 20)
    copy = fork(client, agent)
    assert not Path(copy["workspace"]["path"], "core").exists()
    [seam] = notices(client, copy)
    assert seam.endswith("in a worktree of its own. Too large to be copied: core.")


def test_what_is_refused_leaves_nothing_in_the_repository(
    client: Client, project: Path, tmp_path: Path
) -> None:
    agent = worked(client, project)
    again = scenario("say Again.")
    client.call("athena/agent/prompt", agent=agent["id"], text=again, commandId="used")
    client.until(agent["id"], "idle")
    before = git(project, "for-each-ref")
    with pytest.raises(CallError, match="name is empty"):
        client.call("athena/agent/fork", agent=agent["id"], name=" ")
    with pytest.raises(CallError, match="each needs one of its own"):
        client.call("athena/agent/fork", agent=agent["id"], commandId="used")
    assert git(project, "for-each-ref") == before

    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    agent = client.until(spawn(client, empty, "write one.txt: one")["id"], "idle")
    before = git(empty, "for-each-ref")
    with pytest.raises(CallError, match="has no commit yet"):
        client.call("athena/agent/fork", agent=agent["id"])
    assert git(empty, "for-each-ref") == before


def test_lines_have_the_author_that_wrote_them_before_the_copy(
    client: Client, project: Path
) -> None:
    agent = worked(client, project)
    copy = fork(client, agent, "append hello.py: # of the copy")

    def authors(path: Path) -> list[tuple[int, str]]:
        runs = client.call("athena/line/authors", path=str(path))["runs"]
        return [(run["start"], run["turnId"]) for run in runs]

    expected = [(1, f"{agent['id']}.t1"), (2, f"{copy['id']}.t1")]
    assert authors(Path(copy["workspace"]["path"], "hello.py")) == expected
    client.call("athena/merge/run", agent=copy["id"], how="squash")
    assert authors(project / "hello.py") == expected


def test_what_is_the_same_in_a_copy_is_no_collision(client: Client, project: Path) -> None:
    agent = worked(client, project)
    copy = fork(client, agent, "write other.txt: something else")
    client.call("athena/agent/prompt", agent=copy["id"], text=scenario("say Looked at again."))
    copy = client.until(copy["id"], "idle")
    found = client.call("athena/collision/list", project=str(project))["collisions"]
    assert found == []
    assert copy["collisions"] == client.agent(agent["id"])["collisions"] == []
