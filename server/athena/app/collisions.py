"""`athena/collision/...`, and noticing by itself when agents get into each other's way."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from pathlib import Path

from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.spawn import project_of
from athena.app.trees import checkout_of
from athena.border import Connection
from athena.protocol import events as e
from athena.protocol.agent import AgentView
from athena.protocol.workspace import (
    Collision,
    CollisionList,
    CollisionRange,
    ListCollisions,
)
from athena.worktree import collisions, snapshot
from athena.worktree.errors import WorktreeError
from athena.worktree.paths import to_wire

logger = logging.getLogger(__name__)


class CollisionWatch:
    """Compares the live worktrees of each repository whenever one of them was captured."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scanners: dict[str, collisions.CollisionScanner] = {}
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Watch until cancelled."""
        log = self._context.log
        position = log.head
        while True:
            head = await log.wait_beyond(position)
            captured = await log.read(position, upto=head, kinds=[e.CheckpointTaken.KIND])
            position = head
            touched = {
                v.workspace.repository
                for c in captured
                if (v := self._context.directory.view(c.stream)) and v.workspace
            }
            for repository in touched - {None}:
                try:
                    await self._tell(str(repository))
                except (WorktreeError, OSError) as error:
                    logger.info("no collisions of %s: %s", repository, error)

    async def _tell(self, repository: str) -> None:
        """Record for each agent of a repository whom it collides with, where that changed."""
        found = await self.scan(repository)
        met: dict[str, set[str]] = defaultdict(set)
        conflicts: dict[str, set[str]] = defaultdict(set)
        for c in found:
            for one, other in ((c.agent_id, c.other_id), (c.other_id, c.agent_id)):
                met[one].add(other)
                if c.conflict:
                    conflicts[one].add(other)
        for view in self._live(repository):
            others, bad = sorted(met[view.id]), sorted(conflicts[view.id])
            if (others, bad) != (view.collisions, view.conflicts):
                actor = await self._context.directory.actor(view.id)
                fact = e.CollisionsChanged(others=others, conflicts=bad)
                await actor.change(lambda draft, fact=fact: draft.record(fact))

    async def scan(self, repository: str) -> list[Collision]:
        """The collisions among the live worktrees of a repository now."""
        async with self._lock:
            live: list[collisions.Live] = []
            scanner = self._scanners.get(repository)
            for view in self._live(repository):
                assert view.workspace is not None and view.workspace.base_commit is not None
                checkout = await checkout_of(self._context, await state_of(self._context, view.id))
                if scanner is None:
                    scanner = collisions.CollisionScanner(checkout)
                    self._scanners[repository] = scanner
                tree = await snapshot.tree_now(checkout)
                live.append(collisions.Live(view.id, view.workspace.base_commit, tree))
            if scanner is None or len(live) < 2:
                return []
            return _paired(await scanner.scan(live))

    def _live(self, repository: str) -> list[AgentView]:
        return [
            v
            for v in self._context.directory.views()
            if not v.archived
            and v.workspace is not None
            and v.workspace.repository == repository
            and v.workspace.kind == "new"
            and v.workspace.base_commit is not None
            and Path(v.workspace.path).is_dir()
        ]

    def repositories(self) -> set[str]:
        """The repositories that agents work in."""
        return {
            v.workspace.repository
            for v in self._context.directory.views()
            if v.workspace is not None and v.workspace.repository is not None
        }


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
