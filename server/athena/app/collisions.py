"""`athena/collision/...`, and noticing by itself when agents get into each other's way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.spawn import project_of
from athena.app.trees import checkout_of
from athena.border import Connection
from athena.log import StoredEvent
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError
from athena.protocol.items import ToolKind
from athena.protocol.workspace import (
    Collision,
    CollisionList,
    CollisionRange,
    ListCollisions,
)
from athena.worktree import collisions, snapshot
from athena.worktree.errors import WorktreeError
from athena.worktree.paths import to_wire
from athena.worktree.repository import Checkout

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.3
"""Agents change several files at a time."""

REST_TIMES = 4.0
"""How long to rest after a comparison, as a multiple of what it took."""

KINDS = (
    e.CheckpointTaken.KIND,
    e.ItemCompleted.KIND,
    e.ChangesApplied.KIND,
    e.WorkspaceReady.KIND,
    e.WorkspaceRemoved.KIND,
    e.AgentArchived.KIND,
    e.AgentRestored.KIND,
)
CHANGING = frozenset(
    {ToolKind.EDIT, ToolKind.DELETE, ToolKind.MOVE, ToolKind.EXECUTE, ToolKind.OTHER}
)


@dataclass(frozen=True, slots=True)
class Place:
    """A worktree of an agent; `name` where it is one of another repository than its main one."""

    agent_id: str
    name: str | None
    repository: str
    path: str
    base: str


class CollisionWatch:
    """Compares the live worktrees of each repository whenever an agent may have changed a file."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scanners: dict[str, tuple[Path, collisions.CollisionScanner]] = {}
        self._trees: dict[str, str] = {}
        self._found: dict[str, list[Collision]] = {}
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Watch until cancelled."""
        log = self._context.log
        position = log.head
        while True:
            await log.wait_beyond(position)
            await asyncio.sleep(GATHER_SECONDS)
            head = log.head
            touched: set[str] = set()
            while found := await log.read(position, upto=head, kinds=KINDS):
                touched |= {event.stream for event in found if _touches(event)}
                position = found[-1].seq
            position = head
            began = time.monotonic()
            for repository in self._repositories_of(touched):
                try:
                    await self._tell(repository, touched)
                except (WorktreeError, AthenaError, OSError) as error:
                    logger.info("no collisions of %s: %s", repository, error)
            # Agents at work touch files all the time; most of the time is theirs.
            await asyncio.sleep((time.monotonic() - began) * REST_TIMES)

    def _repositories_of(self, agents: set[str]) -> set[str]:
        """The repositories to compare in; all, where one of the agents has no worktree any more."""
        views = [self._context.directory.view(agent) for agent in agents]
        if any(v is None or v.archived or v.workspace is None for v in views):
            return self.repositories()
        return {place.repository for view in views if view is not None for place in _places(view)}

    async def _tell(self, repository: str, touched: set[str]) -> None:
        """Record for each agent of a repository whom it collides with, where that changed."""
        self._found[repository] = await self.scan(repository, touched)
        met: dict[str, set[str]] = defaultdict(set)
        conflicts: dict[str, set[str]] = defaultdict(set)
        # An agent may work in several repositories, and meet others in each.
        for c in (c for found in self._found.values() for c in found):
            for one, other in ((c.agent_id, c.other_id), (c.other_id, c.agent_id)):
                met[one].add(other)
                if c.conflict:
                    conflicts[one].add(other)
        for view in self._context.directory.views():
            if all(place.repository != repository for place in _places(view)):
                continue
            others, bad = sorted(met[view.id]), sorted(conflicts[view.id])
            if (others, bad) != (view.collisions, view.conflicts):
                actor = await self._context.directory.actor(view.id)
                fact = e.CollisionsChanged(others=others, conflicts=bad)
                await actor.change(lambda draft, fact=fact: draft.record(fact))

    async def scan(
        self, repository: str, touched: Collection[str] | None = None
    ) -> list[Collision]:
        """The collisions among the live worktrees of a repository now.

        With `touched` only the files of those agents are looked at again. A worktree that cannot
        be looked at is left out.
        """
        async with self._lock:
            live: list[collisions.Live] = []
            at: Checkout | None = None
            for place in self._live(repository):
                try:
                    state = await state_of(self._context, place.agent_id, place.name)
                    checkout = await checkout_of(self._context, state)
                    known = place.path in self._trees
                    if touched is None or place.agent_id in touched or not known:
                        self._trees[place.path] = await snapshot.tree_now(checkout)
                except (WorktreeError, AthenaError, OSError) as error:
                    logger.info("%s is not compared: %s", place.path, error)
                    continue
                at = at or checkout
                live.append(collisions.Live(place.agent_id, place.base, self._trees[place.path]))
            if at is None or len(live) < 2:
                return []
            return _paired(await self._scanner(repository, at).scan(live))

    def _scanner(self, repository: str, at: Checkout) -> collisions.CollisionScanner:
        """What compares in a repository; another one when the folder that it works in is gone."""
        root, scanner = self._scanners.get(repository, (None, None))
        if scanner is None or root is None or not root.is_dir():
            scanner = collisions.CollisionScanner(at)
            self._scanners[repository] = (at.root, scanner)
        return scanner

    def _live(self, repository: str) -> list[Place]:
        """One agent for each worktree: those who share one do not collide."""
        found: dict[str, Place] = {}
        for view in self._context.directory.views():
            if view.archived or view.workspace is None or view.workspace.kind == "none":
                continue
            for place in _places(view):
                if place.repository == repository and Path(place.path).is_dir():
                    found.setdefault(place.path, place)
        return list(found.values())

    def repositories(self) -> set[str]:
        """The repositories that agents work in."""
        views = self._context.directory.views()
        return {place.repository for view in views for place in _places(view)}


def _places(view: AgentView) -> list[Place]:
    """The worktrees of an agent that can be compared with others of their repositories."""
    main = view.workspace
    if main is None:
        return []
    found: list[Place] = []
    for name, one in ((None, main), *((other.name, other) for other in main.also)):
        if one.repository is not None and one.base_commit is not None:
            found.append(Place(view.id, name, one.repository, one.path, one.base_commit))
    return found


def _touches(event: StoredEvent) -> bool:
    """Whether files may be different after an event: of items, only tools that change them."""
    if event.kind != e.ItemCompleted.KIND:
        return True
    item = event.data.get("item")
    return isinstance(item, dict) and item.get("tool") in CHANGING  # pyright: ignore[reportUnknownMemberType]


def _paired(found: tuple[collisions.Collision, ...]) -> list[Collision]:
    """Collisions of files, by pair of agents. Different lines of one file are no collision."""
    pairs: dict[tuple[str, str], list[collisions.Collision]] = defaultdict(list)
    for c in found:
        if c.overlaps or c.conflict is not None:
            pairs[c.a, c.b].append(c)
    return [
        Collision(
            agent_id=a,
            other_id=b,
            conflict=any(c.conflict is not None for c in files),
            ranges=[r for c in files for r in _ranges(c)],
        )
        for (a, b), files in pairs.items()
    ]


def _ranges(c: collisions.Collision) -> list[CollisionRange]:
    path, conflict = to_wire(c.path), c.conflict is not None
    if not c.overlaps:
        return [CollisionRange(path=path, start=0, end=0, conflict=conflict)]
    return [
        CollisionRange(
            path=path,
            start=o.a.start,
            end=max(o.a.start, o.a.start + o.a.count - 1),
            other_start=o.b.start,
            other_end=max(o.b.start, o.b.start + o.b.count - 1),
            conflict=conflict,
        )
        for o in c.overlaps
    ]


async def list_(context: Context, connection: Connection, asked: ListCollisions) -> CollisionList:
    """The collisions now, over all repositories or in one."""
    wanted = context.collisions.repositories()
    only = context.directory.resolve(asked.agent) if asked.agent else None
    if asked.project is not None:
        project = str(project_of(asked.project, connection.cwd))
        wanted = {
            v.workspace.repository
            for v in context.directory.views()
            if v.project == project and v.workspace and v.workspace.repository
        }
    found = [c for repository in sorted(wanted) for c in await context.collisions.scan(repository)]
    return CollisionList(
        collisions=[c for c in found if only is None or only in (c.agent_id, c.other_id)]
    )
