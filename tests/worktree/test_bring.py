"""Ignored files brought along: those that match, by their bytes, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from athena.worktree.bring import bring, candidates, clone_file
from athena.worktree.repository import Checkout
from tests.worktree.repo import Repo


@pytest.fixture
def ignoring(repo: Repo) -> Repo:
    repo.write(".gitignore", ".env*\nnode_modules/\nbuild\n*.secret\n.trees/\n")
    repo.commit()
    for name in (".env", ".env.local", "node_modules/x/i.js", "build/out", "lib/key.secret"):
        repo.write(name, f"in {name}")
    repo.write("plain-untracked", "x")
    return repo


async def test_only_what_is_ignored_and_matches(ignoring: Repo, checkout: Checkout) -> None:
    ignoring.write(
        ".worktreeinclude", "# comment\n.env*\n!.env.local\n/node_modules/\nplain-untracked\na\n"
    )
    assert set(await candidates(checkout)) == {".env", "node_modules/"}
    assert set(await candidates(checkout, ["*.secret"])) == {
        ".env",
        "node_modules/",
        "lib/key.secret",
    }


async def test_without_patterns_nothing(ignoring: Repo, checkout: Checkout, tmp_path: Path) -> None:
    assert await candidates(checkout) == ()
    assert (await bring(checkout, tmp_path / "new")).files == 0


async def test_they_are_copied_as_they_are(
    ignoring: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    ignoring.write("node_modules/.bin/run", "#!/bin/sh\n").chmod(0o755)
    (ignoring.path / "node_modules" / "link").symlink_to("x")
    (ignoring.path / "node_modules" / "abs").symlink_to("/etc")
    os.mkfifo(ignoring.path / "node_modules" / "pipe")
    os.utime(ignoring.path / ".env", ns=(1, 1_000_000_000))
    target = tmp_path / "new"
    seen: list[str] = []
    done = await bring(checkout, target, ["node_modules", ".env"], seen.append)
    new = ignoring.at(target).files()
    assert new == {
        ".env": "in .env",
        "node_modules/x/i.js": "in node_modules/x/i.js",
        "node_modules/.bin/run": "#!/bin/sh\n",
        "node_modules/link": "-> x",
        "node_modules/abs": "-> /etc",
    }
    assert (target / "node_modules/.bin/run").stat().st_mode & 0o777 == 0o755
    assert (target / ".env").stat().st_mtime_ns == 1_000_000_000
    assert done.skipped == ("node_modules/pipe",)
    assert done.files == len(seen) == 5
    assert done.bytes == sum(len(text) for text in new.values() if not text.startswith("->"))


async def test_what_is_there_stays(ignoring: Repo, checkout: Checkout, tmp_path: Path) -> None:
    target = tmp_path / "new"
    target.mkdir()
    (target / ".env").write_text("mine")
    (target / "build").symlink_to(tmp_path)
    done = await bring(checkout, target, [".env", "build"])
    assert (target / ".env").read_text() == "mine"
    assert not (tmp_path / "out").exists()
    assert set(done.skipped) == {".env", "build/out"}


async def test_other_worktrees_inside_the_repository_are_not_copied(
    ignoring: Repo, checkout: Checkout
) -> None:
    ignoring.git("worktree", "add", "-q", "-b", "x", ".trees/x")
    assert ".trees/" not in await candidates(checkout, [".trees/", ".env"])


async def test_odd_names(ignoring: Repo, checkout: Checkout, tmp_path: Path) -> None:
    names = ["new\nline.secret", "qu\"o'te.secret", os.fsdecode(b"\xff.secret"), " lead.secret"]
    for name in names:
        ignoring.write(name, name.encode("utf-8", "surrogateescape"))
    await bring(checkout, tmp_path / "new", ["*.secret"])
    assert set(names) <= ignoring.at(tmp_path / "new").files().keys()


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(100_000))
    clone_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    (tmp_path / "b").write_text("changed")
    assert len((tmp_path / "a").read_bytes()) == 100_000
    with pytest.raises(FileExistsError):
        clone_file(tmp_path / "a", tmp_path / "b")
