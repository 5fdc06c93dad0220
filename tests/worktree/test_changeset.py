"""Changesets: every kind of change is told, and hunks keep their ids while others come and go."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athena.worktree.changeset import changeset, hunks, hunks_of
from athena.worktree.errors import UnknownRevision
from athena.worktree.hunks import choose, read_patch
from athena.worktree.lines import split
from athena.worktree.objects import empty_tree
from athena.worktree.repository import Checkout
from athena.worktree.snapshot import tree_now
from tests.worktree.repo import Repo

TWENTY = "".join(f"{n}\n" for n in range(1, 21))


async def test_every_kind_of_change(repo: Repo, checkout: Checkout) -> None:
    repo.write("long", TWENTY * 5)
    repo.write("image", b"\x89PNG\0" + os.urandom(100))
    repo.write("tool", "#!/bin/sh\n")
    repo.write("becomes-link", "text\n")
    repo.commit()
    base = repo.git("rev-parse", "HEAD^{tree}")
    repo.write("a", "one\n2\nthree\nfour\n")
    (repo.path / "lib/b").unlink()
    (repo.path / "long").rename(repo.path / "moved")
    repo.write("moved", TWENTY * 5 + "more\n")
    repo.write("image", b"\x89PNG\0" + os.urandom(100))
    (repo.path / "tool").chmod(0o755)
    (repo.path / "becomes-link").unlink()
    (repo.path / "becomes-link").symlink_to("a")
    repo.write("new\nname", "no end")
    found = await changeset(checkout, base, await tree_now(checkout))
    told = [
        (f.status, f.old_path, f.path, f.old_mode, f.new_mode, f.added, f.deleted)
        for f in found.files
    ]
    assert told == [
        ("modified", "a", "a", "100644", "100644", 2, 1),
        ("typeChanged", "becomes-link", "becomes-link", "100644", "120000", 1, 1),
        ("modified", "image", "image", "100644", "100644", None, None),
        ("deleted", "lib/b", "lib/b", "100644", "000000", 0, 1),
        ("renamed", "long", "moved", "100644", "100644", 1, 0),
        ("added", "new\nname", "new\nname", "000000", "100644", 1, 0),
        ("modified", "tool", "tool", "100644", "100755", 0, 0),
    ]
    assert (found.added, found.deleted) == (5, 3)
    assert [f.path for f in found.files if f.binary] == ["image"]
    assert [f.path for f in found.files if f.mode_changed] == ["tool"]
    assert found.file("long").similarity is not None
    listed = await hunks_of(checkout, found.files)
    assert [(each.file.path, len(each.hunks)) for each in listed] == [
        ("a", 2),
        ("becomes-link", 0),
        ("image", 0),
        ("lib/b", 1),
        ("moved", 1),
        ("new\nname", 1),
        ("tool", 0),
    ]
    with pytest.raises(UnknownRevision, match="not among"):
        found.file("elsewhere")


async def test_places_and_lines(repo: Repo, checkout: Checkout) -> None:
    repo.commit(f=TWENTY)
    base = repo.git("rev-parse", "HEAD")
    text = TWENTY.replace("3\n", "three\n", 1).replace("10\n", "").replace("20\n", "20\nend")
    repo.commit(f="start\n" + text)
    found = await changeset(checkout, base, "HEAD")
    told = [
        (h.old_start, h.old_lines, h.new_start, h.new_lines, h.removed, h.added)
        for h in (await hunks(checkout, found.file("f"))).hunks
    ]
    assert told == [
        (0, 0, 1, 1, (), (b"start\n",)),
        (3, 1, 4, 1, (b"3\n",), (b"three\n",)),
        (10, 1, 10, 0, (b"10\n",), ()),
        (20, 0, 21, 1, (), (b"end",)),
    ]


async def test_the_last_line_may_gain_or_lose_its_end(repo: Repo, checkout: Checkout) -> None:
    repo.commit(f="a\nb")
    repo.commit(f="a\nb\n")
    found = await changeset(checkout, "HEAD^", "HEAD")
    (hunk,) = (await hunks(checkout, found.file("f"))).hunks
    assert (hunk.removed, hunk.added) == ((b"b",), (b"b\n",))


async def test_carriage_returns_are_part_of_lines(repo: Repo, checkout: Checkout) -> None:
    repo.write("f", b"a\r\nb\r\nlone \r cr\n")
    repo.commit()
    repo.write("f", b"a\r\nB\r\nlone \r cr!\n")
    repo.commit()
    found = await changeset(checkout, "HEAD^", "HEAD")
    (hunk,) = (await hunks(checkout, found.file("f"))).hunks
    assert hunk.added == (b"B\r\n", b"lone \r cr!\n")


async def test_ids_stay_while_other_hunks_come_and_go(repo: Repo, checkout: Checkout) -> None:
    repo.commit(f=TWENTY)
    base = repo.git("rev-parse", "HEAD")

    async def ids(text: str) -> dict[tuple[bytes, ...], str]:
        repo.commit(f=text)
        found = await changeset(checkout, base, "HEAD")
        return {h.added: h.id for h in (await hunks(checkout, found.file("f"))).hunks}

    one = await ids(TWENTY.replace("15\n", "fifteen\n"))
    both = await ids(TWENTY.replace("15\n", "fifteen\n").replace("2\n", "two\nand more\n", 1))
    near = await ids(TWENTY.replace("15\n", "fifteen\n").replace("13\n", "thirteen\n"))
    key = (b"fifteen\n",)
    assert one[key] == both[key] == near[key]
    assert len({*both.values()}) == 2
    again = await ids(TWENTY.replace("15\n", "FIFTEEN\n"))
    assert one[key] not in again.values()


async def test_equal_hunks_of_a_file_are_told_apart(repo: Repo, checkout: Checkout) -> None:
    block = "x\n" * 8
    repo.commit(f=block + "old\n" + block + "old\n" + block)
    repo.commit(f=block + "new\n" + block + "new\n" + block)
    found = await changeset(checkout, "HEAD^", "HEAD")
    first, second = (await hunks(checkout, found.file("f"))).hunks
    assert second.id == f"{first.id}-2"


async def test_attributes_of_the_real_path_decide_what_is_binary(
    repo: Repo, checkout: Checkout
) -> None:
    repo.write(".gitattributes", "*.min.js -diff\nforced.bin diff\n")
    repo.write("x.min.js", "a\n")
    repo.write("forced.bin", b"a\0b\n")
    repo.commit()
    repo.write("x.min.js", "b\n")
    repo.write("forced.bin", b"a\0c\n")
    repo.commit()
    found = await changeset(checkout, "HEAD^", "HEAD")
    assert found.file("x.min.js").binary and not found.file("forced.bin").binary
    (hunk,) = (await hunks(checkout, found.file("forced.bin"))).hunks
    assert hunk.added == (b"a\0c\n",)


async def test_a_submodule_and_an_empty_file(repo: Repo, checkout: Checkout) -> None:
    commit = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    repo.write("empty", "")
    repo.git("add", "empty")
    repo.git("commit", "-qm", "x")
    found = await changeset(checkout, "HEAD^", "HEAD")
    assert found.file("sub").submodule and not found.file("sub").has_hunks
    assert (await hunks(checkout, found.file("empty"))).hunks == ()


async def test_users_configuration_does_not_change_what_is_told(
    repo: Repo, checkout: Checkout
) -> None:
    repo.commit(f=TWENTY)
    repo.commit(f=TWENTY.replace("7\n", "seven\n"))
    plain = await changeset(checkout, "HEAD^", "HEAD")
    told = await hunks_of(checkout, plain.files)
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "false",
        "color.ui": "always",
        "diff.renames": "false",
        "diff.context": "0",
        "diff.interHunkContext": "9",
        "diff.wordRegex": ".",
        "core.quotePath": "true",
    }.items():
        repo.git("config", key, value)
    assert await changeset(checkout, "HEAD^", "HEAD") == plain
    assert await hunks_of(checkout, plain.files) == told


async def test_ten_megabytes(repo: Repo, checkout: Checkout) -> None:
    lines = [f"line {number} of a long file\n" for number in range(400_000)]
    repo.commit(big="".join(lines))
    lines[200_000] = "changed\n"
    repo.commit(big="".join(lines), huge="".join(lines))
    began = time.perf_counter()
    found = await changeset(checkout, "HEAD^", "HEAD")
    edit, whole = await hunks_of(checkout, [found.file("big"), found.file("huge")])
    assert time.perf_counter() - began < 20
    assert [h.added for h in edit.hunks] == [(b"changed\n",)] and not edit.large
    assert whole.large
    assert [(h.new_lines, h.added) for h in whole.hunks] == [(400_000, ())]
    (full,) = await hunks_of(checkout, [found.file("huge")], None)
    assert sum(map(len, full.hunks[0].added)) > 10_000_000
    assert full.hunks[0].id == whole.hunks[0].id


async def test_five_thousand_files(repo: Repo, checkout: Checkout) -> None:
    for number in range(5_000):
        repo.write(f"many/{number % 50}/{number}", f"{number}\nsame\n")
    first = await tree_now(checkout)
    for number in range(5_000):
        repo.write(f"many/{number % 50}/{number}", f"{number}\nchanged\n")
    second = await tree_now(checkout)
    found = await changeset(checkout, first, second)
    assert (len(found.files), found.added, found.deleted) == (5_000, 5_000, 5_000)
    listed = await hunks_of(checkout, found.files)
    assert all(len(each.hunks) == 1 for each in listed)
    assert len({each.hunks[0].id for each in listed}) == 5_000


async def test_only_some_paths(repo: Repo, checkout: Checkout) -> None:
    base = await empty_tree(checkout.git)
    found = await changeset(checkout, base, "HEAD", ["lib"])
    assert [file.path for file in found.files] == ["lib/b"]


TEXT = st.lists(
    st.sampled_from(["a", "b", "c", "", "}", "x\r", "-", "+", "@@ -1 +1 @@", "diff --git a/0 b/0"]),
    max_size=12,
)


@settings(max_examples=60)
@given(old=TEXT, new=TEXT, old_end=st.booleans(), new_end=st.booleans())
def test_all_hunks_chosen_make_the_new_text(
    old: list[str],
    new: list[str],
    old_end: bool,
    new_end: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    before = ("\n".join(old) + "\n" * old_end).encode()
    after = ("\n".join(new) + "\n" * new_end).encode()
    folder = tmp_path_factory.mktemp("diff")
    (folder / "old").write_bytes(before)
    (folder / "new").write_bytes(after)
    diff = ["git", "diff", "--no-index", "--text", "-U3", "old", "new"]
    patch = subprocess.run(diff, cwd=folder, capture_output=True, check=False).stdout
    lines = split(patch)
    starts = [number for number, line in enumerate(lines) if line.startswith(b"@@")]
    found = read_patch("f", lines[starts[0] :] if starts else [])
    assert choose(split(before), found) == after
    assert choose(split(before), []) == before
