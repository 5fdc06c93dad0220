"""Who wrote a line of the user's own files, however the work came there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import Editor
from tests.support.athena import Client, make_repository
from tests.support.wait import until_sync

LINES = [f"line {n}" for n in range(1, 31)]
OWN = "run git -c user.name=A -c user.email=a@localhost commit -qam own"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository", {"poem.txt": "\n".join(LINES) + "\n"})


class Story:
    """A user with an editor, a repository, and agents who work in worktrees of it."""

    def __init__(self, editor: Editor, client: Client, folder: Path) -> None:
        self.editor, self.client, self.folder = editor, client, folder
        self.version = 1

    def agent(self, *steps: str) -> str:
        prompt = "\n".join(["```scenario", *steps, "```"])
        agent = self.editor.execute("athena.agent.spawn", prompt=prompt)["id"]
        self._rests(agent)
        return agent

    def go_on(self, agent: str, *steps: str) -> None:
        prompt = "\n".join(["```scenario", *steps, "```"])
        self.client.call("athena/agent/prompt", agent=agent, text=prompt)
        self._rests(agent)

    def _rests(self, agent: str) -> None:
        """Wait until its turn is over and what it wrote in it is captured."""
        turn = f"{agent}.t{self.client.until(agent, 'idle')['turns']}"

        def captured() -> bool:
            taken = (e["data"] for e in self.client.events(agent) if e["kind"] == "checkpointTaken")
            return any(c["edge"] == "end" and c["turnId"] == turn for c in taken)

        until_sync(captured, what="the files at the end of the turn are captured")

    def tree(self, agent: str) -> Path:
        return Path(self.client.agent(agent)["workspace"]["path"])

    def git(self, *arguments: str, folder: Path | None = None) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
        subprocess.run(
            ["git", *identity, *arguments],
            cwd=folder or self.folder,
            check=True,
            capture_output=True,
        )

    def wrote(self, path: Path, **lines: str | None) -> None:
        """See which turn (or nobody) wrote each of the lines that are named by what they say."""
        known = self.editor.opened.get(path.as_uri(), None)
        text = known if known is not None else path.read_text()
        for line, turn in lines.items():
            at = text.split("\n").index(line)
            assert self.turn_of(path, at) == turn, f"{line} of {path.name}"

    def turn_of(self, path: Path, line: int) -> str | None:
        place = {
            "textDocument": {"uri": path.as_uri()},
            "position": {"line": line, "character": 0},
        }
        told = self.editor.call("textDocument/hover", place)
        if told is None:
            return None
        return told["contents"]["value"].partition("turn ")[2].split()[0]

    def text(self, path: Path, text: str) -> None:
        self.version += 1
        self.editor.change(path.as_uri(), self.version, text)

    def action(self, path: Path, title: str, line: int = 0) -> Any:
        def offered() -> Any:
            found = self.editor.actions(path.as_uri(), line)
            return next((a for a in found if a["title"].startswith(title)), None)

        return until_sync(offered, 10, title)

    def has_taken(self, agent: str, times: int = 1) -> None:
        """Wait until it is recorded that work of an agent was taken."""

        def recorded() -> bool:
            kinds = [e["kind"] for e in self.client.events(agent)]
            return kinds.count("changesApplied") == times

        until_sync(recorded, 10, "what was taken is recorded")


@pytest.fixture
def story(start: Start, client: Client, repository: Path) -> Story:
    return Story(start(), client, repository)


def test_a_hunk_of_a_code_action_unsaved_saved_committed_and_moved(story: Story) -> None:
    agent = story.agent("edit poem.txt: line 3 -> three", "edit poem.txt: line 17 -> seventeen")
    poem = story.folder / "poem.txt"
    story.editor.open(poem)
    story.text(poem, "mine\n" + poem.read_text())
    story.action(poem, "Athena: Take the change", 3)
    text = "mine\n" + poem.read_text().replace("line 3\n", "three\n")
    story.text(poem, text)
    story.has_taken(agent)
    turn = f"{agent}.t1"
    story.wrote(poem, **{"mine": None, "line 2": None, "three": turn, "line 17": None})
    story.text(poem, "more\n" + text.replace("line 17", "seventeen"))
    story.wrote(poem, more=None, three=turn, seventeen=None)
    poem.write_text(text)
    story.git("commit", "-qam", "by the user")
    story.git("mv", "poem.txt", "ode.txt")
    ode = story.folder / "ode.txt"
    story.wrote(ode, mine=None, three=turn)
    story.git("commit", "-qam", "moved")
    ode.write_text(text + "last\n")
    story.git("commit", "-qa", "--amend", "-m", "moved and more")
    story.wrote(ode, mine=None, three=turn, last=None)


def test_what_was_applied_in_the_editor_and_on_disk(story: Story) -> None:
    agent = story.agent("edit poem.txt: line 3 -> three", "write new.txt: brand new")
    story.go_on(agent, "edit poem.txt: line 5 -> five")
    poem = story.folder / "poem.txt"
    story.editor.open(poem)
    story.editor.answers["workspace/applyEdit"] = lambda message: {"applied": True}
    story.editor.execute("athena.review.apply", agent=agent, paths=["poem.txt", "new.txt"])
    text = poem.read_text().replace("line 3\n", "three\n").replace("line 5\n", "five\n")
    story.text(poem, text)
    story.wrote(poem, **{"line 4": None, "three": f"{agent}.t1", "five": f"{agent}.t2"})
    story.wrote(story.folder / "new.txt", **{"brand new": f"{agent}.t1"})
    story.go_on(agent, "edit poem.txt: three -> drei", "edit poem.txt: line 20 -> twenty")
    story.wrote(poem, three=f"{agent}.t1", five=f"{agent}.t2")


def test_what_was_taken_while_the_turn_ran(story: Story) -> None:
    prompt = [
        "```scenario",
        "edit poem.txt: line 3 -> three",
        'ask May I? | allow-once "Allow"',
        "edit poem.txt: three -> drei",
        "```",
    ]
    agent = story.editor.execute("athena.agent.spawn", prompt="\n".join(prompt))["id"]
    story.client.until_status(agent, "needsPermission")
    done = story.client.call("athena/review/apply", agent=agent, paths=["poem.txt"])
    assert done["done"]
    story.wrote(story.folder / "poem.txt", three=f"{agent}.t1")
    story.editor.execute("athena.request.allow")
    story.client.until(agent, "idle")
    story.wrote(story.folder / "poem.txt", three=f"{agent}.t1")


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_was_merged_and_amended(story: Story, how: str) -> None:
    agent = story.agent("edit poem.txt: line 3 -> three")
    story.go_on(agent, "edit poem.txt: line 5 -> five")
    mine = story.tree(agent) / "poem.txt"
    mine.write_text(mine.read_text().replace("line 9\n", "by the user\n"))
    assert story.client.call("athena/merge/run", agent=agent, how=how)["done"]
    poem = story.folder / "poem.txt"
    expected = {"three": f"{agent}.t1", "five": f"{agent}.t2", "by the user": None, "line 8": None}
    story.wrote(poem, **expected)
    poem.write_text("amended\n" + poem.read_text())
    story.git("commit", "-qa", "--amend", "-m", "Words without trailers")
    story.wrote(poem, amended=None, **expected)
    story.go_on(agent, "edit poem.txt: three -> drei")
    story.wrote(poem, amended=None, **expected)


@pytest.mark.parametrize("by_athena", [True, False])
def test_commits_that_agents_made_themselves(story: Story, by_athena: bool) -> None:
    agent = story.agent("edit poem.txt: line 3 -> three", OWN, "edit poem.txt: line 4 -> four")
    story.go_on(agent, "edit poem.txt: line 5 -> five", OWN)
    if by_athena:
        assert story.client.call("athena/merge/run", agent=agent)["done"]
    else:
        story.git("merge", "-q", story.client.agent(agent)["workspace"]["branch"])
    poem = story.folder / "poem.txt"
    first, second = f"{agent}.t1", f"{agent}.t2"
    story.wrote(poem, **{"line 2": None, "three": first, "four": first, "five": second})


@pytest.mark.parametrize("pull", ["merge", "rebase"])
def test_what_others_committed_is_not_the_agents_that_pulled_it(story: Story, pull: str) -> None:
    agent = story.agent("edit poem.txt: line 20 -> twenty", OWN)
    poem = story.folder / "poem.txt"
    poem.write_text(poem.read_text().replace("line 9\n", "by the user\n"))
    story.git("commit", "-qam", "by the user")
    identity = "git -c user.name=A -c user.email=a@localhost"
    story.go_on(agent, f"run {identity} {pull} main", "edit poem.txt: line 3 -> three", OWN)
    story.git("merge", "-q", story.client.agent(agent)["workspace"]["branch"])
    story.wrote(poem, twenty=f"{agent}.t1")
    story.wrote(poem, **{"by the user": None, "three": f"{agent}.t2"})


def test_the_same_line_by_the_user_stays_the_users(story: Story) -> None:
    """Nothing was taken: what looks like an agent's line is not one."""
    story.agent("edit poem.txt: line 3 -> three", OWN)
    poem = story.folder / "poem.txt"
    poem.write_text(poem.read_text().replace("line 3\n", "three\n"))
    story.wrote(poem, three=None)
    story.git("commit", "-qam", "by the user")
    story.wrote(poem, three=None)


def test_a_file_that_was_moved_in_the_agents_tree(story: Story) -> None:
    agent = story.agent("edit poem.txt: line 3 -> three")
    tree = story.tree(agent)
    (tree / "poem.txt").rename(tree / "ode.txt")
    story.wrote(tree / "ode.txt", **{"three": f"{agent}.t1", "line 4": None})
