"""Undoing a merge: the branch goes back while nothing came after, with the files of its worktree."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.worktree import moving
from athena.worktree.errors import TargetBusy, TargetMoved, UnknownRevision
from athena.worktree.merge import merge
from athena.worktree.repository import Checkout, discover
from tests.worktree.repo import TEN, Repo, with_wrapped_git
from tests.worktree.test_merge import request


async def undone(checkout: Checkout, ref: str) -> moving.Moved:
    found = await moving.moved_at(checkout, ref)
    assert found is not None
    return await moving.undo(checkout, "ada", found)


@pytest.mark.parametrize("hooks", [False, True])
@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_a_merge_is_undone_and_done_again(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str, hooks: bool
) -> None:
    agent.commit("second", new="newer\n", g="g\n")
    repo.commit("meanwhile", a="main moved on\n")
    if hooks:
        repo.hook("commit-msg", 'echo "Ticket: 1" >> "$1"')
    repo.write("untracked", "stays")
    before = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    done = await merge(checkout, request(strategy=strategy))
    merged = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    back = await undone(checkout, done.ref)
    now = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    assert now == before
    assert repo.git("rev-parse", "athena/ada") == agent.git("rev-parse", "HEAD")
    assert (back.branch, back.old, back.new) == ("main", done.new, done.old)
    again = await undone(checkout, back.ref)
    now = repo.git("rev-parse", "main"), repo.files(), repo.git("status", "--porcelain")
    assert now == merged and again.new == done.new
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    assert repo.git("cat-file", "-t", done.new) == "commit"


async def test_a_merge_into_a_branch_that_is_nowhere_or_elsewhere_is_undone(
    repo: Repo, agent: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    repo.git("branch", "release")
    repo.git("worktree", "add", "-q", "-b", "next", str(tmp_path / "next"))
    start = repo.git("rev-parse", "main")
    for branch in ("release", "next"):
        done = await merge(checkout, request(target=branch))
        assert repo.git("rev-parse", branch) == done.new
        await undone(checkout, done.ref)
        assert repo.git("rev-parse", branch) == start
    elsewhere = repo.at(tmp_path / "next")
    assert elsewhere.git("status", "--porcelain") == "" and not (tmp_path / "next/new").exists()


@pytest.mark.parametrize("strategy", ["merge", "squash", "rebase"])
async def test_a_branch_that_went_on_is_not_moved_back(
    repo: Repo, agent: Repo, checkout: Checkout, strategy: str
) -> None:
    agent.commit("second", new="newer\n", g="g\n")
    repo.commit("meanwhile", a="main moved on\n")
    tree = repo.git("rev-parse", "main^{tree}")
    done = await merge(checkout, request(strategy=strategy))
    repo.git("commit", "-q", "--allow-empty", "-m", "after")
    head = repo.git("rev-parse", "main")
    with pytest.raises(TargetMoved, match="main has moved on since") as refused:
        await undone(checkout, done.ref)
    assert repo.git("rev-parse", "main") == head
    assert repo.refs("refs/athena/ada/merged/") == [done.ref]
    advice = refused.value.advice.partition("git revert ")[2]
    repo.git("revert", "--no-edit", *advice.split())
    assert repo.git("rev-parse", "main^{tree}") == tree
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-q", "-D", "main")
    with pytest.raises(UnknownRevision, match="no local branch 'main' any more"):
        await undone(checkout, done.ref)


async def test_what_was_pushed_is_not_undone(
    repo: Repo, agent: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "-q", "origin", "main")
    done = await merge(checkout, request())
    back = await undone(checkout, done.ref)
    await undone(checkout, back.ref)
    repo.git("push", "-q", "origin", "main")
    with pytest.raises(TargetMoved, match=r"origin/main has it already.*git revert -m 1"):
        await undone(checkout, done.ref)
    assert repo.git("rev-parse", "main") == done.new


@pytest.mark.parametrize("dirty", ["edit", "staged", "ignored in the way"])
async def test_a_merge_is_not_undone_where_someone_is_at_work(
    repo: Repo, agent: Repo, checkout: Checkout, dirty: str
) -> None:
    (agent.path / "a").unlink()
    agent.commit("away with it")
    done = await merge(checkout, request())
    if dirty == "ignored in the way":
        repo.write(".git/info/exclude", "a\n")
        repo.write("a", "precious")
    else:
        repo.write("f", "edit\n")
        if dirty == "staged":
            repo.git("add", "f")
    before = repo.files(), repo.git("rev-parse", "main"), repo.git("status", "--porcelain")
    with pytest.raises(TargetBusy):
        await undone(checkout, done.ref)
    now = repo.files(), repo.git("rev-parse", "main"), repo.git("status", "--porcelain")
    assert now == before and repo.refs("refs/athena/ada/merged/") == [done.ref]


async def test_a_commit_made_while_a_merge_is_undone_stays(
    repo: Repo, agent: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    """Someone commits after the look and before git moves the branch."""
    done = await merge(checkout, request())
    line = """case "$*" in *"reset --keep"*)
        [ -e "$0.done" ] || "$real" commit -q --allow-empty -m "in between" </dev/null
        touch "$0.done";;
    esac"""
    environ = with_wrapped_git(repo.environ, tmp_path / "bin", line)
    with pytest.raises(TargetMoved):
        await undone((await discover(repo.path, environ)).checkout, done.ref)
    assert repo.git("log", "-2", "--format=%s", "--first-parent", "main").split("\n") == [
        "in between",
        "Merge athena/ada into main",
    ]
    assert repo.git("status", "--porcelain") == "" and (repo.path / "new").exists()


@pytest.mark.parametrize("hooks", [False, True])
async def test_files_that_were_saved_as_they_are_hold_nothing_up(
    repo: Repo, agent: Repo, checkout: Checkout, hooks: bool
) -> None:
    """An editor that saves a file makes it newer than git's index says."""
    if hooks:
        repo.hook("commit-msg", 'echo "Ticket: 1" >> "$1"')
    for _ in range(2):
        repo.touch("f")
        done = await merge(checkout, request())
        repo.touch("f")
        back = await undone(checkout, done.ref)
        repo.touch("f")
        await undone(checkout, back.ref)
        repo.touch("f")
        await undone(checkout, done.ref)
    assert repo.git("status", "--porcelain") == "" and repo.read("f") == TEN
