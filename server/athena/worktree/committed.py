"""Who wrote a line that was committed: `git blame`, and the trailers that name agent and turns."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from athena.worktree.commit import AGENT, TURN
from athena.worktree.git import decode
from athena.worktree.lines import changes, split, without_ends
from athena.worktree.repository import Checkout, commit_of

REMEMBERED = 64
OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
COMMIT = "%H%x00%an%x00%ae%x00%at%x00%ct%x00%s%x00%(trailers:only,unfold)%x00"


@dataclass(frozen=True, slots=True)
class CommitOrigin:
    """The commit that wrote a line; `agent` and `turns` where Athena made it.

    `time` is the author's, which amending keeps; `made` is when this very commit was made.
    """

    commit: str
    author: str
    email: str
    time: datetime
    made: datetime
    subject: str
    agent: str | None
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line was when it was committed: the file's path then, and the line from 1."""

    commit: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit that wrote a line, and where in it the line is."""

    origin: CommitOrigin
    place: Place


@dataclass(slots=True)
class Blamed:
    """A committed version of a file: its lines, where each comes from, and what was asked last."""

    lines: list[bytes]
    places: list[Place]
    committed: list[Committed] | None = None
    asked: tuple[int, list[Committed | None]] | None = None


@dataclass(slots=True)
class CommitHistory:
    """Remembers the blame of the files asked for last."""

    checkout: Checkout
    _blamed: OrderedDict[tuple[str, str], Blamed] = field(
        default_factory=OrderedDict[tuple[str, str], Blamed]
    )
    _commits: dict[str, CommitOrigin] = field(default_factory=dict[str, CommitOrigin])

    async def origins(
        self, path: str, text: str | bytes, revision: str = "HEAD"
    ) -> list[Committed | None]:
        """The commit of each line of `text`, in order; None for those in no commit yet."""
        commit = (head_commit(self.checkout) if revision == "HEAD" else None) or await commit_of(
            self.checkout, revision
        )
        blamed = await self._blame(commit, path)
        key = hash(text)
        if blamed.asked is not None and blamed.asked[0] == key:
            return blamed.asked[1]
        if blamed.committed is None:
            for oid in {p.commit for p in blamed.places} - self._commits.keys():
                self._commits[oid] = await self._described(oid)
            blamed.committed = [Committed(self._commits[p.commit], p) for p in blamed.places]
        content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        new = without_ends(split(content))
        of_line: list[Committed | None] = [*blamed.committed]
        for change in reversed(changes(blamed.lines, new)):
            written = change.new_end - change.new_start
            of_line[change.old_start : change.old_end] = [None] * written
        blamed.asked = (key, of_line)
        return of_line

    async def _blame(self, commit: str, path: str) -> Blamed:
        known = self._blamed.get((commit, path))
        if known is None:
            output = await self.checkout.git.run("blame", "--porcelain", commit, "--", path)
            known = self._blamed[commit, path] = _read(output.stdout)
            while len(self._blamed) > REMEMBERED:
                self._blamed.popitem(last=False)
        self._blamed.move_to_end((commit, path))
        return known

    async def _described(self, commit: str) -> CommitOrigin:
        output = await self.checkout.git.run("show", "-s", f"--format={COMMIT}", commit)
        oid, author, email, seconds, made, subject, said, _ = decode(output.stdout).split("\0")
        pairs = [line.partition(": ")[::2] for line in said.split("\n")]
        agents = [value for key, value in pairs if key == AGENT]
        return CommitOrigin(
            commit=oid,
            author=author,
            email=email,
            time=datetime.fromtimestamp(int(seconds), UTC),
            made=datetime.fromtimestamp(int(made), UTC),
            subject=subject,
            agent=agents[-1] if agents else None,
            turns=tuple(value for key, value in pairs if key == TURN),
        )


def head_commit(checkout: Checkout) -> str | None:
    """The commit that is checked out, read without a process; None where only git can tell.

    That is a branch in `packed-refs` or a reftable, a symbolic branch, or one without a commit
    (gitrepository-layout, `HEAD` and `refs`).
    """
    try:
        said = (checkout.git_dir / "HEAD").read_text("ascii").strip()
        if said.startswith("ref: refs/"):
            said = (checkout.common_dir / said.removeprefix("ref: ")).read_text("ascii").strip()
    except (OSError, UnicodeError):
        return None
    return said if OBJECT_ID.fullmatch(said) else None


def _read(porcelain: bytes) -> Blamed:
    """Read `git blame --porcelain`: headers before each line, which begins with a tab.

    The path is said with the first line of a commit, and again where another one follows.
    """
    lines: list[bytes] = []
    found: list[Place] = []
    paths: dict[str, str] = {}
    commit = number = ""
    for line in split(porcelain):
        if line.startswith(b"\t"):
            lines.append(line[1:].rstrip(b"\r\n"))
            found.append(Place(commit, paths[commit], int(number)))
            commit = ""
        elif not commit:
            commit, number = line.decode().split(" ")[:2]
        elif line.startswith(b"filename "):
            paths[commit] = _unquoted(line[len(b"filename ") :].rstrip(b"\r\n"))
    return Blamed(lines, found)


def _unquoted(path: bytes) -> str:
    """A path of git's output, which quotes like C those with control characters or quotes."""
    if path.startswith(b'"'):
        path = path[1:-1].decode("unicode_escape").encode("latin-1")
    return decode(path)
