"""Repositories to work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.worktree.repository import Checkout
from tests.worktree.repo import Repo


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
