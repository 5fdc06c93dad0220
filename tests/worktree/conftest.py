"""Repositories to work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.worktree.create import Request, create
from athena.worktree.repository import Checkout
from tests.worktree.repo import TEN, Repo


@pytest.fixture
def empty(tmp_path: Path) -> Repo:
    """A repository without a commit."""
    return Repo.make(tmp_path / "project", tmp_path / "home")


@pytest.fixture
def repo(empty: Repo) -> Repo:
    """A repository with one commit."""
    empty.commit("first", a="one\ntwo\nthree\n", lib__b="b\n", gitignore="*.log\n")
    (empty.path / "gitignore").rename(empty.path / ".gitignore")
    empty.commit("ignore logs")
    return empty


@pytest.fixture
async def checkout(repo: Repo) -> Checkout:
    return await repo.checkout()


@pytest.fixture
async def agent(repo: Repo) -> Repo:
    """An agent's worktree with one commit of work."""
    repo.commit(f=TEN)
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    work = repo.at(made.cwd)
    work.commit("work of the agent", f=TEN.replace("3\n", "three\n", 1), new="new\n")
    return work
