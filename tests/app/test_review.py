"""Reviewing, taking, reverting and merging what agents changed, with real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Client, Json, make_repository
from tests.support.wait import until_sync

TEXT = "".join(f"line {n}\n" for n in range(1, 31))

WORK = """
edit  text.txt: line 5 -> LINE FIVE
edit  text.txt: line 25 -> LINE TWENTY-FIVE
write new.txt: made by the agent
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", {"text.txt": TEXT, "hello.py": 'print("hi")\n'})


def worked(client: Client, project: Path, text: str = WORK, **more: object) -> Json:
    agent = spawn(client, project, text, workspace={"kind": "new"}, **more)
    return client.until(agent["id"], "idle")


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def hunks(client: Client, agent: Json, path: str, **more: object) -> list[Json]:
    file = client.call("athena/changeset/file", agent=agent["id"], path=path, **more)
    return file["hunkList"]


def test_a_changeset_in_files_and_hunks(client: Client, project: Path) -> None:
    agent = worked(client, project)
    found = client.call("athena/changeset/get", agent=agent["id"])
    assert [(f["path"], f["status"]) for f in found["files"]] == [
        ("new.txt", "added"),
        ("text.txt", "modified"),
    ]
    assert (found["additions"], found["deletions"]) == (3, 2)
    changed = hunks(client, agent, "text.txt")
    assert [(h["newStart"], h["removed"], h["added"]) for h in changed] == [
        (5, ["line 5"], ["LINE FIVE"]),
        (25, ["line 25"], ["LINE TWENTY-FIVE"]),
    ]
    old = client.call("athena/changeset/text", agent=agent["id"], path="text.txt", side="old")
    new = client.call("athena/changeset/text", agent=agent["id"], path="text.txt", side="new")
    assert old["text"] == TEXT
    assert "LINE FIVE" in new["text"]


def test_files_in_detail_are_the_same_together_as_one_by_one(client: Client, project: Path) -> None:
    agent = worked(client, project)
    client.call("athena/review/comment", agent=agent["id"], path="text.txt", line=5, text="why?")
    seen = client.call("athena/changeset/get", agent=agent["id"], details=10)
    assert seen["details"] == [
        client.call("athena/changeset/file", agent=agent["id"], path=file["path"])
        for file in seen["files"]
    ]
    first = client.call("athena/changeset/get", agent=agent["id"], details=1)
    assert first["details"] == seen["details"][:1] and first["files"] == seen["files"]
    assert "details" not in client.call("athena/changeset/get", agent=agent["id"])


def test_lines_that_are_too_many_for_one_answer_are_left_out(client: Client, project: Path) -> None:
    agent = worked(client, project, "say hi")
    place = Path(agent["workspace"]["path"])
    for n in range(6):
        (place / f"big{n}").write_text(f"{n:099}\n" * 35_000)
    seen = client.call("athena/changeset/get", agent=agent["id"], details=10)["details"]
    assert [file["large"] for file in seen] == [False] * 4 + [True] * 2
    assert all(len(file["hunkList"]) == 1 for file in seen)
    assert not seen[-1]["hunkList"][0]["added"]


def test_a_hunk_of_an_accepted_file_is_reopened_alone(client: Client, project: Path) -> None:
    agent = worked(client, project)
    about = {"agent": agent["id"], "path": "text.txt"}
    client.call("athena/review/verdict", **about, verdict="accepted")
    first = hunks(client, agent, "text.txt")[0]
    client.call("athena/review/verdict", **about, verdict="open", hunkIds=[first["hunkId"]])
    assert [h["verdict"] for h in hunks(client, agent, "text.txt")] == ["open", "accepted"]


def test_a_file_whose_hunks_all_have_one_verdict_has_it_too(client: Client, project: Path) -> None:
    agent = worked(client, project)

    def verdicts() -> dict[str, str]:
        found = client.call("athena/changeset/get", agent=agent["id"])
        return {f["path"]: f["verdict"] for f in found["files"]}

    def judge(hunk: Json, verdict: str) -> str:
        given = {"hunkIds": [hunk["hunkId"]], "verdict": verdict}
        client.call("athena/review/verdict", agent=agent["id"], path="text.txt", **given)
        detail = client.call("athena/changeset/file", agent=agent["id"], path="text.txt")
        assert detail["verdict"] == verdicts()["text.txt"]
        return detail["verdict"]

    first, second = hunks(client, agent, "text.txt")
    assert judge(first, "accepted") == "open"
    assert judge(second, "accepted") == "accepted"
    assert judge(second, "rejected") == "open"
    assert judge(first, "rejected") == "rejected"
    assert judge(first, "open") == "open"
    others = verdicts()
    del others["text.txt"]
    assert set(others.values()) == {"open"}


