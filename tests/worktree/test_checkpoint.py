"""Checkpoints hold the whole working tree, and taking one touches nothing of the user's."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from athena.worktree.checkpoint import Checkpoint, Policy, checkpoints, prune, take
from athena.worktree.errors import (
    BareRepository,
    GitFailed,
    StorageFull,
    StorageReadOnly,
    Unreadable,
)
from athena.worktree.repository import Checkout
from athena.worktree.snapshot import tree_now
from tests.worktree.disk import small_disk
from tests.worktree.repo import Repo


async def test_dirty_and_untracked_files_are_in_and_ignored_ones_are_not(
    repo: Repo, checkout: Checkout
) -> None:
    repo.write("a", "changed\n")
    repo.write("new/deep/file", "new\n")
    repo.write("x.log", "noise")
    (repo.path / "lib" / "b").unlink()
    point = await take(checkout, "ada", turn="t1", edge="start")
    assert repo.tree(point.commit) == {
        ".gitignore": "*.log",
        "a": "changed",
        "new/deep/file": "new",
    }
    assert point.head == repo.git("rev-parse", "HEAD")
    assert (point.agent, point.turn, point.edge) == ("ada", "t1", "start")


async def test_nothing_of_the_users_is_touched(repo: Repo, checkout: Checkout) -> None:
    repo.write("a", "staged\n")
    repo.git("add", "a")
    repo.write("a", "staged, then edited\n")
    repo.write("stashed", "x")
    repo.git("stash", "push", "-q", "-u", "--", "stashed")
    repo.write("u", "untracked\n")
    before = repo.git("status", "--porcelain=v2", "--branch"), repo.git("stash", "list")
    real = [(path, path.read_bytes(), path.stat().st_mtime_ns) for path in git_files(repo)]
    await take(checkout, "ada")
    assert [(path, path.read_bytes(), path.stat().st_mtime_ns) for path, *_ in real] == real
    assert (repo.git("status", "--porcelain=v2", "--branch"), repo.git("stash", "list")) == before
    assert not list((repo.path / ".git" / "athena").glob("index-*"))


async def test_odd_names_modes_and_links(repo: Repo, checkout: Checkout) -> None:
    names = [
        "sp ace",
        "new\nline",
        "quo\"te'",
        "ünï",
        "-dash",
        ":(top)x",
        "*",
        os.fsdecode(b"\xff\xfe"),
    ]
    for name in names:
        repo.write(name, f"in {name!r}")
    repo.write("run", "#!/bin/sh\n").chmod(0o755)
    (repo.path / "a").chmod(0o755)
    (repo.path / "link").symlink_to("/nowhere")
    (repo.path / "lib" / "b").unlink()
    (repo.path / "lib" / "b").symlink_to("../a")
    os.mkfifo(repo.path / "pipe")
    tree = await tree_now(checkout)
    listed = dict(
        reversed(line.split("\t", 1))
        for line in repo.git("ls-tree", "-r", "-z", tree).split("\0")
        if line
    )
    assert set(names) <= listed.keys()
    assert all(repo.git("cat-file", "-p", f"{tree}:{name}") == f"in {name!r}" for name in names[:1])
    assert listed["run"].startswith("100755") and listed["a"].startswith("100755")
    assert listed["link"].startswith("120000") and listed["lib/b"].startswith("120000")
    assert "pipe" not in listed


async def test_a_file_and_a_folder_change_places(repo: Repo, checkout: Checkout) -> None:
    (repo.path / "a").unlink()
    repo.write("a/inside", "1")
    shutil.rmtree(repo.path / "lib")
    repo.write("lib", "file now")
    assert repo.tree(await tree_now(checkout)) == {
        ".gitignore": "*.log",
        "a/inside": "1",
        "lib": "file now",
    }


async def test_edits_that_git_was_told_not_to_see(repo: Repo, checkout: Checkout) -> None:
    repo.git("update-index", "--assume-unchanged", "a")
    repo.git("update-index", "--skip-worktree", "lib/b")
    repo.write("a", "hidden edit\n")
    repo.write("lib/b", "another\n")
    tree = await tree_now(checkout)
    assert repo.tree(tree) | {"a": "hidden edit", "lib/b": "another"} == repo.tree(tree)
    assert repo.git("ls-files", "-v", "a", "lib/b") == "h a\nS lib/b"


async def test_a_sparse_checkout_keeps_what_is_not_on_the_disk(
    repo: Repo, checkout: Checkout
) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/a", "/.gitignore")
    assert not (repo.path / "lib").exists()
    repo.write("a", "sparse edit\n")
    assert repo.tree(await tree_now(checkout)) == {
        ".gitignore": "*.log",
        "a": "sparse edit",
        "lib/b": "b",
    }


async def test_an_edit_within_the_same_tick_and_of_the_same_size(
    repo: Repo, checkout: Checkout
) -> None:
    for number in range(30):
        repo.write("a", f"{number:04d}\n")
        repo.git("add", "a")
        repo.write("a", f"{number + 1:04d}\n")
        assert repo.tree(await tree_now(checkout))["a"] == f"{number + 1:04d}"


async def test_again_and_again(repo: Repo, checkout: Checkout) -> None:
    """The remembered index of the last snapshot must never hide a change."""
    repo.write("new", "1")
    first = await tree_now(checkout)
    assert await tree_now(checkout) == first
    assert list((repo.path / ".git" / "athena").glob("snapshot-*"))
    repo.write("new", "2")
    repo.write("other", "o")
    assert repo.tree(await tree_now(checkout))["new"] == "2"
    (repo.path / "new").unlink()
    assert "new" not in repo.tree(await tree_now(checkout))
    repo.git("add", "-A")
    repo.write("other", "p")
    assert repo.tree(await tree_now(checkout))["other"] == "p"
    repo.git("commit", "-qam", "x")
    assert await tree_now(checkout) == repo.git("rev-parse", "HEAD^{tree}")


async def test_files_that_become_ignored_drop_out(repo: Repo, checkout: Checkout) -> None:
    repo.write("build/out", "x")
    repo.write("cache/out", "x")
    assert {"build/out", "cache/out"} <= repo.tree(await tree_now(checkout)).keys()
    repo.write(".gitignore", "build/\n")
    assert "build/out" not in repo.tree(await tree_now(checkout))
    repo.write(".git/info/exclude", "cache/\n")
    assert "cache/out" not in repo.tree(await tree_now(checkout))


async def test_a_tracked_file_that_is_ignored_stays_in(repo: Repo, checkout: Checkout) -> None:
    repo.write("kept.log", "1")
    repo.git("add", "-f", "kept.log")
    assert repo.tree(await tree_now(checkout))["kept.log"] == "1"


async def test_a_tracked_file_that_is_ignored_goes_and_comes_back(
    repo: Repo, checkout: Checkout
) -> None:
    repo.write("kept.log", "1")
    repo.git("add", "-f", "kept.log")
    (repo.path / "kept.log").unlink()
    assert "kept.log" not in repo.tree(await tree_now(checkout))
    repo.write("kept.log", "2")
    assert repo.tree(await tree_now(checkout))["kept.log"] == "2"


async def test_staged_for_later_and_unmerged(repo: Repo, checkout: Checkout) -> None:
    repo.write("later", "content\n")
    repo.git("add", "-N", "later")
    assert repo.tree(await tree_now(checkout))["later"] == "content"
    repo.git("rm", "-q", "--cached", "later")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(a="side\n")
    repo.git("checkout", "-q", "main")
    repo.commit(a="main\n")
    repo.git("merge", "side", check=False)
    assert "<<<<<<<" in repo.tree(await tree_now(checkout))["a"]
    assert repo.git("ls-files", "-u")


async def test_a_damaged_index(repo: Repo, checkout: Checkout) -> None:
    repo.write("a", "edit\n")
    repo.write("u", "untracked\n")
    for garbage in (
        b"",
        b"garbage",
        b"DIRC" + bytes(60),
        (repo.path / ".git/index").read_bytes()[:-9],
    ):
        repo.write(".git/index", garbage)
        tree = repo.tree((await take(checkout, "ada")).commit)
        assert tree == {".gitignore": "*.log", "a": "edit", "lib/b": "b", "u": "untracked"}
        assert (repo.path / ".git" / "index").read_bytes() == garbage


async def test_a_lock_file_left_behind(repo: Repo, checkout: Checkout) -> None:
    lock = repo.write(".git/index.lock", "")
    repo.write("a", "edit\n")
    assert repo.tree((await take(checkout, "ada")).commit)["a"] == "edit"
    assert lock.exists()


async def test_an_empty_repository(empty: Repo) -> None:
    checkout = await empty.checkout()
    nothing = await take(checkout, "ada")
    assert (nothing.head, empty.tree(nothing.commit)) == (None, {})
    empty.write("f", "x")
    point = await take(checkout, "ada")
    assert (empty.tree(point.commit), empty.git("rev-list", "--all", "--count")) == (
        {"f": "x"},
        "2",
    )


async def test_a_bare_repository(tmp_path: Path) -> None:
    bare = Repo.make(tmp_path / "b", tmp_path / "home", "--bare")
    with pytest.raises(BareRepository):
        await take(await bare.checkout(), "ada")


async def test_a_linked_worktree_and_a_detached_head(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "wt"))
    linked = repo.at(tmp_path / "wt")
    linked.write("only-here", "x")
    point = await take(await linked.checkout(), "ada")
    assert "only-here" in repo.tree(point.commit)
    assert "only-here" not in repo.tree(await tree_now(await repo.checkout()))


async def test_line_ends_are_those_of_the_repository(repo: Repo, checkout: Checkout) -> None:
    repo.write(".gitattributes", "*.txt text eol=crlf\n")
    repo.write("dos.txt", "one\r\ntwo\r\n")
    repo.write("mixed", "one\r\ntwo\nno end")
    tree = await tree_now(checkout)
    assert repo.git("cat-file", "-p", f"{tree}:dos.txt") == "one\ntwo"
    assert repo.git("cat-file", "-p", f"{tree}:mixed") == "one\r\ntwo\nno end"


async def test_a_nested_repository_is_captured_by_its_files(repo: Repo, checkout: Checkout) -> None:
    inner = Repo.make(repo.path / "vendor" / "inner", Path(repo.environ["HOME"]))
    inner.commit(committed="c\n", gitignore="skip\n")
    (inner.path / "gitignore").rename(inner.path / ".gitignore")
    inner.write("untracked", "u")
    inner.write("skip", "s")
    Repo.make(repo.path / "unborn", Path(repo.environ["HOME"])).write("x", "x")
    for _ in range(2):
        tree = repo.tree(await tree_now(checkout))
        assert tree.keys() - {"a", "lib/b", ".gitignore"} == {
            "vendor/inner/committed",
            "vendor/inner/.gitignore",
            "vendor/inner/untracked",
            "unborn/x",
        }
    assert repo.git("status", "--porcelain") == "?? unborn/\n?? vendor/"


async def test_a_huge_untracked_file_is_left_out_and_named(repo: Repo, checkout: Checkout) -> None:
    with repo.write("core", "").open("wb") as file:
        file.truncate(3 << 20)
    point = await take(checkout, "ada", limit_bytes=1 << 20)
    assert point.skipped == ("core",)
    assert "core" not in repo.tree(point.commit)


async def test_a_file_that_cannot_be_read_is_named(
    repo: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    # Root may read everything; a file that vanishes into a dead mount may not be read by anyone.
    repo.write("weird", "x")
    repo.git("config", "filter.broken.clean", "false")
    repo.git("config", "filter.broken.required", "true")
    repo.write(".gitattributes", "weird filter=broken\n")
    with pytest.raises((GitFailed, Unreadable), match="weird"):
        await take(checkout, "ada")
    assert repo.refs() == []


async def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(disk.path / "project", tmp_path / "home")
        repo.commit(a="1\n")
        checkout = await repo.checkout()
        repo.write("big", os.urandom(2 << 20))
        disk.fill(leave=64 << 10)
        with pytest.raises(StorageFull, match="is full"):
            await take(checkout, "ada")
        assert repo.refs() == []
        disk.free()
        assert "big" in repo.git("ls-tree", "--name-only", (await take(checkout, "ada")).commit)


async def test_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(disk.path / "project", tmp_path / "home")
        repo.commit(a="1\n")
        checkout = await repo.checkout()
        disk.read_only(True)
        with pytest.raises(StorageReadOnly, match="read-only"):
            await take(checkout, "ada")


async def test_they_are_listed_from_the_repository_alone(repo: Repo, checkout: Checkout) -> None:
    first = await take(checkout, "planner/1 ☃", turn="t", edge="start")
    second = await take(checkout, "planner/1 ☃", turn="t", edge="end", previous=first.ref)
    other = await take(checkout, "b")
    assert await checkpoints(checkout, "planner/1 ☃") == (first, second)
    assert set(await checkpoints(checkout)) == {first, second, other}
    assert second.previous == first.ref


async def test_pruning(repo: Repo, checkout: Checkout) -> None:
    points: list[Checkpoint] = []
    for number in range(12):
        repo.write("a", f"{number}\n")
        points.append(await take(checkout, "abc"[number // 4]))
    later = datetime.now(UTC) + timedelta(days=40)
    policies = {"a": Policy(newest=2), "b": Policy(newest=3), "unknown": Policy(newest=0)}
    assert await prune(checkout, datetime.now(UTC), policies) == ()
    ahead = await prune(checkout, later, policies, dry_run=True)
    assert [point.ref for point in ahead] == [points[n].ref for n in (0, 1, 4)]
    assert len(await checkpoints(checkout)) == 12
    assert await prune(checkout, later, policies) == ahead
    assert set(await checkpoints(checkout)) == set(points) - set(ahead)
    repo.git("gc", "-q", "--prune=now")
    assert repo.git("cat-file", "-t", points[1].commit, check=False) == ""
    assert repo.git("cat-file", "-t", points[2].commit) == "commit"


async def test_they_are_never_pushed_cloned_or_shown(
    repo: Repo, checkout: Checkout, tmp_path: Path
) -> None:
    repo.write("secret", "s")
    point = await take(checkout, "ada")
    bare = Repo.make(tmp_path / "remote.git", tmp_path / "home", "--bare")
    repo.git("remote", "add", "origin", str(bare.path))
    repo.git("push", "-q", "--all", "origin")
    repo.git("push", "-q", "--tags", "origin")
    repo.git("clone", "-q", "--no-local", str(repo.path), str(tmp_path / "clone"))
    for other in (bare, repo.at(tmp_path / "clone")):
        assert other.refs() == []
        assert other.git("cat-file", "-t", point.commit, check=False) == ""
    assert repo.git("branch", "-a") == "* main\n  remotes/origin/main"


def git_files(repo: Repo) -> list[Path]:
    names = ("index", "HEAD", "ORIG_HEAD", "logs/HEAD", "refs/stash", "logs/refs/stash", "config")
    return [path for name in names if (path := repo.path / ".git" / name).exists()]
