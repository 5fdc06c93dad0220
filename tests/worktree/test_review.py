"""Reviewing: chosen hunks are taken or rejected, in files or in an editor, and nothing else."""

from __future__ import annotations

import pytest

from athena.worktree.changeset import Changeset, changeset, hunks
from athena.worktree.checkpoint import take
from athena.worktree.create import Request, create
from athena.worktree.errors import UnknownRevision
from athena.worktree.repository import Checkout
from athena.worktree.review import LineEdit, Selection, accept, edits, reject
from athena.worktree.snapshot import tree_now
from athena.worktree.threeway import Conflicted
from tests.worktree.repo import Repo

TWENTY = "".join(f"{n}\n" for n in range(1, 21))
FORTY = "".join(f"old {n}\n" for n in range(1, 41))


class Review:
    """An agent's worktree with changes, and the user's with none."""

    def __init__(self, user: Repo, agent: Repo, target: Checkout, source: Checkout) -> None:
        self.user, self.agent, self.target, self.source = user, agent, target, source

    async def changes(self) -> Changeset:
        return await changeset(self.source, "main", await tree_now(self.source))

    async def hunk(self, path: str, number: int) -> str:
        file = (await self.changes()).file(path)
        return (await hunks(self.source, file)).hunks[number].id


@pytest.fixture
async def review(repo: Repo) -> Review:
    repo.commit(f=TWENTY, gone="gone\n", old=FORTY)
    made = await create(Request("new", repo.path, "ada", environ=repo.environ))
    assert made.checkout is not None
    agent = repo.at(made.cwd)
    agent.write(
        "f", TWENTY.replace("3\n", "three\n", 1).replace("12\n", "twelve\n").replace("20\n", "end")
    )
    agent.write("new", "new\n")
    (agent.path / "gone").unlink()
    (agent.path / "a").chmod(0o755)
    (agent.path / "old").rename(agent.path / "renamed")
    agent.write("renamed", ("first\n" + FORTY).replace("old 20\n", "zwanzig\n"))
    return Review(repo, agent, await repo.checkout(), made.checkout)


async def test_one_hunk(review: Review) -> None:
    before = review.user.files()
    chosen = Selection(hunks=frozenset({await review.hunk("f", 1)}))
    await accept(review.source, review.target, "ada", await review.changes(), chosen)
    assert review.user.files() == before | {"f": TWENTY.replace("12\n", "twelve\n")}
    assert review.user.git("status", "--porcelain") == " M f"


async def test_whole_files(review: Review) -> None:
    found = await review.changes()
    chosen = Selection(files=frozenset(file.id for file in found.files))
    await accept(review.source, review.target, "ada", found, chosen)
    assert review.user.files() == review.agent.files()
    assert (review.user.path / "a").stat().st_mode & 0o111


async def test_all_hunks_of_a_file_are_the_file(review: Review) -> None:
    found = await review.changes()
    for path in ("new", "gone", "renamed"):
        each = await hunks(review.source, found.file(path))
        chosen = Selection(hunks=frozenset(hunk.id for hunk in each.hunks))
        await accept(review.source, review.target, "ada", found, chosen)
    assert (
        review.user.git("status", "--porcelain", "--no-renames")
        == " D gone\n D old\n?? new\n?? renamed"
    )


async def test_one_hunk_of_a_renamed_file_goes_to_where_the_target_has_it(review: Review) -> None:
    chosen = Selection(hunks=frozenset({await review.hunk("renamed", 0)}))
    await accept(review.source, review.target, "ada", await review.changes(), chosen)
    assert review.user.read("old") == "first\n" + FORTY
    assert not (review.user.path / "renamed").exists()


