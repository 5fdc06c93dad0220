"""What the verbs say: plain words that fit, and a next step that works as it stands."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.playing import scenario
from tests.app.test_session import lines, write
from tests.cli.doing import attempt, do
from tests.support.athena import Athena, make_repository
from tests.support.child import child
from tests.support.wait import until_sync

TEXT = "".join(f"line {n}\n" for n in range(1, 31))
WIDTH = 80
LONG = "a rather long prompt that goes on and on, " * 5

WORK = """
edit text.txt: line 5 -> LINE FIVE
edit text.txt: line 8 -> LINE EIGHT
run sed -i '/line 20/d; 28i more' text.txt
write folder/new.txt: made by the agent
delete hello.py
turn 2:
    edit text.txt: line 12 -> LINE TWELVE
"""


@pytest.fixture
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    """A daemon for each test: a name that is said in words is then free, also at a second try."""
    made = Athena(tmp_path_factory.mktemp("athena"), {"COLUMNS": str(WIDTH)})
    made.start()
    yield made
    made.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", {"text.txt": TEXT, "hello.py": 'print("hi")\n'})


def work(athena: Athena, project: Path, name: str, text: str = WORK) -> str:
    do(athena, project, "spawn", scenario(text), "-H", "scripted", "--name", name, "--wait")
    return name


def follow(athena: Athena, project: Path, told: str) -> str:
    """Do what the last line that names a command says."""
    command = re.findall(r"athena (.*)", told)[-1]
    return do(athena, project, *shlex.split(command)).out


def git(place: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=place, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_every_list_fits_and_says_when_it_is_empty(athena: Athena, project: Path) -> None:
    empty = Athena(project.parent / "empty", {"COLUMNS": str(WIDTH)})
    lists = (
        "ls",
        "inbox",
        "cost",
        "harness list",
        "harness list --abilities",
        "harness show scripted",
        "archetype list",
        "permission rules",
        "session list",
        "workspace list",
        "workspace rescues",
        "workspace collisions",
        "review comments",
        "daemon status",
    )
    work(athena, project, "an-agent-with-a-very-long-name-indeed", f"{WORK}\nsay {LONG}")
    do(athena, project, "harness", "doctor", "scripted")
    try:
        do(empty, project, "daemon", "start")
        for verb in lists:
            for one in (athena, empty):
                lines = do(one, project, *verb.split()).out.splitlines()
                # Paths and refs are whole, so that they can be pasted.
                wide = [x for x in lines if len(x) > WIDTH and "/" not in x]
                assert lines and not wide, (verb, wide)
    finally:
        empty.stop()


def test_a_diff_has_lines_around_and_is_a_patch(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "differs")
    text = do(athena, project, "diff", agent).out
    assert "\n line 4\n-line 5\n+LINE FIVE\n line 6\n line 7\n@@ -8" in text
    assert "\n line 19\n-line 20\n line 21\n" in text
    for context in ("3", "1", "8"):
        patch = do(athena, project, "diff", agent, "-U", context).out
        git(project, "apply", given=patch)
        assert git(project, "status", "--porcelain").split() == [
            *("D", "hello.py", "M", "text.txt", "??", "folder/"),
        ]
        assert "LINE FIVE" in (project / "text.txt").read_text()
        git(project, "apply", "--reverse", given=patch)
        assert git(project, "status", "--porcelain") == ""
    bare = do(athena, project, "diff", agent, "text.txt", "-U", "0").out
    assert "line 4" not in bare and "-line 5" in bare
    inside = do(athena, project, "diff", agent, "folder").out
    assert "folder/new.txt" in inside and "text.txt" not in inside
    near = attempt(athena, project, "diff", agent, "txet.txt")
    assert near.code == 3 and "Did you mean 'text.txt'?" in near.err


def test_a_turn_is_named_by_its_number(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "numbered")
    do(athena, project, "prompt", agent, "go on", "--wait")
    for turn in ("2", "t2"):
        text = do(athena, project, "diff", agent, "--turn", turn).out
        assert "LINE TWELVE" in text and "LINE FIVE" not in text
    assert "go on" in do(athena, project, "transcript", agent, "--turn", "2").out
    assert "turn 2" in do(athena, project, "workspace", "checkpoints", agent).out
    none = attempt(athena, project, "diff", agent, "--turn", "7")
    assert none.code == 3 and "no captured turn 7; it had 2 turns" in none.err
    do(athena, project, "revert", agent, "--turn", "2")
    assert "LINE TWELVE" not in do(athena, project, "diff", agent).out


def test_what_was_done_says_how_to_take_it_back(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "takes back")
    accepted = do(athena, project, "review", "accept", agent, "text.txt").out
    applied = follow(athena, project, accepted)
    assert "LINE FIVE" in (project / "text.txt").read_text()
    undone = follow(athena, project, applied)
    assert git(project, "status", "--porcelain") == ""
    twice = attempt(athena, project, "undo", agent)
    assert twice.code == 4
    follow(athena, project, undone)
    assert "LINE FIVE" in (project / "text.txt").read_text()
    git(project, "checkout", "-q", "text.txt")
    start = git(project, "rev-parse", "HEAD")
    merged = do(athena, project, "merge", agent, "--squash").out
    assert "✓ merged into main" in merged and git(project, "rev-parse", "HEAD") != start
    back = follow(athena, project, merged)
    assert "main is back at" in back and git(project, "rev-parse", "HEAD") == start
    follow(athena, project, back)
    git(project, "commit", "-q", "--allow-empty", "-m", "mine")
    moved = attempt(athena, project, "undo", agent)
    assert moved.code == 4
    moved = attempt(athena, project, "undo", agent, *re.findall(r"refs/\S+", merged + back)[:1])
    assert moved.code == 4


def test_conflicts_say_how_to_go_on(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "conflicts", WORK + "    say resolved\n")
    (project / "text.txt").write_text(TEXT.replace("line 5\n", "line five\n"))
    git(project, "commit", "-qam", "mine")
    git(project, "branch", "also-mine")
    refused = attempt(athena, project, "merge", agent, "--squash", "--into", "also-mine")
    assert refused.code == 4 and "nothing was changed" in refused.err
    assert refused.err.endswith("athena merge conflicts --squash --into also-mine --resolve\n")
    ahead = do(athena, project, "merge", agent, "--dry-run").out
    assert ahead.endswith("It would conflict, and change nothing.\n")
    command = shlex.split(refused.err.rpartition("athena ")[2])
    handed = attempt(athena, project, *command)
    assert handed.code == 4 and "not merged yet" in handed.err
    do(athena, project, "watch", agent, "--until-rest")
    assert "✓" in do(athena, project, "undo", agent).out
    place = project.parent / "project.worktrees" / agent
    assert git(place, "status", "--porcelain") == ""


def test_what_must_wait_says_for_what(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "asks", "permit run true\nsay done\n")
    busy = attempt(athena, project, "merge", agent)
    assert busy.code == 4 and "asks waits for your answer" in busy.err
    assert "asks" in follow(athena, project, busy.err.rpartition("to end its turn")[0])
    assert follow(athena, project, busy.err) == "asks is told to end its turn.\n"
    do(athena, project, "watch", agent, "--until-rest")
    place = project.parent / "project.worktrees" / agent
    (place / "loose.txt").write_text("loose")
    do(athena, project, "agent", "kill", agent)
    with athena.client() as client:
        client.until_status(agent, "dead", "done", "interrupted")
    refused = attempt(athena, project, "workspace", "remove", agent)
    assert refused.code == 4 and refused.err.count("insist dirty") == 1
    removed = follow(athena, project, refused.err)
    assert not place.exists()
    command = re.findall(r"athena (.*) brings it back", removed)[0]
    do(athena, project, *command.split())
    assert (place / "loose.txt").exists()


def test_a_diff_says_where_else_something_is_changed(
    athena: Athena, project: Path, tmp_path: Path
) -> None:
    library = make_repository(tmp_path / "library", {"lib.py": "x = 1\n"})
    git(project, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "deps/lib")
    git(project, "commit", "-qm", "with a submodule")
    work(athena, project, "diver", "edit deps/lib/lib.py: x = 1 -> x = 2\n")
    said = do(athena, project, "diff", "diver").out
    assert "1 file in deps/lib" in said and "Nothing is changed" not in said
    assert "+x = 2" in do(athena, project, *said.strip().partition("athena ")[2].split()).out
    merged = do(athena, project, "merge", "diver").out
    assert "`git submodule update` checks it out" in " ".join(merged.split())


def test_who_works_is_waited_for(athena: Athena, project: Path) -> None:
    gate = project.parent / "gate"
    text = scenario(f"gate {gate}\nwrite a.txt: a")
    do(athena, project, "spawn", text, "-H", "scripted", "--name", "busy")
    with athena.client() as client:
        client.until_status("busy", "working")
    for verb in ("merge", "publish", "revert"):
        refused = attempt(athena, project, verb, "busy")
        assert refused.code == 4 and "busy is at work" in refused.err
    gate.touch()
    follow(athena, project, refused.err.rpartition("to end its turn")[0])
    assert "✓ merged" in do(athena, project, "merge", "busy").out


def test_verbs_that_change_a_little_say_so(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "small", "permit run touch made\nturn 2:\n    say I see\n")
    for said, *arguments in (
        ("athena answer small allow", "inbox"),
        ("It is answered.", "answer", agent, "allow"),
        ("Added.", "permission", "add-rule", "reject", "--host", "*.example.com"),
        ("--host '*.example.com'", "permission", "rules"),
        ("Removed rule 0", "permission", "remove-rule", "0"),
        ("athena review send small", "review", "comment", agent, "text.txt:3", "Why?"),
        ("c1   pending  text.txt:3  Why?", "review", "comments", agent),
        ("Comment c1 of small is resolved", "review", "resolve", agent, "c1"),
        ("athena watch small", "review", "comment", agent, "text.txt:3", "Why?", "--send"),
        ("All changes: rejected.", "review", "reject", agent),
        ("All changes: open again.", "review", "reopen", agent),
    ):
        assert said in do(athena, project, *arguments).out, arguments


def test_agents_side_by_side_and_what_they_cost(athena: Athena, project: Path) -> None:
    for name in ("first", "second"):
        work(athena, project, name, f"{WORK}\nusage input=1200 output=80 cost=0.5")
    told = do(athena, project, "compare", "first", "second").out
    assert re.search(r"^cost +\$0\.5000 +\$0\.5000$", told, re.MULTILINE)
    assert "changed by several: folder/new.txt" in told
    spent = do(athena, project, "cost", "--project", ".").out
    assert [line.split()[0] for line in spent.splitlines()[1:3]] == ["first", "second"]
    alone = attempt(athena, project, "compare", "first")
    assert alone.code == 2


def test_the_daemon_in_words(athena: Athena, project: Path) -> None:
    told = do(athena, project, "daemon", "status").out
    words = dict(line.split(maxsplit=1) for line in told.splitlines())
    assert words["runs"].startswith("for ") and words["data"] == str(athena.state)
    assert not re.search(r"[a-z][A-Z]", told.replace(str(athena.state), "")), "no raw member"
    nobody = Athena(project.parent / "nobody")
    absent = attempt(nobody, project, "daemon", "status", "--json")
    assert absent.code == 5 and set(absent.json) == {"running", "stateDirectory"}


def test_what_is_said_too_little_is_asked_for(athena: Athena, project: Path) -> None:
    for arguments, told in (
        (("workspace", "restore"), "athena workspace rescues"),
        (("permission", "add-rule", "allow", "--tool", "nonsense"), "'execute'"),
        (("agent", "restore"), "Missing argument 'AGENT'"),
        (("completion",), "bash"),
    ):
        said = attempt(athena, project, *arguments)
        assert said.code == 2 and told in said.err, said
    spawned = do(
        athena,
        project,
        *("spawn", scenario("permit run true\nsay done"), "-H", "scripted"),
        *("--name", "waits", "--watch"),
    )
    assert follow(athena, project, spawned.out) == "It is answered.\n"
    mistyped = attempt(athena, project, "review", "comment", "waits", "txet.txt:3", "Why?")
    assert mistyped.code == 3 and "waits has no file txet.txt" in mistyped.err


def test_imported_agents_rest(tmp_path: Path) -> None:
    athena = Athena(tmp_path / "athena")
    write(athena, "claude", lines("claude"))
    try:
        assert "28 events" in do(athena, tmp_path, "session", "import", "--all").out
        assert "imported" in do(athena, tmp_path, "ls").out
        do(athena, tmp_path, "watch", "--until-rest")
    finally:
        athena.stop()


def test_a_lone_question_is_answered_by_words(athena: Athena, project: Path) -> None:
    asks = "question Which colour? | red, dark green\nsay ${answer}\nquestion Why?\nsay ${answer}"
    agent = work(athena, project, "curious", asks)
    assert "athena answer curious red" in do(athena, project, "inbox").out
    do(athena, project, "answer", agent, "dark", "green")
    until_sync(lambda: "Why?" in do(athena, project, "inbox", "--agent", agent).out)
    do(athena, project, "answer", agent, "since", "a=b")
    do(athena, project, "watch", agent, "--until-rest")
    said = do(athena, project, "transcript", agent, "-t", "message", "-M").out
    assert said.split("\n")[:4:2] == ["dark green", "since a=b"]


def test_words_of_others_are_told_as_they_stand(athena: Athena, project: Path) -> None:
    config = athena.root / "athena.toml"
    config.write_text("[workspce]\n")
    try:
        told = attempt(athena, project, "doctor").out
        looked = attempt(athena, project, "harness", "doctor", "scripted")
    finally:
        config.unlink()
    assert "There is no table [workspce]. Did you mean [workspace]?" in told
    assert looked.code == 2 and "[workspce]" in looked.err
    agent = work(athena, project, "pusher", "write a.txt: a")
    git(project, "remote", "add", "origin", "/nowhere/at/all")
    failed = attempt(athena, project, "publish", agent)
    assert failed.code == 1 and "does not appear to be a git repository" in failed.err


def test_what_takes_long_shows_that_it_goes_on(athena: Athena, project: Path) -> None:
    agent = work(athena, project, "slow")
    go = project.parent / "go"
    hook = project / ".git" / "hooks" / "commit-msg"
    hook.write_text(f"#!/bin/sh\ncat {go}\n")
    hook.chmod(0o755)
    os.mkfifo(go)
    ours, terminal = pty.openpty()
    environment = {**athena.environment, "TERM": "xterm"}
    command = athena.command("merge", agent)
    with child(command, cwd=project, env=environment, stderr=terminal) as merging:
        shown = b""
        while b"athena merge \xe2\x80\xa6" not in shown:
            shown += os.read(ours, 4096)

        def is_over() -> bool:
            # Each hook that waits is let go on.
            with contextlib.suppress(OSError):
                os.close(os.open(go, os.O_WRONLY | os.O_NONBLOCK))
            return merging.poll() is not None

        until_sync(is_over, 60)
    os.close(terminal)
    os.close(ours)
    assert merging.returncode == 0