def test_what_a_removal_would_lose_is_told_by_name(client: Client, project: Path) -> None:
    agent = worked(client, project)
    client.call("athena/agent/stop", agent=agent["id"])
    until_sync(lambda: not client.agent(agent["id"]).get("runId"))
    with pytest.raises(CallError) as refused:
        client.call("athena/workspace/remove", agent=agent["id"])
    hazards = refused.value.data["hazards"]
    assert hazards
    (remedy,) = refused.value.data["remedies"]
    assert remedy["command"] == "athena.workspace.remove"
    assert remedy["arguments"] == {"agent": agent["id"], "insist": list(hazards)}
    removed = client.call("athena/workspace/remove", **remedy["arguments"])
    assert removed["removed"]


def test_one_hunk_is_taken_into_the_project(client: Client, project: Path) -> None:
    agent = worked(client, project)
    first = hunks(client, agent, "text.txt")[0]
    verdict = {"hunkIds": [first["hunkId"]], "verdict": "accepted"}
    client.call("athena/review/verdict", agent=agent["id"], **verdict)
    assert [h["verdict"] for h in hunks(client, agent, "text.txt")] == ["accepted", "open"]
    done = client.call("athena/review/apply", agent=agent["id"])
    assert done["done"] and done["files"] == ["text.txt"]
    assert (project / "text.txt").read_text() == TEXT.replace("line 5\n", "LINE FIVE\n")
    assert not (project / "new.txt").exists()


def test_undoing_what_was_taken_leaves_the_agents_own_tree(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    taken = client.call("athena/review/apply", agent=agent["id"], paths=["text.txt", "new.txt"])
    assert "LINE FIVE" in (project / "text.txt").read_text()
    undone = client.call("athena/revert/undo", agent=agent["id"], ref=taken["undo"])
    assert undone["files"] == ["new.txt", "text.txt"]
    assert (project / "text.txt").read_text() == TEXT and not (project / "new.txt").exists()
    assert "LINE FIVE" in (place / "text.txt").read_text() and (place / "new.txt").exists()
    again = client.call("athena/revert/undo", agent=agent["id"], ref=undone["undo"])
    assert again["done"] and (project / "new.txt").exists()
    told = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "changesApplied"]
    assert [(t["what"], t["target"]) for t in told] == [
        (what, str(project)) for what in ("apply", "undo", "undo")
    ]


def test_a_conflict_is_told_by_line_and_nothing_is_half_done(client: Client, project: Path) -> None:
    agent = worked(client, project)
    mine = TEXT.replace("line 5\n", "line five\n")
    (project / "text.txt").write_text(mine)
    done = client.call("athena/review/apply", agent=agent["id"], paths=["text.txt", "new.txt"])
    assert not done["done"]
    assert [(c["path"], c["start"]) for c in done["conflicts"]] == [("text.txt", 5)]
    assert (project / "text.txt").read_text() == mine
    assert not (project / "new.txt").exists()


