"""Who wrote a line: exactly the turn that did, through renames and under unsaved edits."""

from __future__ import annotations

import random
import time

import pytest

from athena.worktree.blame import LineHistory, Turn
from athena.worktree.checkpoint import take
from athena.worktree.commit import Message, commit_all
from athena.worktree.committed import CommitHistory
from athena.worktree.merge import MergeRequest, merge
from athena.worktree.repository import Checkout
from tests.worktree.repo import Repo

TEN = "".join(f"{n}\n" for n in range(1, 11))


class Story:
    """Turns and what happens between them; `told` gives the text with the origin of each line."""

    def __init__(self, repo: Repo, checkout: Checkout) -> None:
        self.repo, self.checkout = repo, checkout
        self.turns: list[Turn] = []
        self.history = LineHistory(checkout)

    async def turn(self, name: str, **files: str | None) -> None:
        start = (await take(self.checkout, "ada")).commit
        for file, text in files.items():
            if text is None:
                (self.repo.path / file).unlink()
            else:
                self.repo.write(file, text)
        end = (await take(self.checkout, "ada")).commit
        self.turns.append(Turn(name, start, end))

    async def told(self, path: str, text: str | None = None, fresh: bool = False) -> str:
        text = self.repo.read(path) if text is None else text
        history = LineHistory(self.checkout) if fresh else self.history
        found = await history.origins(self.turns, path, text)
        lines = text.split("\n")[: len(found.lines)]
        return " ".join(
            f"{line.strip()}:{origin.turn or ''}{ {'turn': '', 'between': '+'}.get(origin.kind, origin.kind) }"
            for line, origin in zip(lines, found.lines, strict=True)
        )


@pytest.fixture
async def story(repo: Repo, checkout: Checkout) -> Story:
    repo.commit(f="a\nb\nc\n")
    return Story(repo, checkout)


async def test_turns_users_and_unsaved_text(story: Story) -> None:
    assert await story.told("f") == "a:since b:since c:since"
    await story.turn("1", f="a\nB\nc\nd\n")
    assert await story.told("f") == "a:before B:1 c:before d:1"
    story.repo.write("f", "a\nB\nuser\nc\nd\n")
    assert await story.told("f") == "a:before B:1 user:since c:before d:1"
    await story.turn("2", f="0\na\nB\nuser\nc\nD\n")
    assert await story.told("f") == "0:2 a:before B:1 user:1+ c:before D:2"
    unsaved = "0\nx\na\nuser\nc\nD!\n"
    assert await story.told("f", unsaved) == "0:2 x:since a:before user:1+ c:before D!:since"
    assert await story.told("f", unsaved, fresh=True) == await story.told("f", unsaved)
    assert await story.told("f", "") == ""


async def test_a_file_made_by_a_turn_and_one_made_anew(story: Story) -> None:
    await story.turn("1", new="x\ny\n")
    await story.turn("2", new="x\nY\n")
    assert await story.told("new") == "x:1 Y:2"
    await story.turn("3", new=None)
    assert await story.told("new", "x\nY\n") == "x:since Y:since"
    await story.turn("4", new="x\nY\n")
    assert await story.told("new") == "x:4 Y:4"


async def test_renames_by_turns_and_by_the_user(story: Story) -> None:
    await story.turn("1", f=TEN)
    (story.repo.path / "f").rename(story.repo.path / "g")
    await story.turn("2", g=TEN.replace("5\n", "five\n"))
    await story.turn("3", g=None, h=TEN.replace("5\n", "five\n").replace("7\n", "seven\n"))
    await story.turn("4", h=story.repo.read("h") + "end\n")
    told = await story.told("h")
    assert told == "1:1 2:1 3:1 4:1 five:2 6:1 seven:3 8:1 9:1 10:1 end:4"
    assert told == await story.told("h", fresh=True)


async def test_carriage_returns_of_an_editor_do_not_matter(story: Story) -> None:
    await story.turn("1", f="a\nB\nc\n")
    assert await story.told("f", "a\r\nB\r\nc\r\n") == "a:before B:1 c:before"


async def test_binary_and_back(story: Story) -> None:
    await story.turn("1", f="a\n\0\n")
    await story.turn("2", f="a\nb\n")
    assert await story.told("f") == "a:2 b:2"


