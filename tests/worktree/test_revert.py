"""Reverting turns: exactly what they changed goes, and nothing of anyone else's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from athena.worktree.apply import Delta, applications, applied_at, apply, undo
from athena.worktree.checkpoint import take
from athena.worktree.errors import (
    ChangedMeanwhile,
    NothingToDo,
    StorageFull,
    UnknownRevision,
    WorktreeError,
)
from athena.worktree.repository import Checkout, discover
from athena.worktree.rescue import rescues
from athena.worktree.revert import Span, preview_revert, revert
from athena.worktree.snapshot import tree_now
from athena.worktree.threeway import Conflicted
from tests.worktree.disk import small_disk
from tests.worktree.repo import Repo, with_wrapped_git

TEN = "".join(f"{n}\n" for n in range(1, 11))


class Turn:
    """`async with turn(...)`: what happens inside is the turn of an agent."""

    def __init__(self, checkout: Checkout, agent: str = "ada") -> None:
        self.checkout, self.agent, self.span = checkout, agent, Span("", "")

    async def __aenter__(self) -> Turn:
        self.start = (await take(self.checkout, self.agent)).commit
        return self

    async def __aexit__(self, *_: object) -> None:
        self.span = Span(self.start, (await take(self.checkout, self.agent)).commit)


@pytest.fixture
def ten(repo: Repo) -> Repo:
    repo.commit(f=TEN, g=TEN)
    return repo


async def test_edits_before_between_and_after_stay(ten: Repo, checkout: Checkout) -> None:
    ten.write("f", TEN.replace("1\n", "user before\n", 1))
    async with Turn(checkout) as turn:
        ten.write("f", ten.read("f").replace("5\n", "agent\n"))
        ten.write("made-by-agent", "x")
        (ten.path / "g").unlink()
        (ten.path / "a").chmod(0o755)
    ten.write("f", ten.read("f").replace("9\n", "user after\n"))
    ten.write("untracked", "u")
    ten.write("x.log", "ignored")
    ten.git("add", "f")
    index = (ten.path / ".git" / "index").read_bytes()
    seen = await preview_revert(checkout, [turn.span])
    assert [(f.status, f.path) for f in seen.changes.files] == [
        ("modified", "a"),
        ("modified", "f"),
        ("added", "g"),
        ("deleted", "made-by-agent"),
    ]
    before = ten.files()
    done = await revert(checkout, "ada", [turn.span], "turn 1")
    text = TEN.replace("1\n", "user before\n", 1).replace("9\n", "user after\n")
    expected = {**before, "f": text, "g": TEN}
    del expected["made-by-agent"]
    assert ten.files() == expected
    assert not (ten.path / "a").stat().st_mode & 0o111
    assert (ten.path / ".git" / "index").read_bytes() == index
    back = await undo(checkout, "ada", done)
    assert ten.files() == before
    assert (ten.path / "a").stat().st_mode & 0o111
    await undo(checkout, "ada", back)
    assert ten.files() == expected


async def test_undo_leaves_later_edits_alone(ten: Repo, checkout: Checkout) -> None:
    async with Turn(checkout) as turn:
        ten.write("f", TEN.replace("5\n", "agent\n"))
    done = await revert(checkout, "ada", [turn.span], "turn")
    ten.write("f", ten.read("f").replace("1\n", "later\n", 1))
    ten.write("new", "n")
    await undo(checkout, "ada", done)
    assert ten.read("f") == TEN.replace("5\n", "agent\n").replace("1\n", "later\n", 1)
    assert ten.read("new") == "n"
    assert [a.reason for a in await applications(checkout, "ada")] == [
        "revert of turn",
        "undo of revert of turn",
    ]
    with pytest.raises(UnknownRevision, match="nothing that can be undone"):
        await applied_at(checkout, done.rescue)


async def test_what_was_done_elsewhere_is_undone_there(ten: Repo, tmp_path: Path) -> None:
    linked = ten.at(tmp_path / "linked")
    ten.git("worktree", "add", "-q", "--detach", str(linked.path))
    base = ten.git("rev-parse", "HEAD^{tree}")
    linked.write("f", TEN.replace("5\n", "agent\n"))
    source, target = await linked.checkout(), await ten.checkout()
    done = await apply(target, "ada", [Delta(base, await tree_now(source))], "accepted changes")
    assert "agent" in ten.read("f")
    back = await undo(source, "ada", done)
    assert ten.read("f") == TEN and "agent" in linked.read("f")
    assert (back.root, await applied_at(source, back.ref)) == (ten.path, back)
    there = await apply(source, "ada", [Delta(await tree_now(source), base)], "rejected changes")
    shutil.rmtree(linked.path)
    with pytest.raises(UnknownRevision, match="is gone"):
        await undo(target, "ada", there)


async def test_all_turns_of_one_agent_among_those_of_another(ten: Repo, checkout: Checkout) -> None:
    turns: dict[str, list[Span]] = {"ada": [], "bob": []}
    for agent, old, new in [
        ("ada", "2\n", "ada 2\n"),
        ("bob", "4\n", "bob 4\n"),
        ("ada", "ada 2\n", "ada two\n"),
        ("bob", "8\n", "bob 8\n"),
        ("ada", "6\n", "ada 6\nada 6b\n"),
    ]:
        async with Turn(checkout, agent) as turn:
            ten.write("f", ten.read("f").replace(old, new, 1))
        turns[agent].append(turn.span)
        ten.write("g", ten.read("g") + "user\n")
    await revert(checkout, "ada", turns["ada"], "all of ada")
    assert ten.read("f") == TEN.replace("4\n", "bob 4\n").replace("8\n", "bob 8\n")
    assert ten.read("g").count("user") == 5


async def test_a_conflict_names_file_and_line_and_does_nothing(
    ten: Repo, checkout: Checkout
) -> None:
    async with Turn(checkout) as turn:
        ten.write("f", TEN.replace("5\n", "agent\n"))
        ten.write("g", TEN.replace("1\n", "agent\n", 1))
        ten.write("made", "by agent\n")
    ten.write("f", "0\n0\n" + TEN.replace("5\n", "agent, edited by user\nand more\n"))
    ten.write("made", "by agent, edited\n")
    files, refs = ten.files(), ten.refs()
    seen = await preview_revert(checkout, [turn.span])
    assert [str(conflict) for conflict in seen.conflicts] == ["f:7-8", "made (modify/delete)"]
    with pytest.raises(Conflicted, match=r"f:7-8, made \(modify/delete\)") as failed:
        await revert(checkout, "ada", [turn.span], "turn")
    (region,) = failed.value.conflicts[0].regions
    assert (region.ours, region.base, region.theirs) == (
        "agent, edited by user\nand more\n",
        "agent\n",
        "5\n",
    )
    assert ten.files() == files and ten.refs() == refs


async def test_a_file_that_the_user_renamed_since(ten: Repo, checkout: Checkout) -> None:
    async with Turn(checkout) as turn:
        ten.write("f", TEN.replace("5\n", "agent\n"))
    (ten.path / "f").rename(ten.path / "renamed")
    await revert(checkout, "ada", [turn.span], "turn")
    assert ten.read("renamed") == TEN and not (ten.path / "f").exists()


async def test_a_file_that_became_a_folder(ten: Repo, checkout: Checkout) -> None:
    async with Turn(checkout) as turn:
        (ten.path / "f").unlink()
        ten.write("f/inside", "x")
        (ten.path / "lib/b").unlink()
        (ten.path / "lib").rmdir()
        (ten.path / "lib").symlink_to("f")
    await revert(checkout, "ada", [turn.span], "turn")
    assert ten.read("f") == TEN and ten.read("lib/b") == "b\n"


async def test_binary_links_and_odd_names(ten: Repo, checkout: Checkout) -> None:
    name = os.fsdecode(b"n\xff\nx 'q\"")
    ten.write(name, b"\0before")
    (ten.path / "link").symlink_to("a")
    before = ten.files()
    async with Turn(checkout) as turn:
        ten.write(name, b"\0after")
        (ten.path / "link").unlink()
        (ten.path / "link").symlink_to("g")
    await revert(checkout, "ada", [turn.span], "turn")
    assert ten.files() == before


async def test_line_ends_on_disk_stay(ten: Repo, checkout: Checkout) -> None:
    ten.write(".gitattributes", "*.txt text eol=crlf\n")
    ten.write("d.txt", "one\r\ntwo\r\nthree\r\n")
    ten.write("mixed.bin", "a\r\nb\nno end")
    ten.commit()
    async with Turn(checkout) as turn:
        ten.write("d.txt", "one\r\nTWO\r\nthree\r\n")
        ten.write("mixed.bin", "a\r\nB\nno end")
    await revert(checkout, "ada", [turn.span], "turn")
    assert ten.read("d.txt") == "one\r\ntwo\r\nthree\r\n"
    assert ten.read("mixed.bin") == "a\r\nb\nno end"


async def test_what_was_reverted_already(ten: Repo, checkout: Checkout) -> None:
    async with Turn(checkout) as turn:
        ten.write("f", "agent\n")
    ten.write("f", TEN)
    with pytest.raises(NothingToDo):
        await revert(checkout, "ada", [turn.span], "turn")
    assert await rescues(checkout) == ()


async def test_an_ignored_file_in_the_way_is_not_overwritten(ten: Repo, checkout: Checkout) -> None:
    ten.git("add", "-f", str(ten.write("settings.log", "tracked\n")))
    ten.commit()
    async with Turn(checkout) as turn:
        ten.git("rm", "-q", "--cached", "settings.log")
        (ten.path / "settings.log").unlink()
    ten.write("settings.log", "the user's own, ignored\n")
    with pytest.raises(ChangedMeanwhile, match=r"in the way: settings\.log"):
        await revert(checkout, "ada", [turn.span], "turn")
    assert ten.read("settings.log") == "the user's own, ignored\n"
    (ten.path / "settings.log").unlink()
    ten.write("settings.log/deep.log", "in a folder\n")
    with pytest.raises(ChangedMeanwhile, match=r"deep\.log"):
        await revert(checkout, "ada", [turn.span], "turn")


async def test_a_stale_index_lock_of_the_users_does_not_matter(
    ten: Repo, checkout: Checkout
) -> None:
    async with Turn(checkout) as turn:
        ten.write("f", "agent\n")
    ten.write(".git/index.lock", "")
    await revert(checkout, "ada", [turn.span], "turn")
    assert ten.read("f") == TEN


async def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(disk.path / "project", tmp_path / "home")
        big = bytes(range(256)) * 12_000
        repo.write("big", big)
        repo.commit(a="1\n")
        checkout = await repo.checkout()
        async with Turn(checkout) as turn:
            (repo.path / "big").unlink()
            repo.write("a", "2\n")
        disk.fill(leave=600 << 10)
        files = repo.files()
        with pytest.raises(StorageFull):
            await revert(checkout, "ada", [turn.span], "turn")
        assert repo.files() == files
        disk.free()
        await revert(checkout, "ada", [turn.span], "turn")
        assert (repo.path / "big").read_bytes() == big


async def test_a_disk_that_fills_up_in_the_middle_is_rolled_back(tmp_path: Path) -> None:
    """Something else takes the space between our look at it and git's writing."""
    with small_disk(tmp_path / "disk") as disk:
        repo = Repo.make(disk.path / "project", tmp_path / "home")
        for name in "bcdefg":
            repo.write(name, bytes(range(256)) * 1000 + name.encode())
        repo.commit(a="1\n")
        checkout = await repo.checkout()
        async with Turn(checkout) as turn:
            for name in "bcdefg":
                (repo.path / name).unlink()
            repo.write("a", "2\n")
            repo.write("made", "m\n")
        files = repo.files()
        filler = disk.path / "filler"
        line = f"""case "$*" in *"read-tree -m -u"*)
            cat /dev/zero > {filler} 2>/dev/null; truncate -s -700K {filler};;
        esac"""
        environ = with_wrapped_git(repo.environ, tmp_path / "bin", line)
        with pytest.raises(WorktreeError):
            await revert((await discover(repo.path, environ)).checkout, "ada", [turn.span], "turn")
        assert filler.exists()
        assert repo.files() == files
