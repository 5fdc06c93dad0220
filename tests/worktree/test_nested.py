"""Submodules of a worktree that goes: what is kept of them, and how they come back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from athena.worktree.checkpoint import take
from athena.worktree.create import Request, create
from athena.worktree.remove import remove
from athena.worktree.repository import Checkout, inner_checkout, worktrees
from athena.worktree.restore import restore
from athena.worktree.standing import standing
from athena.worktree.vanished import remove_vanished
from tests.worktree.repo import Repo


@dataclass(frozen=True, slots=True)
class Place:
    """A worktree with a submodule `o`."""

    own: Checkout
    inner: Repo
    root: Path


@pytest.fixture
async def place(repo: Repo, tmp_path: Path) -> Place:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    repo.submodule("o", other)
    repo.commit("with a submodule")
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert made.checkout is not None
    return Place(made.checkout, repo.at(made.cwd / "o"), made.cwd)


async def checkpoint(place: Place) -> None:
    await take(await inner_checkout(place.own, "o"), "ada", turn="t1", edge="end")


async def test_checkpoints_in_a_submodule_are_no_reason_to_keep_the_worktree(place: Place) -> None:
    await checkpoint(place)
    assert (await standing(place.own)).hazards == {}
    done = await remove(place.own, "ada")
    assert done.rescue is not None and done.rescue.nested == ()


async def test_what_only_a_checkpoint_has_is_kept(repo: Repo, place: Place) -> None:
    place.inner.write("x", "of the first turn")
    await checkpoint(place)
    place.inner.git("checkout", "-q", "x")
    assert (await standing(place.own)).hazards == {}
    done = await remove(place.own, "ada")
    assert done.rescue is not None
    (nested,) = done.rescue.nested
    contents = [repo.tree(ref) for ref in repo.refs(nested.refs)]
    assert {"x": "of the first turn"} in contents


@pytest.mark.parametrize("branch", [None, "work"])
async def test_a_submodule_comes_back_as_it_was(
    repo: Repo, place: Place, branch: str | None
) -> None:
    if branch is not None:
        place.inner.git("checkout", "-q", "-b", branch)
    commit = place.inner.commit("in the submodule", x="committed")
    place.inner.write("x", "staged")
    place.inner.git("add", "x")
    place.inner.write("x", "edited")
    place.inner.write("u", "untracked")
    status = place.inner.git("status", "--porcelain", "--branch")
    done = await remove(place.own, "ada", force={"dirty", "nested"})
    assert done.rescue is not None and not place.root.exists()
    back = await restore(await repo.checkout(), done.rescue)
    assert place.inner.git("rev-parse", "HEAD") == commit
    assert place.inner.git("status", "--porcelain", "--branch") == status
    assert place.inner.files() == {"x": "edited", "u": "untracked"}
    assert ["has its refs again" in note for note in back.notes] == [True]


async def test_a_submodule_without_work_of_its_own_is_checked_out_again(
    repo: Repo, place: Place
) -> None:
    (place.root / "file").write_text("edited")
    done = await remove(place.own, "ada", force={"dirty"})
    assert done.rescue is not None and done.rescue.nested == ()
    back = await restore(await repo.checkout(), done.rescue)
    assert back.notes == () and place.inner.files() == {"x": "x"}


@pytest.mark.parametrize("captured", [True, False])
async def test_a_submodule_of_a_worktree_that_vanished(
    repo: Repo, place: Place, captured: bool
) -> None:
    commit = place.inner.commit("in the submodule", x="committed")
    place.inner.write("u", "untracked")
    if captured:
        await checkpoint(place)
    shutil.rmtree(place.root)
    checkout = await repo.checkout()
    listed = (await worktrees(checkout))[1]
    done = await remove_vanished(checkout, "ada", listed)
    assert done.rescue is not None and [n.path for n in done.rescue.nested] == ["o"]
    await restore(checkout, done.rescue)
    assert place.inner.git("rev-parse", "HEAD") == commit
    lost = {"x": "committed"}
    assert place.inner.files() == ({**lost, "u": "untracked"} if captured else lost)
    assert place.inner.git("branch", "--list", "athena/*") == ""


async def test_commits_in_a_submodule_are_by_who_commits_around_it(
    repo: Repo, tmp_path: Path
) -> None:
    other = Repo.make(tmp_path / "other", tmp_path / "home")
    other.commit(x="x")
    repo.submodule("o", other)
    repo.commit("with a submodule")
    repo.git("config", "--local", "user.email", "project@example.com")
    repo.git("config", "--local", "user.name", "Of the project")
    repo.at(repo.path / "o").git("config", "--local", "user.name", "Of the submodule")
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    inner = repo.at(made.cwd / "o")
    told = [inner.git("config", key) for key in ("user.name", "user.email")]
    assert told == ["Of the submodule", "project@example.com"]
