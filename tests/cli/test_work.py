"""What agents did, on the command line: seen, reviewed, taken, reverted, merged, removed, restored.

Each test runs the real command against a real daemon and a real repository.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.playing import scenario
from tests.cli.doing import Said, attempt, do
from tests.support.athena import Athena, make_repository

TEXT = "".join(f"line {n}\n" for n in range(1, 31))
WORK = """
edit  text.txt: line 5 -> LINE FIVE
edit  text.txt: line 25 -> LINE TWENTY-FIVE
write new.txt: made by the agent
"""


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    made = Athena(tmp_path_factory.mktemp("athena"), {"COLUMNS": "200", "NO_COLOR": "1"})
    made.start()
    yield made
    made.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", {"text.txt": TEXT})


def work(athena: Athena, project: Path, text: str = WORK, *options: str) -> str:
    """An agent that has done its work in a worktree of its own; its id."""
    arguments = ("spawn", scenario(text), "-H", "scripted", "--wait", "--json", *options)
    agent = do(athena, project, *arguments).json
    assert agent["status"] == "idle", agent
    return agent["id"]


def place_of(athena: Athena, project: Path, agent: str) -> Path:
    return Path(do(athena, project, "agent", "show", agent, "--json").json["workspace"]["path"])


def git(place: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_diff_in_words_in_part_and_in_json(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    shown = do(athena, project, "diff", agent).out
    assert "A new.txt  +1 -0" in shown and "M text.txt  +2 -2" in shown
    assert "-line 5" in shown and "+LINE FIVE" in shown
    part = do(athena, project, "diff", agent, "new.txt", "--stat").out
    assert "new.txt" in part and "text.txt" not in part and "@@" not in part
    found = do(athena, project, "diff", agent, "--turn", f"{agent}.t1", "--json").json
    assert [f["path"] for f in found["files"]] == ["new.txt", "text.txt"]
    assert len(found["files"][1]["hunkList"]) == 2
    missing = attempt(athena, project, "diff", agent, "--turn", "t99", "--json")
    assert missing.code == 3 and "no captured turn" in json.loads(missing.err)["error"]["message"]


def test_diff_names_moves_and_modes(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "run git mv text.txt moved.txt && chmod +x moved.txt")
    shown = do(athena, project, "diff", agent).out
    assert "R text.txt → moved.txt  +0 -0  mode 100644 → 100755" in shown


def test_hunks_are_accepted_commented_and_taken(athena: Athena, project: Path) -> None:
    agent = work(athena, project, WORK + "turn 2:\n    say I see.\n")
    nothing = attempt(athena, project, "review", "apply", agent)
    assert nothing.code == 4 and "Nothing is accepted yet" in nothing.err
    found = do(athena, project, "diff", agent, "text.txt", "--json").json
    hunk = found["files"][0]["hunkList"][0]["hunkId"]
    do(athena, project, "review", "accept", agent, "text.txt", "--hunk", hunk[:12])
    ahead = do(athena, project, "review", "apply", agent, "--dry-run", "--json").json
    assert ahead["files"] == ["text.txt"] and not ahead["done"]
    assert (project / "text.txt").read_text() == TEXT
    assert "✓ applied" in do(athena, project, "review", "apply", agent).out
    assert (project / "text.txt").read_text() == TEXT.replace("line 5\n", "LINE FIVE\n")
    do(athena, project, "review", "comment", agent, "text.txt:25", "Why", "upper", "case?")
    assert "text.txt:25  Why upper case?" in do(athena, project, "review", "comments", agent).out
    do(athena, project, "review", "send", agent)
    again = attempt(athena, project, "review", "send", agent)
    assert again.code == 4 and "No comment waits" in again.err


def test_merge_predicts_refuses_and_does(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    git(project, "commit", "-q", "--allow-empty", "-m", "between")
    ahead = do(athena, project, "merge", agent, "--dry-run", "--json").json
    assert ahead["conflicts"] == [] and not ahead["done"]
    (project / "text.txt").write_text(TEXT.replace("line 5\n", "line five\n"))
    git(project, "commit", "-qam", "mine")
    before = git(project, "rev-parse", "HEAD")
    ahead = do(athena, project, "merge", agent, "--dry-run", "--json").json
    assert [(c["path"], c["start"]) for c in ahead["conflicts"]] == [("text.txt", 5)]
    refused = attempt(athena, project, "merge", agent)
    assert refused.code == 4 and "text.txt:5" in refused.out
    assert "-line five" in refused.out and "+LINE FIVE" in refused.out
    assert "nothing was changed" in refused.err
    assert git(project, "rev-parse", "HEAD") == before
    git(project, "reset", "-q", "--hard", "HEAD~1")
    done = do(athena, project, "merge", agent, "--squash", "-m", "Louder", "--json").json
    assert done["done"] and git(project, "rev-parse", "HEAD") == done["commit"]
    assert git(project, "log", "-1", "--format=%s") == "Louder"
    assert "LINE FIVE" in (project / "text.txt").read_text()
    nowhere = attempt(athena, project, "merge", agent, "--into", "no-such-branch")
    assert nowhere.code != 0 and "no-such-branch" in nowhere.err


def test_a_merge_that_is_handed_over_says_so(athena: Athena, project: Path) -> None:
    agent = work(athena, project, WORK + "turn 2:\n    say resolved\n")
    (project / "text.txt").write_text(TEXT.replace("line 5\n", "line five\n"))
    git(project, "commit", "-qam", "mine")
    handed = attempt(athena, project, "merge", agent, "--resolve")
    assert handed.code == 4 and "The agent was asked" in handed.out
    assert "not merged yet" in handed.err and "nothing was changed" not in handed.err


def test_revert_is_previewed_done_and_undone(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    place = place_of(athena, project, agent)
    (place / "mine.txt").write_text("by the user")
    ahead = do(athena, project, "revert", agent, "--dry-run", "--json").json
    assert ahead["files"] == ["new.txt", "text.txt"] and (place / "new.txt").exists()
    done = do(athena, project, "revert", agent, "text.txt", "--json").json
    assert (place / "text.txt").read_text() == TEXT and (place / "new.txt").exists()
    assert (place / "mine.txt").read_text() == "by the user"
    assert "✓ undone" in do(athena, project, "undo", agent, done["undo"]).out
    assert "LINE FIVE" in (place / "text.txt").read_text()
    wrong = attempt(athena, project, "undo", agent, "refs/heads/main")
    assert wrong.code != 0 and wrong.err
    (place / "text.txt").write_text(TEXT.replace("line 5\n", "rewritten\n"))
    conflict = attempt(athena, project, "revert", agent)
    assert conflict.code == 4 and "text.txt" in conflict.out
    assert "rewritten" in (place / "text.txt").read_text() and (place / "new.txt").exists()


def test_a_worktree_is_removed_only_knowingly_and_comes_back(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    place = place_of(athena, project, agent)
    listed = do(athena, project, "workspace", "list", "--project", ".", "--json").json
    (state,) = [w for w in listed["workspaces"] if w.get("agentId") == agent]
    assert (state["changed"], state["untracked"]) == (1, 1) and "dirty" in state["hazards"]
    running = attempt(athena, project, "workspace", "remove", agent)
    assert running.code == 4 and "stop it first" in running.err
    do(athena, project, "agent", "kill", agent)
    refused = until_not_running(athena, project, agent)
    assert refused.code == 4 and "insist on: dirty" in refused.err
    assert f"athena workspace remove {place.name} --insist dirty\n" in refused.err
    wrong = attempt(athena, project, "workspace", "remove", agent, "--insist", "everything")
    assert wrong.code == 2 and "everything" in wrong.err
    removed = do(athena, project, "workspace", "remove", agent, "--insist", "dirty", "--json").json
    assert removed["removed"] and not place.exists()
    assert removed["rescue"]["ref"] in do(athena, project, "workspace", "rescues", agent).out
    gone = attempt(athena, project, "diff", agent)
    assert gone.code == 4 and "no git working tree" in gone.err
    back = do(athena, project, "workspace", "restore", agent, "--json").json
    assert (Path(back["path"]) / "new.txt").read_text() == "made by the agent\n"
    assert "LINE FIVE" in (Path(back["path"]) / "text.txt").read_text()


def until_not_running(athena: Athena, project: Path, agent: str) -> Said:
    """The answer to a removal once the harness is gone."""
    with athena.client() as client:
        client.until_status(agent, "dead", "done")
    return attempt(athena, project, "workspace", "remove", agent)


def test_permissions_are_answered_and_remembered(athena: Athena, project: Path) -> None:
    asks = "permit run touch allowed.txt\npermit run touch allowed.txt"
    told = do(athena, project, "spawn", scenario(asks), "-H", "scripted", "--json").json
    with athena.client() as client:
        request = client.until_status(told["id"], "needsPermission")["requests"][0]["requestId"]
    assert request in do(athena, project, "inbox").out
    edited = attempt(athena, project, "answer", request, "--edit", '{"command": "true"}')
    assert edited.code == 2 and "cannot be edited" in edited.err
    assert request in do(athena, project, "permission", "list").out
    broken = attempt(athena, project, "answer", request, "--edit", "{")
    assert broken.code == 2 and "--edit takes JSON" in broken.err
    odd = attempt(athena, project, "answer", request, "perhaps")
    assert odd.code == 2 and "none of the options" in odd.err
    do(athena, project, "answer", request, "allow", "--remember", "project")
    with athena.client() as client:
        client.until(told["id"], "idle")
    twice = attempt(athena, project, "answer", request, "allow")
    assert twice.code == 4 and "not open any more" in twice.err
    rules = do(athena, project, "permission", "rules", "--json").json["rules"]
    assert [(r["decision"], r["source"]) for r in rules] == [("allow", "project")]
    do(athena, project, "permission", "remove-rule", "0")
    none = attempt(athena, project, "permission", "remove-rule", "0")
    assert none.code == 3 and "There is no rule 0" in none.err
    bare = attempt(athena, project, "permission", "add-rule", "allow")
    assert bare.code == 2 and "has to say what" in bare.err
    do(athena, project, "permission", "add-rule", "reject", "--host", "*.example.com")
    assert "reject --host '*.example.com'" in do(athena, project, "permission", "rules").out


def test_a_second_agent_and_scripts_of_a_worktree(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    second = work(athena, project, "read new.txt", "--in", agent)
    assert place_of(athena, project, second) == place_of(athena, project, agent)
    both = attempt(athena, project, "spawn", "x", "--in", agent, "--base", "main")
    assert both.code == 2 and "--in" in both.err
    none = attempt(athena, project, "workspace", "run", agent)
    assert none.code == 3 and "No run script is set" in none.err
    (project / "athena.toml").write_text('[workspace]\nrun = ["exec sleep 4711"]\n')
    distrusted = attempt(athena, project, "workspace", "run", agent)
    assert distrusted.code == 4 and "athena workspace trust" in distrusted.err
    assert "exec sleep 4711" in do(athena, project, "workspace", "trust").out
    assert "exec sleep 4711" in do(athena, project, "workspace", "run", agent).out
    ended = do(athena, project, "workspace", "run", agent, "--stop", "--json").json
    assert ended["scripts"] == []
    shown = do(athena, project, "workspace", "trust", "--show", "--json").json
    assert shown["trusted"]
    assert not do(athena, project, "workspace", "trust", "--revoke", "--json").json["trusted"]


SPAWNS = [
    (("--subfolder", "../outside"), "outside"),
    (("--subfolder", "/etc"), "etc"),
    (("--base", "no-such-branch"), "no-such-branch"),
    (("--base", "--upload-pack=x"), "--upload-pack=x"),
    (("--branch", "a..b"), "a..b"),
    (("--branch", "-x"), "-x"),
    (("--branch", "with space~^:"), "with space"),
    (("--branch", "ends.lock"), "ends.lock"),
]


@pytest.mark.parametrize(("options", "words"), SPAWNS, ids=lambda v: str(v))
def test_an_odd_place_for_an_agent_is_told(
    athena: Athena, project: Path, options: tuple[str, ...], words: str
) -> None:
    given = [f"{options[0]}={options[1]}"]
    said = attempt(athena, project, "spawn", "x", "-H", "scripted", "--wait", "--json", *given)
    assert said.code == 8, said
    agent = said.json
    assert agent["status"] == "failed" and words in agent["reason"]
    assert git(project, "worktree", "list").count("\n") == 0, "nothing is left behind"


def test_an_existing_worktree_is_named_from_where_one_is(athena: Athena, project: Path) -> None:
    nowhere = attempt(athena, project, "spawn", "x", "-H", "scripted", "--path", "../nowhere")
    assert nowhere.code == 3 and f"{project.parent / 'nowhere'} is no directory" in nowhere.err
    git(project, "worktree", "add", "-q", "-b", "own", "../own")
    agent = work(athena, project, "write a.txt: text", "--path", "../own")
    assert place_of(athena, project, agent) == project.parent / "own"
    assert (project.parent / "own" / "a.txt").exists()


def test_repositories_without_a_commit_or_without_files(athena: Athena, tmp_path: Path) -> None:
    empty, bare = tmp_path / "empty", tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", str(empty)], check=True)
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    for place in (empty, bare):
        said = attempt(athena, place, "spawn", "x", "-H", "scripted", "--wait", "--json")
        assert said.code == 8 and "commit" in said.json["reason"], said
    inside = attempt(athena, bare, "spawn", "x", "-H", "scripted", "-w", "none", "--wait", "--json")
    assert inside.code == 8 and "bare" in inside.json["reason"]


def test_a_detached_head_is_a_base_like_any_other(athena: Athena, project: Path) -> None:
    git(project, "checkout", "-q", "--detach")
    agent = work(athena, project)
    said = attempt(athena, project, "merge", agent)
    assert said.code != 0
    assert "branch" in said.err
    assert do(athena, project, "merge", agent, "--into", "main", "--json").json["done"]
    assert "LINE FIVE" in git(project, "show", "main:text.txt")


def test_a_lock_and_a_broken_index_are_told_and_survived(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    lock = project / ".git" / "index.lock"
    lock.touch()
    locked = attempt(athena, project, "merge", agent)
    assert locked.code != 0 and "index.lock" in locked.err
    lock.unlink()
    place = place_of(athena, project, agent)
    index = Path(git(place, "rev-parse", "--git-path", "index"))
    index = index if index.is_absolute() else place / index
    shutil.copy(index, index.with_suffix(".kept"))
    index.write_bytes(b"DIRC" + b"\0" * 20)
    broken = attempt(athena, project, "workspace", "commit", agent)
    assert broken.code != 0 and "index" in broken.err
    listed = do(athena, project, "workspace", "list", "--project", ".", "--json").json
    (state,) = [w for w in listed["workspaces"] if w.get("agentId") == agent]
    assert "index" in json.dumps(state)
    index.with_suffix(".kept").replace(index)
    assert "LINE FIVE" in do(athena, project, "diff", agent).out


def test_paths_that_leave_the_worktree_are_no_changed_files(athena: Athena, project: Path) -> None:
    agent = work(athena, project)
    outside = project.parent / "outside.txt"
    outside.write_text("not yours")
    (place_of(athena, project, agent) / "link").symlink_to(outside)
    for path in ("../outside.txt", str(outside), "/etc/passwd"):
        for command in (("review", "accept", agent, path), ("revert", agent, path)):
            said = attempt(athena, project, *command)
            assert said.code != 0 and said.err, (command, said)
        applied = attempt(athena, project, "review", "apply", agent, path)
        assert applied.code != 0 and applied.err, (path, applied)
    do(athena, project, "review", "apply", agent, "link")
    assert (project / "link").is_symlink() and outside.read_text() == "not yours"


def test_names_that_are_nobodys(athena: Athena, project: Path) -> None:
    for command in ("diff", "merge", "revert", "publish"):
        said = attempt(athena, project, command, "nobody-here", "--json")
        assert said.code == 3
        assert "no agent 'nobody-here'" in json.loads(said.err)["error"]["message"]
    agent = work(athena, project, "say nothing to do")
    assert "Nothing is changed" in do(athena, project, "diff", agent).out
    lonely = attempt(athena, project, "publish", agent)
    assert lonely.code != 0 and "remote" in lonely.err


def test_brackets_of_a_path_are_shown(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "write app/[id]/page.tsx: a")
    assert "app/[id]/page.tsx" in do(athena, project, "diff", agent).out
    assert "app/[id]/page.tsx" in do(athena, project, "merge", agent, "--dry-run").out
    do(athena, project, "review", "comment", agent, "app/[id]/page.tsx:1", "see", "[note]")
    assert "app/[id]/page.tsx:1  see [note]" in do(athena, project, "review", "comments", agent).out


def test_a_copy_of_an_agent(athena: Athena, project: Path) -> None:
    agent = work(athena, project, WORK, "--name", "first-of-two")
    do(athena, project, "prompt", agent, scenario("write later.txt: later"), "--wait")
    said = do(athena, project, "agent", "fork", agent, scenario("say Hello."), "--wait").out
    assert "first-of-two-fork" in said
    place = place_of(athena, project, "first-of-two-fork")
    assert (place / "later.txt").exists()
    assert agent in do(athena, project, "agent", "show", "first-of-two-fork").out
    earlier = do(athena, project, "agent", "fork", agent, "--turn", "1", "--name", "b", "--json")
    assert earlier.json["forkedFrom"] == agent
    attempt(athena, project, "prompt", "b", scenario("say Hello."), "--wait")
    place = place_of(athena, project, "b")
    assert (place / "new.txt").exists() and not (place / "later.txt").exists()
    here = do(athena, project, "agent", "fork", agent, "--here", "--json").json
    refused = attempt(athena, project, "agent", "fork", here["id"])
    assert refused.code != 0 and "ended no turn yet" in refused.err