async def test_the_target_may_have_moved_on(review: Review) -> None:
    review.user.write("f", "intro\n" + TWENTY.replace("7\n", "seven\n"))
    chosen = Selection(hunks=frozenset({await review.hunk("f", 0), await review.hunk("f", 1)}))
    await accept(review.source, review.target, "ada", await review.changes(), chosen)
    text = TWENTY.replace("3\n", "three\n", 1).replace("12\n", "twelve\n").replace("7\n", "seven\n")
    assert review.user.read("f") == "intro\n" + text


async def test_a_conflict_with_the_target(review: Review) -> None:
    review.user.write("f", TWENTY.replace("12\n", "user\n"))
    files = review.user.files()
    chosen = Selection(hunks=frozenset({await review.hunk("f", 0), await review.hunk("f", 1)}))
    with pytest.raises(Conflicted, match="f:12"):
        await accept(review.source, review.target, "ada", await review.changes(), chosen)
    assert review.user.files() == files


async def test_rejecting(review: Review) -> None:
    before = review.agent.files()
    found = await review.changes()
    chosen = Selection(
        files=frozenset({found.file("gone").id, found.file("new").id}),
        hunks=frozenset({await review.hunk("f", 0)}),
    )
    review.agent.write("f", review.agent.read("f").replace("15\n", "later\n"))
    await reject(review.source, "ada", found, chosen)
    text = TWENTY.replace("12\n", "twelve\n").replace("20\n", "end").replace("15\n", "later\n")
    expected = before | {"f": text, "gone": "gone\n"}
    del expected["new"]
    assert review.agent.files() == expected


async def test_rejecting_a_rename_and_one_hunk_of_it(review: Review) -> None:
    chosen = Selection(hunks=frozenset({await review.hunk("renamed", 0)}))
    await reject(review.source, "ada", await review.changes(), chosen)
    assert review.agent.read("renamed") == (FORTY).replace("old 20\n", "zwanzig\n")
    found = await review.changes()
    await reject(
        review.source, "ada", found, Selection(files=frozenset({found.file("renamed").id}))
    )
    assert review.agent.read("old") == FORTY
    assert not (review.agent.path / "renamed").exists()


async def test_ids_of_another_changeset(review: Review) -> None:
    stale = Selection(hunks=frozenset({await review.hunk("f", 0)}), files=frozenset({"no-such"}))
    review.agent.write("f", TWENTY)
    with pytest.raises(UnknownRevision, match="changed since"):
        await accept(review.source, review.target, "ada", await review.changes(), stale)


async def test_edits_for_an_editor_with_unsaved_text(review: Review) -> None:
    chosen = Selection(hunks=frozenset({await review.hunk("f", 0), await review.hunk("f", 1)}))
    found = await review.changes()
    unsaved = "unsaved\n" + TWENTY.replace("18\n", "edited\n")
    got = await edits(review.source, found, chosen, "f", unsaved)
    assert got == (LineEdit(3, 4, "three\n"), LineEdit(12, 13, "twelve\n"))
    windows = unsaved.replace("\n", "\r\n")
    got = await edits(review.source, found, chosen, "f", windows)
    assert got == (LineEdit(3, 4, "three\r\n"), LineEdit(12, 13, "twelve\r\n"))
    with pytest.raises(Conflicted, match="f:12"):
        await edits(review.source, found, chosen, "f", TWENTY.replace("12\n", "user\n"))
    assert review.user.read("f") == TWENTY


async def test_edits_for_a_last_line_without_an_end(review: Review) -> None:
    chosen = Selection(hunks=frozenset({await review.hunk("f", 2)}))
    got = await edits(review.source, await review.changes(), chosen, "f", TWENTY)
    assert got == (LineEdit(19, 20, "end"),)


async def test_a_turn_is_reviewed_like_a_branch(review: Review) -> None:
    start = await take(review.source, "ada")
    review.agent.write("a", "turn\n")
    end = await take(review.source, "ada")
    found = await changeset(review.source, start.commit, end.commit)
    await accept(
        review.source, review.target, "ada", found, Selection(files=frozenset({found.files[0].id}))
    )
    assert review.user.git("status", "--porcelain") == " M a"