def test_merging_takes_what_was_not_rejected(client: Client, project: Path) -> None:
    agent = worked(client, project)
    second = hunks(client, agent, "text.txt")[1]
    verdict = {"hunkIds": [second["hunkId"]], "verdict": "rejected"}
    client.call("athena/review/verdict", agent=agent["id"], **verdict)
    ahead = client.call("athena/merge/run", agent=agent["id"], dryRun=True)
    assert ahead["conflicts"] == [] and ahead["branch"] == "main"
    done = client.call("athena/merge/run", agent=agent["id"], how="squash", message="Fifth line")
    assert done["done"] and "rejected" in done["notes"][0]
    assert (project / "text.txt").read_text() == TEXT.replace("line 5\n", "LINE FIVE\n")
    assert (project / "new.txt").read_text() == "made by the agent\n"
    message = git(project, "log", "-1", "--format=%B")
    assert message.startswith("Fifth line") and f"Athena-Agent: {agent['id']}" in message
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merge_names_what_it_changed_and_not_what_others_did(
    client: Client, project: Path, how: str
) -> None:
    agent = worked(client, project)
    (project / "hello.py").write_text('print("hello")\n')
    git(project, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-qam", "Hello")
    ahead = client.call("athena/merge/run", agent=agent["id"], how=how, dryRun=True)
    done = client.call("athena/merge/run", agent=agent["id"], how=how)
    assert ahead["files"] == done["files"] == ["new.txt", "text.txt"]


def test_a_merge_is_undone_while_nothing_came_after(client: Client, project: Path) -> None:
    agent = worked(client, project)
    before = git(project, "rev-parse", "HEAD")
    done = client.call("athena/merge/run", agent=agent["id"], how="squash")
    (project / "mine.txt").write_text("untracked")
    back = client.call("athena/revert/undo", agent=agent["id"], ref=done["undo"])
    assert back["done"] and (back["branch"], back["commit"]) == ("main", before)
    assert back["files"] == ["new.txt", "text.txt"]
    assert git(project, "rev-parse", "HEAD") == before
    assert git(project, "status", "--porcelain") == "?? mine.txt"
    again = client.call("athena/revert/undo", agent=agent["id"], ref=back["undo"])
    assert again["commit"] == done["commit"] == git(project, "rev-parse", "HEAD")
    found = client.call("athena/line/authors", path=str(project / "text.txt"))["runs"]
    assert [run["start"] for run in found] == [5, 25]
    git(project, "-c", "user.name=T", "-c", "user.email=t@x", "commit", "-qm", "x", "--allow-empty")
    for ref in (done["undo"], again["undo"]):
        with pytest.raises(CallError, match=r"git revert|Merge again") as refused:
            client.call("athena/revert/undo", agent=agent["id"], ref=ref)
        assert refused.value.code == ErrorCode.GIT_FAILED
    told = [e["data"] for e in client.events(agent["id"]) if e["kind"] == "changesApplied"]
    assert [(t["what"], t["target"]) for t in told] == [
        ("merge", "main"),
        ("undo", "main"),
        ("undo", "main"),
    ]


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        (f"Tidy up\n{'x' * 20_000}\n```scenario\nsay hi\n```", "Tidy up"),
        ("```scenario\n\nsay hi\n```", "say hi"),
    ],
)
def test_a_commit_is_named_by_the_first_prompt(
    client: Client, project: Path, prompt: str, subject: str
) -> None:
    agent = spawn(client, project, workspace={"kind": "new"}, prompt=prompt)
    place = Path(client.until(agent["id"], "idle")["workspace"]["path"])
    (place / "more.txt").write_text("more\n")
    client.call("athena/workspace/commit", agent=agent["id"])
    assert git(place, "log", "-1", "--format=%s") == subject


def test_the_first_commit_of_a_repository(client: Client, tmp_path: Path) -> None:
    place = tmp_path / "fresh"
    place.mkdir()
    git(place, "init", "--quiet", "--initial-branch=main")
    agent = spawn(client, place, "write a.txt: a")["id"]
    client.until(agent, "idle")
    done = client.call("athena/workspace/commit", agent=agent, message="First")
    assert done["files"] == ["a.txt"] and done["commit"] == git(place, "rev-parse", "HEAD")


@pytest.mark.parametrize("how", ["merge", "apply"])
def test_a_line_that_was_undone_and_written_by_the_user_is_the_users(
    client: Client, project: Path, how: str
) -> None:
    agent = worked(client, project)
    asked = {"agent": agent["id"], **({} if how == "merge" else {"paths": ["text.txt"]})}
    method = "athena/merge/run" if how == "merge" else "athena/review/apply"
    done = client.call(method, **asked)
    file = project / "text.txt"

    def authored() -> list[int]:
        found = client.call("athena/line/authors", path=str(file), text=file.read_text())
        return [run["start"] for run in found["runs"]]

    assert authored() == [5, 25]
    back = client.call("athena/revert/undo", agent=agent["id"])
    assert authored() == []
    file.write_text(TEXT.replace("line 5\n", "LINE FIVE\n"))
    assert authored() == []
    file.write_text(TEXT)
    client.call("athena/revert/undo", agent=agent["id"], ref=back["undo"])
    assert authored() == [5, 25]
    assert back["files"] == done["files"]


