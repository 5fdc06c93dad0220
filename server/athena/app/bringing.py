"""Who wrote the lines that came into a tree: taken hunk by hunk, merged, or committed by agents.

A file is followed through the steps by which agents' work came into it, or left it again
(`changesApplied`). Each is kept in the repository with the text before and after. So a line is
known before it is saved or committed, and when its commit was amended or made by the user.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest

from athena.app.context import Context
from athena.app.trees import edges
from athena.protocol import events as e
from athena.protocol.events import parse_event
from athena.worktree import checkpoint
from athena.worktree.blame import LineHistory, Turn, carried
from athena.worktree.committed import Committed
from athena.worktree.lines import changes, split, without_ends
from athena.worktree.objects import blob_ids, blobs
from athena.worktree.refs import Kept, kept_at
from athena.worktree.repository import Checkout

REMEMBERED = 64
CLOCK = timedelta(seconds=2)
"""Commits have whole seconds, and are made a moment before or after they are told of."""


@dataclass(frozen=True, slots=True)
class Author:
    """The turn that wrote a line."""

    agent_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class Brought:
    """A line that came with a step, and when."""

    author: Author
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """Where the texts of a step are kept, and which files it has."""

    agent_id: str
    ref: str
    files: frozenset[str]


@dataclass(slots=True)
class Followed:
    """A file after the steps so far: its lines, and which of them came with one."""

    steps: int = 0
    lines: list[bytes] = field(default_factory=list[bytes])
    brought: list[Brought | None] = field(default_factory=list["Brought | None"])
    asked: tuple[int, int, list[Brought | None]] | None = None
    """The text that was asked for last, after how many steps, and which of its lines came."""


class Bringing:
    """Remembers the steps, and the files that were followed last. For one task at a time."""

    def __init__(self) -> None:
        self._position = 0
        self._steps: list[Step] = []
        self._targets: set[str] = set()
        self._followed: OrderedDict[tuple[str, ...], Followed] = OrderedDict()

    async def authors(
        self,
        context: Context,
        checkout: Checkout,
        paths: Sequence[str],
        text: str,
        committed: Sequence[Committed | None],
    ) -> list[Author | None]:
        """The authors of the lines of a text; `paths` are the names its file has and had.

        A line of a commit that is older than the step was not brought by it.
        """
        found = await self._follow(context, checkout, paths)
        if not any(found.brought):
            return []
        key = hash(text)
        if found.asked is None or found.asked[:2] != (key, found.steps):
            new = without_ends(split(text.encode("utf-8", "surrogateescape")))
            now = carried(found.brought, changes(found.lines, new), None)
            found.asked = (key, found.steps, now)
        return [
            line.author if line is not None and _may_be(line, at) else None
            for line, at in zip_longest(found.asked[2], committed)
        ]

    async def _follow(self, context: Context, checkout: Checkout, paths: Sequence[str]) -> Followed:
        await self._read_on(context)
        steps = [s for s in self._steps if not s.files.isdisjoint(paths)]
        key = (str(checkout.common_dir), *paths)
        found = self._followed.setdefault(key, Followed())
        self._followed.move_to_end(key)
        while len(self._followed) > REMEMBERED:
            self._followed.popitem(last=False)
        for step in steps[found.steps :]:
            path = next(p for p in paths if p in step.files)
            kept = await kept_at(checkout, step.ref)
            if kept is not None:
                await _add(checkout, found, kept, step.agent_id, path)
            found.steps += 1
        return found

    async def _read_on(self, context: Context) -> None:
        kinds, head = (e.ChangesApplied.KIND,), context.log.head
        while chunk := await context.log.read(self._position, upto=head, kinds=kinds):
            self._position = chunk[-1].seq
            for stored in chunk:
                fact = parse_event(stored.kind, stored.data)
                if not isinstance(fact, e.ChangesApplied) or not self._comes_in(fact):
                    continue
                for ref in filter(None, (fact.undo, fact.taken)):
                    self._steps.append(Step(stored.stream, ref, frozenset(fact.files)))
        self._position = head

    def _comes_in(self, fact: e.ChangesApplied) -> bool:
        """Whether work came into a tree that is not the agent's own, or left one again."""
        if fact.what in ("apply", "merge"):
            self._targets.add(fact.target)
        elif fact.what != "undo":
            return False
        return fact.target in self._targets


async def _add(checkout: Checkout, found: Followed, kept: Kept, agent_id: str, path: str) -> None:
    """Follow a file through one more step, and through what was edited before it."""
    if not kept.parents:
        return
    oids = await blob_ids(checkout.git, [(kept.parents[0], path), (kept.tree, path)])
    if oids[1] is None:
        return
    texts = await blobs(checkout.git, [oid for oid in oids if oid is not None])
    after = texts[-1] or b""
    old = without_ends(split(texts[0] or b"")) if oids[0] is not None else []
    new = without_ends(split(after))
    authors = await _turns_of_lines(checkout, agent_id, kept.time, path, after)
    lines = carried(found.brought, changes(found.lines, old), None)
    marked: list[Brought | bool | None] = carried([*lines], changes(old, new), True)
    found.lines = new
    found.brought = [
        line
        if not isinstance(line, bool)
        else (Brought(author, kept.time) if author is not None else None)
        for line, author in zip(marked, authors, strict=True)
    ]


async def _turns_of_lines(
    checkout: Checkout, agent_id: str, at: datetime, path: str, text: bytes
) -> list[Author | None]:
    """The turns of an agent that wrote the lines of a text that was taken from it at some time.

    What a turn wrote that ran then, and wrote otherwise before it ended, is that turn's.
    """
    taken = [c for c in await checkpoint.checkpoints(checkout, agent_id) if c.time <= at]
    known = edges(taken)
    turns = [Turn(turn_id, start.tree, end.tree) for turn_id, start, end in known if end]
    running = next((turn_id for turn_id, _, end in known[-1:] if end is None), None)
    origins = (await LineHistory(checkout).origins(turns, path, text)).lines
    found: list[Author | None] = []
    for origin in origins:
        turn = origin.turn if origin.kind == "turn" else None
        if origin.kind == "since":
            turn = running
        found.append(Author(agent_id, turn) if turn is not None else None)
    return found + [None] * (len(split(text)) - len(found))


def _may_be(line: Brought, at: Committed | None) -> bool:
    return at is None or at.origin.made + CLOCK >= line.at
