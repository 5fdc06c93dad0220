"""Merging: predicted, all or nothing, with the target moved safely wherever it is checked out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from athena.worktree.commit import Message, commit_all
from athena.worktree.errors import (
    HookFailed,
    IdentityMissing,
    LockHeld,
    NothingToDo,
    TargetBusy,
    TargetMoved,
    UnknownRevision,
)
from athena.worktree.merge import MergeRequest, merge, predict
from athena.worktree.repository import Checkout, discover
from athena.worktree.resolve import abandon, begin, unresolved
from athena.worktree.threeway import Conflicted
from tests.worktree.repo import TEN, Repo, with_wrapped_git


def request(**more: object) -> MergeRequest:
    asked: dict[str, object] = {"agent": "ada", "source": "athena/ada", "target": "main"}
    return MergeRequest(**(asked | more))  # pyright: ignore


async def test_a_prediction(repo: Repo, agent: Repo, checkout: Checkout) -> None:
    repo.commit(f="intro\n" + TEN.replace("3\n", "drei\n", 1))
    before = repo.git("rev-parse", "main", "athena/ada"), repo.files(), repo.refs("refs/")
    seen = await predict(checkout, "athena/ada", "main")
    assert (seen.ahead, seen.behind) == (1, 1)
    (conflict,) = seen.conflicts
    assert (str(conflict), conflict.kind) == ("f:4", "contents")
    (region,) = conflict.regions
    assert (region.ours, region.base, region.theirs) == ("drei\n", "3\n", "three\n")
    assert (repo.git("rev-parse", "main", "athena/ada"), repo.files(), repo.refs("refs/")) == before
    with pytest.raises(UnknownRevision):
        await predict(checkout, "nowhere", "main")


async def test_every_kind_of_conflict_is_named(repo: Repo, agent: Repo, checkout: Checkout) -> None:
    agent.write("image", b"\0agent")
    agent.write("both", "agent\n")
    agent.write("a", "agent\n")
    agent.commit()
    repo.write("image", b"\0main")
    repo.write("both", "main\n")
    (repo.path / "a").unlink()
    repo.commit()
    seen = await predict(checkout, "athena/ada", "main")
    assert [(c.path, c.kind) for c in seen.conflicts] == [
        ("a", "modify/delete"),
        ("both", "add/add"),
        ("image", "binary"),
    ]


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_into_a_branch_that_is_checked_out(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str
) -> None:
    agent.commit("second", new="newer\n")
    repo.commit("meanwhile", a="main moved on\n")
    old = repo.git("rev-parse", "main")
    repo.write("untracked", "stays")
    repo.write("x.log", "stays")
    asked = request(strategy=strategy, turns=("t1", "t2"), trailers=(("Reviewed-by", "Ada <a@b>"),))
    done = await merge(checkout, asked)
    assert (done.old, done.new, done.updated) == (old, repo.git("rev-parse", "main"), repo.path)
    assert repo.git("status", "--porcelain", "--ignored") == "?? untracked\n!! x.log"
    assert repo.read("f") == TEN.replace("3\n", "three\n", 1)
    assert (repo.read("new"), repo.read("a")) == ("newer\n", "main moved on\n")
    subjects = {
        "merge": ["Merge athena/ada into main", "meanwhile", "second", "work of the agent"],
        "squash": ["Squash athena/ada into main", "meanwhile"],
        "rebase": ["second", "work of the agent", "meanwhile"],
    }[strategy]
    log = repo.git("log", "--format=%s", f"-{len(subjects)}", "--topo-order").split("\n")
    assert sorted(log) == sorted(subjects) and log[0] == subjects[0]
    last = repo.git("log", "-1", "--format=%(trailers)").strip()
    assert last == "Athena-Agent: ada\nAthena-Turn: t1\nAthena-Turn: t2\nReviewed-by: Ada <a@b>"
    assert repo.git("log", "-1", "--format=%an <%ae> %cn") == "Ada <ada@example.org> Ada"
    assert repo.refs("refs/athena/ada/merged/") == [done.ref]
    assert repo.git("fsck", "--connectivity-only", "--no-dangling") == ""


async def test_into_a_branch_that_is_checked_out_nowhere(
    repo: Repo, agent: Repo, checkout: Checkout
) -> None:
    repo.git("branch", "release")
    done = await merge(
        checkout, request(target="release", message="Take it\n\nBecause.\n\nSigned-off-by: x <x@y>")
    )
    assert done.updated is None
    assert repo.git("log", "-1", "--format=%B", "release").strip().split("\n") == [
        "Take it",
        "",
        "Because.",
        "",
        "Signed-off-by: x <x@y>",
        "Athena-Agent: ada",
    ]
    assert "new" in repo.tree("release") and not (repo.path / "new").exists()


async def test_into_a_branch_of_another_worktree(
    repo: Repo, agent: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    repo.git("worktree", "add", "-q", "-b", "release", str(tmp_path / "rel"))
    done = await merge(checkout, request(target="release"))
    assert done.updated == tmp_path / "rel"
    assert (tmp_path / "rel" / "new").exists()
    assert repo.at(tmp_path / "rel").git("status", "--porcelain") == ""
    shutil.rmtree(tmp_path / "rel")
    agent.commit("again", new="again\n")
    assert (await merge(checkout, request(target="release"))).updated is None


@pytest.mark.parametrize(
    "dirty", ["edit", "staged", "ignored in the way", "untracked in the way", "rebase"]
)
async def test_a_target_that_is_not_clean_is_left_alone(
    repo: Repo, agent: Repo, checkout: Checkout, dirty: str
) -> None:
    words = "1 uncommitted change"
    if dirty == "rebase":
        repo.commit(a="x\n")
        repo.git("-c", "sequence.editor=echo break >", "rebase", "-q", "-i", "HEAD^", check=False)
        words = "a rebase is in progress"
    elif dirty.endswith("in the way"):
        repo.write("new", "precious")
        words = "in the way"
        if dirty.startswith("ignored"):
            repo.write(".git/info/exclude", "new\n")
    else:
        repo.write("a", "edit\n")
        if dirty == "staged":
            repo.git("add", "a")
    before = repo.files(), repo.git("rev-parse", "main"), repo.git("status", "--porcelain")
    with pytest.raises(TargetBusy, match=words):
        await merge(checkout, request())
    assert (
        repo.files(),
        repo.git("rev-parse", "main"),
        repo.git("status", "--porcelain"),
    ) == before


async def test_a_stale_lock_in_the_target(repo: Repo, agent: Repo, checkout: Checkout) -> None:
    repo.write(".git/index.lock", "")
    with pytest.raises(LockHeld, match="delete that file"):
        await merge(checkout, request())
    (repo.path / ".git" / "index.lock").unlink()
    await merge(checkout, request())


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_a_conflict_changes_nothing(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str
) -> None:
    repo.commit(f=TEN.replace("3\n", "drei\n", 1))
    before = repo.files(), repo.refs("refs/"), repo.git("rev-parse", "main")
    with pytest.raises(Conflicted, match=r"f:3.*Nothing was changed"):
        await merge(checkout, request(strategy=strategy))
    assert (repo.files(), repo.refs("refs/"), repo.git("rev-parse", "main")) == before


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_nothing_to_merge(repo: Repo, agent: Repo, checkout: Checkout, strategy: str) -> None:
    with pytest.raises(NothingToDo):
        await merge(checkout, request(source="main", strategy=strategy))
    with pytest.raises(UnknownRevision, match="no local branch"):
        await merge(checkout, request(target="nowhere", strategy=strategy))


async def test_rebase_keeps_authors_and_drops_what_is_there_already(
    repo: Repo, agent: Repo, checkout: Checkout
) -> None:
    agent.git(
        "commit",
        "-q",
        "--amend",
        "--no-edit",
        "--author=Bob <bob@x>",
        "--date=2001-02-03T04:05:06Z",
    )
    agent.commit("applied upstream too", a="same\n")
    repo.commit("upstream", a="same\n")
    await merge(checkout, request(strategy="rebase"))
    assert repo.git("log", "-2", "--format=%an %ad %s", "--date=iso-strict") == (
        "Bob 2001-02-03T04:05:06+00:00 work of the agent\n"
        + repo.git("log", "-1", "--skip=1", "--format=%an %ad %s", "--date=iso-strict")
    )


async def test_rebase_names_the_commit_that_conflicts(
    repo: Repo, agent: Repo, checkout: Checkout
) -> None:
    agent.commit("the culprit", a="agent\n")
    agent.commit("fine again", a="main\n")
    repo.commit("upstream", a="main\n")
    with pytest.raises(Conflicted, match=r"\(the culprit\) cannot be put onto main"):
        await merge(checkout, request(strategy="rebase"))


@pytest.mark.parametrize("strategy", ["merge", "squash"])
@pytest.mark.parametrize("place", ["checked out", "nowhere"])
async def test_a_hook_that_refuses_is_shown_in_full(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str, place: str
) -> None:
    repo.commit("meanwhile", a="x\n")
    if place == "nowhere":
        repo.git("checkout", "-q", "--detach")
    repo.hook(
        "commit-msg",
        "echo ugly formatting >> f; for i in $(seq 300); do echo line $i of output >&2; done; exit 1",
    )
    before = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    said: list[str] = []
    with pytest.raises(HookFailed) as refused:
        await merge(checkout, request(strategy=strategy), said.append)
    assert (
        "line 1 of output\n" in refused.value.detail
        and "line 300 of output" in refused.value.detail
    )
    assert "line 300 of output" in "".join(said)
    after = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    assert after == before
    assert len(repo.git("worktree", "list").split("\n")) == 2
    done = await merge(checkout, request(strategy=strategy, hooks=False))
    assert done.new == repo.git("rev-parse", "main")


@pytest.mark.parametrize("strategy", ["merge", "squash"])
@pytest.mark.parametrize("place", ["checked out", "nowhere"])
async def test_hooks_have_their_say(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str, place: str
) -> None:
    repo.commit("meanwhile", a="x\n")
    if place == "nowhere":
        repo.git("checkout", "-q", "--detach")
    repo.hook("commit-msg", 'echo "Ticket: 1" >> "$1"')
    done = await merge(checkout, request(strategy=strategy, turns=("t",)))
    assert done.new == repo.git("rev-parse", "main")
    said = repo.git("log", "-1", "--format=%B", "main").strip().split("\n")
    assert said[-3:] == ["Athena-Agent: ada", "Athena-Turn: t", "Ticket: 1"]
    parents = repo.git("log", "-1", "--format=%P", "main").split()
    assert len(parents) == (2 if strategy == "merge" else 1)
    assert "new" in repo.tree("main")


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_a_signature_that_fails_is_shown_in_full(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str, tmp_path: Path
) -> None:
    repo.commit("meanwhile", a="x\n")
    program = tmp_path / "gpg"
    program.write_text("#!/bin/sh\necho 'no secret key today' >&2\nexit 2\n")
    program.chmod(0o755)
    repo.git("config", "commit.gpgsign", "true")
    repo.git("config", "gpg.program", str(program))
    before = repo.git("rev-parse", "main")
    with pytest.raises(HookFailed, match="could not be signed") as refused:
        await merge(checkout, request(strategy=strategy))
    assert "no secret key today" in refused.value.detail
    assert repo.git("rev-parse", "main") == before
    with pytest.raises(HookFailed, match="could not be signed"):
        agent.write("new", "x\n")
        await commit_all(await agent.checkout(), Message("x"))
    good = "#!/bin/sh\ncat >/dev/null\necho '[GNUPG:] SIG_CREATED D' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n"
    program.write_text(good)
    await merge(checkout, request(strategy=strategy))
    assert "gpgsig" in repo.git("cat-file", "-p", "main")


async def test_without_an_identity(repo: Repo, agent: Repo) -> None:
    environ = {**repo.environ, "HOME": "/nonexistent", "EMAIL": ""}
    repo.git("config", "user.useConfigOnly", "true")
    repo.commit("meanwhile", a="x\n")
    nobody = (await discover(repo.path, environ)).checkout
    with pytest.raises(IdentityMissing, match=r"git config --global user\.name"):
        await merge(nobody, request())


@pytest.mark.parametrize("hooks", [False, True])
@pytest.mark.parametrize("options", ["--ff-only", "--no-ff", "--squash", "--no-commit"])
async def test_what_is_set_for_merges_by_hand(
    repo: Repo, agent: Repo, checkout: Checkout, options: str, hooks: bool
) -> None:
    repo.git("config", "merge.ff", "only")
    repo.git("config", "branch.main.mergeOptions", options)
    if hooks:
        repo.hook("commit-msg", 'echo "Ticket: 1" >> "$1"')
    for count, strategy in enumerate(("merge", "squash"), 1):
        agent.commit("more", **{f"more{count}": "x\n"})
        repo.commit("meanwhile", **{f"here{count}": "x\n"})
        done = await merge(checkout, request(strategy=strategy))
        parents = 2 if strategy == "merge" else 1
        assert len(repo.git("log", "-1", "--format=%P", "main").split()) == parents
        assert repo.git("rev-parse", "main") == done.new and repo.read(f"more{count}") == "x\n"


@pytest.mark.parametrize("place", ["checked out", "nowhere"])
async def test_a_target_that_moves_meanwhile(
    repo: Repo, agent: Repo, tmp_path: Path, place: str
) -> None:
    """Someone commits to the target after the look ahead and before the target is moved."""
    if place == "nowhere":
        repo.git("checkout", "-q", "--detach")
    line = """case "$*" in *interpret-trailers*)
        new=$("$real" commit-tree "main^{tree}" -p main -m "in between" </dev/null)
        "$real" update-ref refs/heads/main "$new";;
    esac"""
    environ = with_wrapped_git(repo.environ, tmp_path / "bin", line)
    with pytest.raises(TargetMoved, match="Try again"):
        await merge((await discover(repo.path, environ)).checkout, request())
    assert repo.git("log", "-1", "--format=%s", "main") == "in between"
    assert not (repo.path / "new").exists()


async def test_committing_all(repo: Repo, agent: Repo) -> None:
    checkout = await agent.checkout()
    with pytest.raises(NothingToDo):
        await commit_all(checkout, Message("nothing"))
    agent.write("a", "edit\n")
    agent.write("new file ü", "x")
    Repo.make(agent.path / "nested", Path(repo.environ["HOME"]))
    commit = await commit_all(checkout, Message("Do it", "ada", ("t1",)))
    assert (
        agent.git("log", "-1", "--format=%H %s %(trailers:key=Athena-Turn,valueonly)").strip()
        == f"{commit} Do it t1"
    )
    assert agent.git("status", "--porcelain") == "?? nested/"


async def test_a_commit_that_a_hook_refuses_leaves_the_index(repo: Repo, agent: Repo) -> None:
    repo.hook("pre-commit", "echo no way; exit 1")
    agent.write("a", "staged\n")
    agent.git("add", "a")
    agent.write("a", "edited\n")
    agent.write("u", "untracked\n")
    before = agent.git("status", "--porcelain=v2")
    with pytest.raises(HookFailed) as refused:
        await commit_all(await agent.checkout(), Message("x"))
    assert "no way" in refused.value.detail
    assert agent.git("status", "--porcelain=v2") == before
    await commit_all(await agent.checkout(), Message("x"), hooks=False)
    assert agent.git("status", "--porcelain=v2") == ""


async def test_a_pipe_in_the_place_of_a_conflict_holds_nobody_up(repo: Repo, agent: Repo) -> None:
    """To read it would be to wait for a writer, and everybody with us."""
    repo.commit("upstream", f=TEN.replace("3\n", "drei\n", 1))
    own = await agent.checkout()
    await begin(own, "ada", "main")
    (own.root / "f").unlink()
    os.mkfifo(own.root / "f")
    assert await unresolved(own) == ()


async def test_an_agent_resolves_conflicts(repo: Repo, agent: Repo, checkout: Checkout) -> None:
    repo.commit("upstream", f=TEN.replace("3\n", "drei\n", 1))
    own = await agent.checkout()
    begun = await begin(own, "ada", "main")
    assert [str(conflict) for conflict in begun.conflicts] == ["f:3"]
    assert await unresolved(own) == ("f",)
    assert "<<<<<<<" in agent.read("f") and "|||||||" in agent.read("f")
    with pytest.raises(Conflicted, match="markers are left"):
        await commit_all(own, Message("resolved"))
    kept = await abandon(own, "ada")
    assert "<<<<<<<" in repo.tree(kept.commit)["f"]
    assert agent.git("status", "--porcelain") == ""
    await begin(own, "ada", "main")
    agent.write("f", TEN.replace("3\n", "three / drei\n", 1))
    assert await unresolved(own) == ()
    await commit_all(own, Message("Merge main", "ada"))
    assert len(agent.git("log", "-1", "--format=%P").split()) == 2
    done = await merge(checkout, request())
    assert repo.git("rev-parse", "main") == done.new
    agent.write("f", "dirty\n")
    with pytest.raises(TargetBusy):
        await begin(own, "ada", "main")


@pytest.mark.parametrize("changed", ["f", "g", "saved"])
async def test_a_merge_is_given_up_whatever_was_done_to_its_files(
    repo: Repo, agent: Repo, changed: str
) -> None:
    """`f` conflicts; `g` was merged by git, and the agent made it fit."""
    repo.commit(f=TEN.replace("3\n", "drei\n", 1), g="from main\n")
    own = await agent.checkout()
    before = agent.files(), agent.git("rev-parse", "HEAD")
    await begin(own, "ada", "main")
    if changed == "saved":
        agent.touch("g")
    else:
        agent.write(changed, "fits\n")
    kept = await abandon(own, "ada")
    assert (agent.files(), agent.git("rev-parse", "HEAD")) == before
    assert agent.git("status", "--porcelain") == ""
    if changed != "saved":
        assert agent.git("show", f"{kept.ref}:{changed}") == "fits"


async def test_resolving_leaves_ignored_files_alone(repo: Repo, agent: Repo) -> None:
    repo.commit("ignoring", **{".gitignore": "*.local\n"})
    agent.git("merge", "-q", "main")
    agent.write("mine.local", "only here\n")
    repo.write("mine.local", "of the branch\n")
    repo.git("add", "-f", "mine.local")
    repo.git("commit", "-q", "-m", "the same name")
    with pytest.raises(TargetBusy, match=r"in the way in .*: mine\.local"):
        await begin(await agent.checkout(), "ada", "main")
    assert agent.read("mine.local") == "only here\n"
