"""`athena/line/...`: who wrote a line, from the checkpoints and from commit trailers."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TypeVar

from athena.app.bringing import Author, Bringing
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.follow import event_of
from athena.app.own import OwnCommits, Worker, agent_of, inherited, turns_until
from athena.app.trees import all_of, turns_of
from athena.border import Connection
from athena.core.state import AgentState
from athena.projections.transcript import Transcript
from athena.protocol import review as r
from athena.protocol.agent import AgentView
from athena.protocol.content import plain_text
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.events import PromptQueued, TurnEnded, TurnStarted, parse_event
from athena.protocol.transcript import TurnView
from athena.worktree import files, repository
from athena.worktree.blame import LineHistory, Turn
from athena.worktree.committed import CommitHistory, Committed, head_commit
from athena.worktree.errors import WorktreeError
from athena.worktree.moved import former_name
from athena.worktree.objects import blob_ids, blobs

T = TypeVar("T")
REMEMBERED = 16
PLACES = 256
PROMPT_LENGTH = 400
ALL = slice(None)
TOLD_OF_TURNS = (PromptQueued.KIND, TurnStarted.KIND, TurnEnded.KIND)


@dataclass(frozen=True, slots=True)
class Made:
    """Whose work a commit is; `within` when the last of the turns made it itself."""

    agent: str
    turns: tuple[str, ...]
    within: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A checkout, and what must not change on disk for a folder to be in it still."""

    checkout: repository.Checkout
    between: tuple[Path, ...]
    """Where another repository would come between the folder and its root."""
    identity: tuple[int, int] | None

    @classmethod
    def of(cls, checkout: repository.Checkout, folder: Path) -> Found:
        """What was found for a folder."""
        chain = [folder, *folder.parents]
        above = chain[: chain.index(checkout.root)] if checkout.root in chain else []
        return cls(checkout, tuple(f / ".git" for f in above), _identity(checkout.root / ".git"))

    def holds(self) -> bool:
        """Whether the folder is in this checkout still."""
        now = _identity(self.checkout.root / ".git")
        return (
            now is not None and now == self.identity and not any(map(os.path.lexists, self.between))
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        told = path.lstat()
    except OSError:
        return None
    return told.st_dev, told.st_ino


def _remembered(known: OrderedDict[Path, T], root: Path, make: Callable[[], T]) -> T:
    """What is known of a working tree; of those asked for last some are remembered."""
    if root not in known:
        known[root] = make()
    known.move_to_end(root)
    while len(known) > REMEMBERED:
        known.popitem(last=False)
    return known[root]


class Authorship:
    """Remembers the line histories of the working trees asked for last."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Path, LineHistory] = OrderedDict()
        self._commits: OrderedDict[Path, CommitHistory] = OrderedDict()
        self._lock = asyncio.Lock()
        self._turns: dict[tuple[str, int], dict[str, tuple[TurnView, str]]] = {}
        self._places: OrderedDict[Path, Found] = OrderedDict()
        self._squashed: OrderedDict[tuple[str, str, str], list[str | None] | None] = OrderedDict()
        self._moved: OrderedDict[tuple[Path, str, str], str | None] = OrderedDict()
        self._bringing = Bringing()
        self._own = OwnCommits()
        self._spans: dict[tuple[str, Path], tuple[int, list[Turn]]] = {}

    async def authors(
        self,
        context: Context,
        path: Path,
        text: str,
        environ: dict[str, str],
        wanted: slice = ALL,
    ) -> list[Author | None]:
        """The author of each line of a text, which is the file `path` as it is now.

        Only the `wanted` lines need be answered.
        """
        checkout = await self._checkout(path, environ)
        inside = path.relative_to(checkout.root).as_posix()
        async with self._lock:
            found = await self._by_turns(context, checkout, inside, text)
            if None not in found[wanted]:
                return found
            committed = await self._committed(checkout, inside, text)
            lines = committed[: len(found)]
            await self._by_commits(context, checkout, lines, found, wanted)
            if None not in found[wanted]:
                return found
            paths = dict.fromkeys([inside, *(c.place.path for c in lines if c is not None)])
            brought = await self._bringing.authors(context, checkout, [*paths], text, lines)
            return [own or came for own, came in zip_longest(found, brought[: len(found)])]

    async def _checkout(self, path: Path, environ: dict[str, str]) -> repository.Checkout:
        """The checkout of a file. Asking git is most of a hover's time, so it is remembered."""
        known = self._places.get(path.parent)
        if known is None or not known.holds():
            checkout = (await repository.discover(path, environ)).checkout
            known = self._places[path.parent] = Found.of(checkout, path.parent)
            while len(self._places) > PLACES:
                self._places.popitem(last=False)
        return known.checkout

    async def _spans_of(
        self, context: Context, checkout: repository.Checkout, state: AgentState
    ) -> list[Turn]:
        """The turns whose work the agent has. At rest they are the same until its next event."""
        if state.turn is not None:
            return [*await inherited(context, checkout, state), *await turns_of(checkout, state)]
        key = (state.id, checkout.root)
        known = self._spans.get(key)
        if known is None or known[0] != state.version:
            turns = [*await inherited(context, checkout, state), *await turns_of(checkout, state)]
            known = self._spans[key] = (state.version, turns)
        return known[1]

    async def _by_turns(
        self, context: Context, checkout: repository.Checkout, path: str, text: str
    ) -> list[Author | None]:
        """From the checkpoints of the agents that work in this very tree."""
        count = len(text.split("\n"))
        found: list[Author | None] = [None] * count
        for view in context.directory.views():
            state = await _at_work(context, view, str(checkout.root))
            if state is None:
                continue
            history = _remembered(self._lines, checkout.root, lambda: LineHistory(checkout))
            turns = await self._spans_of(context, checkout, state)
            name = path
            if turns and (await history.follow(turns, path)).blob is None:
                name = await self._former(checkout, turns[-1].end, path) or path
            origins = (await history.origins(turns, name, text)).lines
            for i, origin in enumerate(origins[:count]):
                if origin.kind == "turn" and origin.turn is not None:
                    found[i] = Author(agent_of(origin.turn), origin.turn)
        return found

    async def _committed(
        self, checkout: repository.Checkout, path: str, text: str
    ) -> list[Committed | None]:
        """The commit of each line; none of a file that was never committed."""
        history = _remembered(self._commits, checkout.root, lambda: CommitHistory(checkout))
        try:
            return await history.origins(path, text)
        except WorktreeError:
            former = await self._former(checkout, head_commit(checkout) or "HEAD", path)
            return await history.origins(former, text) if former is not None else []

    async def _former(self, checkout: repository.Checkout, tree: str, path: str) -> str | None:
        """What a tree calls a file that was moved on disk since; asked of git once."""
        key = (checkout.root, tree, path)
        if key not in self._moved:
            try:
                self._moved[key] = await former_name(checkout, tree, path)
            except WorktreeError:
                self._moved[key] = None
            while len(self._moved) > PLACES:
                self._moved.popitem(last=False)
        return self._moved[key]

    async def _by_commits(
        self,
        context: Context,
        checkout: repository.Checkout,
        committed: Sequence[Committed | None],
        found: list[Author | None],
        wanted: slice,
    ) -> None:
        """From commit trailers, and from commits that agents made, for lines that are merged."""
        made: dict[str, Made | None] = {}
        for i in range(*wanted.indices(len(committed))):
            line = committed[i]
            if found[i] is not None or line is None:
                continue
            oid = line.origin.commit
            if oid not in made:
                made[oid] = await self._made(context, checkout, line)
            if (by := made[oid]) is not None:
                found[i] = await self._of_commit(context, checkout, line, by)

    async def _made(
        self, context: Context, checkout: repository.Checkout, line: Committed
    ) -> Made | None:
        """Who made the commit of a line; None where no agent did."""
        if line.origin.agent and line.origin.turns:
            return Made(line.origin.agent, line.origin.turns)
        here = await self._agents_of(context, checkout)
        own = await self._own.of(here, line)
        return Made(own.agent_id, (own.turn_id,), within=True) if own is not None else None

    async def _agents_of(self, context: Context, checkout: repository.Checkout) -> list[Worker]:
        """The agents that work in this repository, or in a copy of it that is a submodule."""
        found: list[Worker] = []
        for view in context.directory.views():
            place = view.workspace
            if place is None:
                continue
            found += [
                Worker(view, checkout, Path(one.path), one.branch)
                for one in (place, *place.also)
                if one.repository is not None and await self._is_of(checkout, one.repository)
            ]
            for inner in place.submodules:
                tree = Path(inner.path)
                own = await self._known(tree) if tree.is_dir() else None
                is_own = own is not None and own.common_dir == checkout.common_dir
                if is_own or await self._is_of(checkout, inner.repository):
                    found.append(Worker(view, own or checkout, tree, inner.branch))
        return found

    async def _is_of(self, checkout: repository.Checkout, root: str) -> bool:
        """Whether what is at a root is of the same repository."""
        known = await self._known(Path(root))
        return known is not None and known.common_dir == checkout.common_dir

    async def _known(self, root: Path) -> repository.Checkout | None:
        try:
            return await self._checkout(root / "x", {})
        except WorktreeError:
            return None

    async def _of_commit(
        self,
        context: Context,
        checkout: repository.Checkout,
        line: Committed,
        by: Made,
    ) -> Author | None:
        """The turn that wrote a committed line. Of several the checkpoints know which."""
        if context.directory.view(by.agent) is None:
            return Author(by.agent, by.turns[-1])
        key = (by.agent, line.place.commit, line.place.path)
        if key not in self._squashed:
            self._squashed[key] = await self._apart(context, checkout, line, by)
            while len(self._squashed) > PLACES:
                self._squashed.popitem(last=False)
        wrote = self._squashed[key]
        if wrote is None or line.place.line > len(wrote):
            return Author(by.agent, by.turns[-1])
        turn = wrote[line.place.line - 1]
        return Author(agent_of(turn), turn) if turn is not None else None

    async def _apart(
        self, context: Context, checkout: repository.Checkout, line: Committed, by: Made
    ) -> list[str | None] | None:
        """The turn of each line of a committed file; None where its checkpoints are gone."""
        before = await inherited(context, checkout, await state_of(context, by.agent))
        spans = [*before, *await turns_until(checkout, by.agent, by.turns[-1])]
        if not set(by.turns) <= {turn.id for turn in spans}:
            return None
        oids = await blob_ids(checkout.git, [(line.place.commit, line.place.path)])
        text = next(iter(await blobs(checkout.git, [oid for oid in oids if oid])), None)
        origins = (await LineHistory(checkout).origins(spans, line.place.path, text or b"")).lines
        # A line that the end of a turn lacks was written over by it, if it made the commit itself.
        since = by.turns[-1] if by.within else None
        return [
            o.turn if o.kind == "turn" else since if o.kind == "since" else None for o in origins
        ]

    async def turn(
        self, context: Context, state: AgentState, turn_id: str
    ) -> tuple[TurnView, str] | None:
        """A turn of an agent and the text of its prompt."""
        key = (state.id, state.turns)
        if key not in self._turns:
            self._turns = {k: v for k, v in self._turns.items() if k[0] != state.id}
            self._turns[key] = await _turns(context, state)
        return self._turns[key].get(turn_id)


async def _at_work(context: Context, view: AgentView, root: str) -> AgentState | None:
    """The state of an agent as it is in the working tree at a root, if it is one of the agent's."""
    place = view.workspace
    if place is None or all(o.path != root for o in (place, *place.also, *place.submodules)):
        return None
    found = all_of(await state_of(context, view.id))
    return next((s for s in found if s.workspace and s.workspace.path == root), None)


async def _turns(context: Context, state: AgentState) -> dict[str, tuple[TurnView, str]]:
    folded = Transcript()
    prompts: dict[str | None, str] = {}
    position = 0
    while chunk := await context.log.read(position, streams=[state.id], kinds=TOLD_OF_TURNS):
        events = [event_of(stored) for stored in chunk]
        folded.add(events)
        for event in events:
            match parse_event(event.kind, event.data):
                case PromptQueued() as queued:
                    prompts[queued.prompt_id] = plain_text(queued.content)
                case _:
                    pass
        position = chunk[-1].seq
    return {t.turn_id: (t, prompts.get(t.prompt_id, "")) for t in folded.turns.values()}


async def authors(context: Context, connection: Connection, asked: r.ReadAuthors) -> r.FileAuthors:
    """Runs of lines with the turn that wrote each; other lines are left out."""
    path = Path(asked.path)
    if not path.is_absolute():
        raise AthenaError(ErrorCode.INVALID_PARAMS, "The path must be absolute.", field="path")
    text = asked.text
    if text is None:
        try:
            text = (await asyncio.to_thread(files.content, path)).decode("utf-8", "surrogateescape")
        except OSError as error:
            why = error.strerror or str(error)
            raise AthenaError(
                ErrorCode.NOT_FOUND, f"{path} cannot be read: {why}.", field="path"
            ) from error
    first = asked.start or 1
    wanted = slice(first - 1, asked.end)
    lines = await context.authorship.authors(context, path, text, dict(connection.environ), wanted)
    last = min(asked.end or len(lines), len(lines))
    runs: list[r.LineAuthors] = []
    numbered = list(enumerate(lines, 1))[first - 1 : last]
    for author, group in groupby(numbered, key=lambda pair: pair[1]):
        if author is None:
            continue
        numbers = [n for n, _ in group]
        told = await _told(context, author, numbers[0], numbers[-1])
        if told is not None:
            runs.append(told)
    return r.FileAuthors(path=asked.path, runs=runs)


async def _told(context: Context, author: Author, start: int, end: int) -> r.LineAuthors | None:
    if context.directory.view(author.agent_id) is None:
        return None
    state = await state_of(context, author.agent_id)
    found = await context.authorship.turn(context, state, author.turn_id)
    if found is None:
        return None
    turn, prompt = found
    return r.LineAuthors(
        start=start,
        end=end,
        agent_id=state.id,
        agent_name=state.name,
        turn_id=author.turn_id,
        harness=state.spec.harness,
        model=state.model,
        prompt=prompt[:PROMPT_LENGTH],
        at=turn.started_at,
        cost=turn.cost,
    )