def test_each_line_of_a_squash_is_its_own_turns(client: Client, project: Path) -> None:
    agent = worked(client, project, "edit text.txt: line 5 -> first\nturn 2:\n    say Nothing.\n")
    again = "```scenario\nedit text.txt: line 8 -> second\n```"
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    client.call("athena/agent/prompt", agent=agent["id"], text=again)
    client.until(agent["id"], "idle")
    mine = Path(agent["workspace"]["path"], "text.txt")
    mine.write_text(mine.read_text().replace("line 2\n", "by the user\n"))
    client.call("athena/agent/prompt", agent=agent["id"], text="```scenario\nsay Done.\n```")
    client.until(agent["id"], "idle")
    assert client.call("athena/merge/run", agent=agent["id"], how="squash")["done"]
    moved = project / "moved.txt"
    git(project, "mv", "text.txt", "moved.txt")
    git(project, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-qm", "moved")
    found = client.call("athena/line/authors", path=str(moved))["runs"]
    named = [(run["start"], run["end"], run["turnId"]) for run in found]
    assert named == [(5, 5, f"{agent['id']}.t1"), (8, 8, f"{agent['id']}.t3")]


def test_a_merge_that_conflicts_is_handed_to_the_agent(client: Client, project: Path) -> None:
    agent = worked(client, project, WORK + "turn 2:\n    edit text.txt: <<<<<<< -> resolved\n")
    (project / "text.txt").write_text(TEXT.replace("line 5\n", "line five\n"))
    git(project, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-qam", "mine")
    before = git(project, "rev-parse", "HEAD")
    refused = client.call("athena/merge/run", agent=agent["id"])
    assert not refused["done"] and refused["conflicts"][0]["path"] == "text.txt"
    assert git(project, "rev-parse", "HEAD") == before
    handed = client.call("athena/merge/run", agent=agent["id"], resolve=True)
    assert "asked to resolve" in handed["notes"][0]
    (remedy,) = handed["remedies"]
    assert handed["notes"][0].endswith(f"give it up: `{remedy['commandLine']}`")
    client.until(agent["id"], "idle")
    assert client.agent(agent["id"])["turns"] == 2
    place = Path(agent["workspace"]["path"])
    assert "resolved" in (place / "text.txt").read_text()
    back = client.call("athena/revert/undo", agent=agent["id"], ref=handed["undo"])
    assert back["done"] and "is kept as refs/athena/" in back["notes"][0]
    assert git(place, "status", "--porcelain") == ""
    assert (place / "text.txt").read_text() == TEXT.replace("line 5\n", "LINE FIVE\n").replace(
        "line 25\n", "LINE TWENTY-FIVE\n"
    )
    with pytest.raises(CallError, match="nothing that can be undone"):
        client.call("athena/revert/undo", agent=agent["id"], ref=handed["undo"])


def test_reverting_a_turn_leaves_what_others_wrote(client: Client, project: Path) -> None:
    agent = worked(
        client, project, "edit text.txt: line 5 -> first\nturn 2:\n    write b.txt: second\n"
    )
    place = Path(agent["workspace"]["path"])
    (place / "mine.txt").write_text("by the user")
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    turn = f"{agent['id']}.t1"
    ahead = client.call("athena/revert/run", agent=agent["id"], turnId=turn, dryRun=True)
    assert ahead["files"] == ["text.txt"] and not ahead["done"]
    done = client.call("athena/revert/run", agent=agent["id"], turnId=turn)
    assert done["done"]
    assert (place / "text.txt").read_text() == TEXT
    assert (place / "b.txt").exists() and (place / "mine.txt").exists()
    client.call("athena/revert/undo", agent=agent["id"], ref=done["undo"])
    assert "first" in (place / "text.txt").read_text()


def test_what_the_user_wrote_between_turns_is_not_the_agents(client: Client, project: Path) -> None:
    agent = worked(client, project, "write a.txt: one\nturn 2:\n    write b.txt: two\n")
    place = Path(agent["workspace"]["path"])
    (place / "mine.txt").write_text("by the user")
    client.call("athena/agent/prompt", agent=agent["id"], text="go on")
    client.until(agent["id"], "idle")
    own = client.call("athena/changeset/get", agent=agent["id"], scope="agent")
    assert [f["path"] for f in own["files"]] == ["a.txt", "b.txt"]
    last = client.call("athena/changeset/get", agent=agent["id"], scope="turn")
    assert [f["path"] for f in last["files"]] == ["b.txt"]
    all_ = client.call("athena/changeset/get", agent=agent["id"], scope="base")
    assert [f["path"] for f in all_["files"]] == ["a.txt", "b.txt", "mine.txt"]


def test_comments_become_a_prompt(client: Client, project: Path) -> None:
    agent = worked(client, project, WORK + "turn 2:\n    say You said: ${prompt}\n")
    for line, text in ((5, "Why capitals?"), (25, "Here too.")):
        client.call(
            "athena/review/comment", agent=agent["id"], path="text.txt", line=line, text=text
        )
    sent = client.call("athena/review/send", agent=agent["id"])
    assert sent["promptId"]
    client.until(agent["id"], "idle")
    page = client.call("athena/transcript/page", agent=agent["id"], types=["message"])
    said = page["items"][-1]["item"]["text"]
    assert "text.txt:5: Why capitals?" in said and "text.txt:25: Here too." in said
    states = [c["state"] for c in client.call("athena/review/listComments")["comments"]]
    assert states.count("sent") >= 2


def test_a_removed_workspace_comes_back(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    with pytest.raises(CallError) as refused:
        client.call("athena/workspace/remove", agent=agent["id"])
    assert refused.value.code == ErrorCode.REFUSED
    assert place.exists()
    gone = client.call("athena/workspace/remove", agent=agent["id"], insist=["dirty"])
    assert gone["removed"] and not place.exists()
    back = client.call("athena/workspace/restore", agent=agent["id"])
    assert Path(back["path"]) == place
    assert "LINE FIVE" in (place / "text.txt").read_text()
    assert (place / "new.txt").exists()


def test_who_wrote_a_line(client: Client, project: Path) -> None:
    agent = worked(client, project)
    path = Path(agent["workspace"]["path"]) / "text.txt"
    found = client.call("athena/line/authors", path=str(path))
    assert [(r["start"], r["end"], r["agentName"]) for r in found["runs"]] == [
        (5, 5, agent["name"]),
        (25, 25, agent["name"]),
    ]
    unsaved = "a line above\n" + path.read_text()
    moved = client.call("athena/line/authors", path=str(path), text=unsaved, start=6, end=6)
    assert [(r["start"], r["turnId"]) for r in moved["runs"]] == [(6, f"{agent['id']}.t1")]
    client.call("athena/merge/run", agent=agent["id"])
    merged = client.call("athena/line/authors", path=str(project / "text.txt"))
    assert [(r["start"], r["turnId"]) for r in merged["runs"]] == [
        (5, f"{agent['id']}.t1"),
        (25, f"{agent['id']}.t1"),
    ]


def test_two_agents_that_collide_are_told_of_each_other(client: Client, project: Path) -> None:
    one = worked(client, project, "edit text.txt: line 5 -> one")
    two = worked(client, project, "edit text.txt: line 5 -> two")
    until_sync(lambda: client.agent(one["id"])["conflicts"] == [two["id"]])
    found = client.call("athena/collision/list", project=str(project))["collisions"]
    assert [(c["conflict"], [x["start"] for x in c["ranges"]]) for c in found] == [(True, [5])]


def test_collisions_are_told_in_the_middle_of_a_turn_and_end_with_the_worktree(
    client: Client, project: Path, tmp_path: Path
) -> None:
    one = worked(client, project, "edit text.txt: line 5 -> one")
    gate = tmp_path / "gate"
    text = f"edit text.txt: line 5 -> two\nrun until [ -e {gate} ]; do sleep 0.05; done"
    two = spawn(client, project, text, workspace={"kind": "new"})
    until_sync(lambda: client.agent(one["id"])["conflicts"] == [two["id"]])
    assert client.agent(two["id"])["status"] == "working"
    gate.touch()
    client.until(two["id"], "idle")
    broken = worked(client, project, "edit text.txt: line 5 -> three")
    until_sync(lambda: set(client.agent(one["id"])["conflicts"]) == {two["id"], broken["id"]})
    (Path(broken["workspace"]["path"]) / ".git").write_text("gitdir: /nowhere\n")
    client.call("athena/agent/stop", agent=two["id"])
    client.until_status(two["id"], "done")
    client.call("athena/workspace/remove", agent=two["id"], insist=["dirty"])
    until_sync(lambda: client.agent(one["id"])["conflicts"] == [])
    until_sync(lambda: client.agent(two["id"])["collisions"] == [])
    client.call("athena/workspace/restore", agent=two["id"])
    until_sync(lambda: client.agent(one["id"])["conflicts"] == [two["id"]])
    client.call("athena/agent/archive", agent=two["id"])
    until_sync(lambda: client.agent(one["id"])["conflicts"] == [])
    until_sync(lambda: client.agent(two["id"])["conflicts"] == [])


def test_agents_side_by_side(client: Client, project: Path) -> None:
    one = worked(client, project)
    two = worked(client, project, "run true\nrun false\nwrite text.txt: all new\nsay the end")
    found = client.call("athena/comparison/get", agents=[one["id"], two["id"]])
    left, right = found["agents"]
    assert (left["toolCalls"], left["files"]) == (3, 2)
    assert (right["commands"], right["failedCommands"]) == (2, 1)
    assert right["lastMessage"].strip() == "the end"
    assert found["sharedFiles"] == ["text.txt"]
    assert (left["testRuns"], "lastTest" in left) == (0, False)


def test_a_comparison_says_how_the_last_run_of_tests_ended(client: Client, project: Path) -> None:
    fixed = worked(client, project, "run ! true pytest\nrun : ; python3 -m unittest --help\n")
    broken = worked(client, project, "run python3 -m unittest nothing_here\n")
    found = client.call("athena/comparison/get", agents=[fixed["id"], broken["id"]])
    left, right = found["agents"]
    assert (left["testRuns"], left["testsPassed"]) == (1, True)
    assert (right["testRuns"], right["testsPassed"]) == (1, False)
    assert right["lastTest"] == "python3 -m unittest nothing_here"


def test_files_of_a_workspace_by_their_letters(client: Client, project: Path) -> None:
    text = "write src/deep/new_text.py: x\nwrite skipped.log: y\nwrite .gitignore: *.log\n"
    agent = worked(client, project, text + "delete hello.py\n")

    def files(find: str, **more: object) -> Json:
        return client.call("athena/workspace/files", agent=agent["id"], find=find, **more)

    everything = files("")
    assert everything["root"] == agent["workspace"]["path"]
    assert set(everything["files"]) == {".gitignore", "text.txt", "src/deep/new_text.py"}
    assert files("text")["files"] == ["text.txt", "src/deep/new_text.py"]
    assert files("SDNT")["files"] == ["src/deep/new_text.py"]
    assert files("nowhere")["files"] == []
    cut = files("", limit=1)
    assert (len(cut["files"]), cut["more"]) == (1, True)


def test_files_of_a_folder_without_git(client: Client, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / ".hidden").mkdir(parents=True)
    (plain / ".hidden" / "no.txt").write_text("")
    (plain / "yes.txt").write_text("")
    agent = spawn(client, plain, "say hi", workspace={"kind": "none"})
    client.until(agent["id"], "idle")
    assert client.call("athena/workspace/files", agent=agent["id"])["files"] == ["yes.txt"]


def test_workspaces_are_listed_with_what_they_hold(client: Client, project: Path) -> None:
    agent = worked(client, project)
    found = client.call("athena/workspace/list", agent=agent["id"])["workspaces"]
    assert [(w["changed"], w["untracked"]) for w in found] == [(1, 1)]
    assert "dirty" in found[0]["hazards"]
    edges = client.call("athena/checkpoint/list", agent=agent["id"])["checkpoints"]
    assert [c["edge"] for c in edges] == ["start", "end"]


def test_a_path_outside_of_the_workspace_is_refused(client: Client, project: Path) -> None:
    agent = worked(client, project)
    place = Path(agent["workspace"]["path"])
    (place / "out").symlink_to(project)
    for path in ("../project/hello.py", "/etc/passwd", "out/hello.py", ".git"):
        with pytest.raises(CallError) as refused:
            client.call("athena/review/comment", agent=agent["id"], path=path, text="why?")
        assert refused.value.code == ErrorCode.INVALID_PARAMS
    named = client.call(
        "athena/review/comment", agent=agent["id"], path=str(place / "text.txt"), text="why?"
    )
    assert named["path"] == "text.txt"
    for path in ("../project/hello.py", "/etc/passwd"):
        with pytest.raises(CallError) as refused:
            client.call("athena/comparison/text", agent=agent["id"], path=path)
        assert refused.value.code == ErrorCode.INVALID_PARAMS


def test_what_is_not_changed_has_no_verdict(client: Client, project: Path) -> None:
    agent = worked(client, project, "say I changed nothing.")
    for more in ({}, {"path": "text.txt"}):
        with pytest.raises(CallError, match="changed nothing here"):
            client.call("athena/review/verdict", agent=agent["id"], verdict="accepted", **more)
