"""Finding a repository from any path, whatever shape it is in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from athena.worktree.errors import BareRepository, EmptyRepository, NotARepository
from athena.worktree.repository import (
    Head,
    at_worktree,
    commit_of,
    discover,
    head,
    main_root,
    operation,
    traits,
    worktrees,
)
from tests.worktree.repo import Repo


async def test_from_a_folder_deep_inside(repo: Repo) -> None:
    for path in (repo.path / "lib", repo.path / "lib" / "b"):
        place = await discover(path, repo.environ)
        assert (place.checkout.root, place.prefix) == (repo.path, "lib")
    assert not place.checkout.linked and not place.checkout.bare


async def test_outside_of_any(tmp_path: Path, repo: Repo) -> None:
    with pytest.raises(NotARepository, match="git init"):
        await discover(tmp_path, {**repo.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    with pytest.raises(NotARepository, match="not there"):
        await discover(tmp_path / "nowhere" / "deep", repo.environ)


async def test_inside_the_git_directory(repo: Repo) -> None:
    with pytest.raises(NotARepository, match="working tree"):
        await discover(repo.path / ".git" / "refs", repo.environ)


async def test_a_bare_one(tmp_path: Path, repo: Repo) -> None:
    bare = Repo.make(tmp_path / "bare.git", tmp_path / "home", "--bare")
    checkout = await bare.checkout()
    assert checkout.bare and checkout.root == bare.path
    with pytest.raises(BareRepository, match="Create a worktree"):
        checkout.need_files()


async def test_an_empty_one(empty: Repo) -> None:
    checkout = await empty.checkout()
    assert await head(checkout) == Head(None, "main")
    with pytest.raises(EmptyRepository, match="first commit"):
        await commit_of(checkout, "HEAD")


async def test_a_detached_head(repo: Repo) -> None:
    repo.git("checkout", "-q", "--detach")
    assert await head(await repo.checkout()) == Head(repo.git("rev-parse", "HEAD"), None)


async def test_linked_worktrees_and_one_whose_folder_is_gone(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "x", str(tmp_path / "wt\nx"))
    repo.git("worktree", "add", "-q", "-b", "y", str(tmp_path / "y"))
    repo.git("worktree", "lock", "--reason", "mine", str(tmp_path / "y"))
    shutil.rmtree(tmp_path / "y")
    checkout = await repo.checkout()
    main, x, y = await worktrees(checkout)
    assert (main.root, main.branch, main.vanished) == (repo.path, "main", None)
    assert (x.root, x.branch, x.locked) == (tmp_path / "wt\nx", "x", None)
    assert (y.branch, y.locked, y.vanished) == ("y", "mine", "its folder is gone")
    linked = await at_worktree(checkout, tmp_path / "y") if (tmp_path / "y").exists() else None
    assert linked is None
    with pytest.raises(NotARepository):
        await at_worktree(checkout, tmp_path)


async def test_submodules_large_files_and_partial_content(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    repo.submodule("deps/o", other)
    repo.write("assets/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit()
    checkout = await repo.checkout()
    found = await traits(checkout)
    assert found.submodules == ("deps/o",)
    assert found.lfs and not found.sparse and not found.shallow and not found.partial
    inner = (await discover(repo.path / "deps" / "o", repo.environ)).checkout
    assert inner.root == repo.path / "deps/o"
    assert await main_root(inner) == inner.root
    clone = Repo(tmp_path / "clone", repo.environ)
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(clone.path))
    clone.git("sparse-checkout", "set", "lib")
    found = await traits(await clone.checkout())
    assert found.shallow and found.sparse


async def test_the_main_root_of_a_worktree_of_a_submodule(repo: Repo, tmp_path: Path) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    repo.submodule("o", other)
    repo.at(repo.path / "o").git("worktree", "add", "-q", str(tmp_path / "wt"))
    place = await discover(tmp_path / "wt", repo.environ)
    assert await main_root(place.checkout) == repo.path / "o"


async def test_an_operation_in_progress(repo: Repo) -> None:
    checkout = await repo.checkout()
    assert operation(checkout) is None
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="side\n")
    repo.git("checkout", "-q", "main")
    repo.commit(a="main\n")
    repo.git("merge", "side", check=False)
    assert operation(checkout) == "merge"


async def test_a_repository_of_someone_else_says_what_to_do(repo: Repo) -> None:
    environ = {**repo.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    with pytest.raises(Exception, match=r"safe\.directory"):
        await discover(repo.path, environ)