async def test_growing_histories_say_the_same_as_fresh_ones(story: Story) -> None:
    """Every line is new in the text of the turn that is said to have written it."""
    rng = random.Random(7)
    texts = {"before": set(story.repo.read("f").split("\n"))}
    serial = 0
    for number in range(25):
        lines = story.repo.read("f").split("\n")
        for _ in range(rng.randrange(4)):
            serial += 1
            at = rng.randrange(len(lines))
            lines[at : at + rng.randrange(3)] = [f"line {serial}"] * rng.randrange(1, 3)
        if rng.random() < 0.3:
            serial += 1
            story.repo.write("f", story.repo.read("f") + f"user {serial}\n")
            lines.insert(0, f"turn {serial}")
        old = set(story.repo.read("f").split("\n"))
        await story.turn(str(number), f="\n".join(lines))
        texts[str(number)] = set(lines) - old
        grown = await story.history.origins(story.turns, "f", story.repo.read("f"))
        fresh = await LineHistory(story.checkout).origins(story.turns, "f", story.repo.read("f"))
        assert grown == fresh
        for line, origin in zip(lines, grown.lines, strict=False):
            if origin.kind == "turn" and origin.turn is not None and line.startswith("line"):
                assert line in texts[origin.turn]


@pytest.mark.slow
async def test_a_hover_on_ten_thousand_lines_after_five_hundred_turns(story: Story) -> None:
    rng = random.Random(1)
    lines = [f"{number} {rng.random()}" for number in range(10_000)]
    wrote = ["before"] * len(lines)
    git, trees = story.checkout.git, list[str]()
    for number in range(501):
        if number:
            for _ in range(rng.randrange(1, 6)):
                at = rng.randrange(len(lines))
                lines[at], wrote[at] = f"{number} {rng.random()}", str(number)
            at = rng.randrange(len(lines))
            lines.insert(at, f"new {number}")
            wrote.insert(at, str(number))
        blob = await git.text(
            "hash-object", "-w", "--stdin", stdin="\n".join(lines).encode() + b"\n"
        )
        trees.append(await git.text("mktree", stdin=f"100644 blob {blob}\tf\n".encode()))
    turns = [Turn(str(n), trees[n - 1], trees[n]) for n in range(1, 501)]
    history = LineHistory(story.checkout)
    text = "\n".join(lines) + "\n"
    found = await history.origins(turns, "f", text)
    assert [origin.turn or origin.kind for origin in found.lines] == wrote
    best = 1.0
    for number in range(5):
        typed = text.replace(lines[5000 + number], f"typing {number}", 1)
        began = time.perf_counter()
        found = await history.origins(turns, "f", typed)
        best = min(best, time.perf_counter() - began)
        assert found.line(5001 + number).kind == "since"
    assert best < 0.05


async def test_commits_name_agent_and_turns(repo: Repo, checkout: Checkout) -> None:
    repo.commit("by hand", f=TEN)
    repo.git("checkout", "-q", "-b", "work")
    repo.write("f", TEN.replace("3\n", "three\n", 1))
    await commit_all(checkout, Message("Agent's work", "ada", ("t1", "t2")))
    repo.git("checkout", "-q", "main")
    await merge(checkout, MergeRequest("ada", "work", "main", "squash", turns=("t1", "t2")))
    repo.git("mv", "f", "renamed")
    repo.commit("moved")
    history = CommitHistory(checkout)
    text = "unsaved\n" + TEN.replace("3\n", "three\n", 1)
    unsaved, other, _, found, *_ = await history.origins("renamed", text)
    assert unsaved is None and found is not None and other is not None
    assert (found.origin.subject, found.origin.agent, found.origin.turns) == (
        "Squash work into main",
        "ada",
        ("t1", "t2"),
    )
    assert (found.place.path, found.place.line) == ("f", 3)
    assert (other.origin.subject, other.origin.agent, other.origin.turns) == ("by hand", None, ())
    assert other.place.line == 1


async def test_a_path_that_git_quotes(repo: Repo, checkout: Checkout) -> None:
    name = 'a "tab"\tand ü'
    repo.write(name, "one\n")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "odd")
    (found,) = (await CommitHistory(checkout).origins(name, "one\n"))[:1]
    assert found is not None and found.place.path == name
