"""A creation that was killed in the middle is taken back by the next one for the same agent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from athena.worktree import unfinished
from athena.worktree.create import Request, create
from athena.worktree.errors import GitFailed
from athena.worktree.orphans import orphans
from athena.worktree.rescue import capture, rescues
from athena.worktree.restore import restore
from tests.worktree.repo import Repo

BRANCH = "athena/ada"


def place(repo: Repo) -> Path:
    return repo.path.with_name("project.worktrees") / "ada"


@pytest.mark.parametrize("reached", ["nothing", "a branch", "a worktree"])
async def test_the_next_one_gets_the_same_names(repo: Repo, reached: str) -> None:
    checkout = await repo.checkout()
    base = repo.git("rev-parse", "HEAD")
    unfinished.begin(checkout, "ada", place(repo), BRANCH, base)
    if reached == "a branch":
        repo.git("branch", BRANCH)
    if reached == "a worktree":
        repo.git("worktree", "add", "-q", "-b", BRANCH, str(place(repo)))
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert (made.branch, made.cwd) == (BRANCH, place(repo))
    assert not unfinished.pending(checkout, "ada")


async def test_a_branch_with_work_of_its_own_stays(repo: Repo) -> None:
    base = repo.git("rev-parse", "HEAD")
    unfinished.begin(await repo.checkout(), "ada", place(repo), BRANCH, base)
    repo.git("checkout", "-q", "-b", BRANCH)
    work = repo.commit("mine", mine="1")
    repo.git("checkout", "-q", "main")
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert made.branch == f"{BRANCH}-2"
    assert repo.git("rev-parse", BRANCH) == work


async def test_others_are_left_alone(repo: Repo) -> None:
    other = await create(Request("new", repo.path, "bob", environ=repo.environ))
    await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert other.cwd.is_dir()


async def test_work_that_someone_did_there_is_rescued(repo: Repo) -> None:
    checkout = await repo.checkout()
    unfinished.begin(checkout, "ada", place(repo), BRANCH, repo.git("rev-parse", "HEAD"))
    repo.git("worktree", "add", "-q", "-b", BRANCH, str(place(repo)))
    (orphan,) = await orphans(checkout, known=())
    assert (orphan.agent, orphan.root) == ("ada", place(repo))
    (place(repo) / "a").unlink()
    await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert await rescues(checkout) == ()
    unfinished.begin(checkout, "ada", place(repo), BRANCH, repo.git("rev-parse", "HEAD"))
    (place(repo) / "found-it").write_text("work")
    await create(Request("new", repo.path, "ada", environ=repo.environ))
    (rescue,) = await rescues(checkout)
    assert repo.tree(rescue.commit)["found-it"] == "work"


async def test_ignored_files_that_are_nowhere_else_are_kept(repo: Repo) -> None:
    repo.commit("ignoring", **{".gitignore": "*.local\n"})
    repo.write("brought.local", "the same")
    checkout = await repo.checkout()
    for mine, kept in ((False, 0), (True, 1)):
        unfinished.begin(checkout, "ada", place(repo), BRANCH, repo.git("rev-parse", "HEAD"))
        if not place(repo).exists():
            repo.git("worktree", "add", "-q", "-b", BRANCH, str(place(repo)))
        (place(repo) / "brought.local").write_text("the same")
        if mine:
            (place(repo) / "mine.local").write_text("work")
        await create(Request("new", repo.path, "ada", environ=repo.environ))
        aside = list(place(repo).parent.glob("ada.kept-*"))
        assert len(aside) == kept
        assert not aside or (aside[0] / "mine.local").read_text() == "work"


async def test_worktrees_that_vanished_are_not_forgotten(repo: Repo) -> None:
    checkout = await repo.checkout()
    other = await create(Request("new", repo.path, "bob", environ=repo.environ))
    shutil.rmtree(other.cwd)
    unfinished.begin(checkout, "ada", place(repo), BRANCH, None)
    await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert [orphan.kind for orphan in await orphans(checkout, known=["ada"])] == ["vanished"]


async def test_a_restore_takes_back_one_that_was_killed(repo: Repo) -> None:
    checkout = await repo.checkout()
    rescue = await capture(checkout, "ada", "a test")
    unfinished.begin(checkout, "ada", place(repo), "", None)
    repo.git("worktree", "add", "-q", "--detach", "--no-checkout", str(place(repo)))
    (repo.path / ".git" / "worktrees" / "ada" / "HEAD").write_text("0" * 40 + "\n")
    assert repo.git("rev-list", "--all", check=False) == ""
    shutil.rmtree(place(repo))
    back = await restore(checkout, rescue, place(repo))
    assert back.checkout.root == place(repo)
    assert repo.git("rev-list", "--all")
    assert not unfinished.pending(checkout, "ada")


async def test_where_a_worktree_vanished_another_place_is_chosen(repo: Repo) -> None:
    checkout = await repo.checkout()
    first = await create(Request("new", repo.path, "bob", name="ada", environ=repo.environ))
    shutil.rmtree(first.cwd)
    second = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert second.cwd == first.cwd.with_name("ada-2")
    assert not unfinished.pending(checkout, "ada")


async def test_a_creation_that_git_refuses_leaves_nothing_unfinished(repo: Repo) -> None:
    checkout = await repo.checkout()
    repo.commit("filtered", **{".gitattributes": "a filter=broken\n"})
    repo.git("config", "filter.broken.smudge", "false")
    repo.git("config", "filter.broken.required", "true")
    with pytest.raises(GitFailed):
        await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert not unfinished.pending(checkout, "ada")


async def test_commits_that_someone_made_there_are_kept(repo: Repo) -> None:
    """On a detached HEAD, which nothing but that worktree names; amended, so that its log does."""
    checkout = await repo.checkout()
    repo.git("worktree", "add", "-q", "--detach", str(place(repo)))
    unfinished.begin(checkout, "ada", place(repo), "", None)
    there = repo.at(place(repo))
    first = there.commit("mine", mine="1")
    there.git("commit", "-q", "--amend", "-m", "mine, in other words")
    second = there.git("rev-parse", "HEAD")
    await unfinished.take_back(checkout, "ada")
    assert not place(repo).exists()
    named = repo.git("rev-list", "--glob=refs/").split()
    assert first in named and second in named
