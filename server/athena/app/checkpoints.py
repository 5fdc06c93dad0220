"""`athena/checkpoint/...`: captured states of agents' trees, and forgetting old ones by itself."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from athena.app import environment
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.spawn import project_of
from athena.app.trees import checkout_of
from athena.border import Connection
from athena.protocol import workspace as w
from athena.protocol.errors import AthenaError
from athena.worktree import checkpoint, repository
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout

logger = logging.getLogger(__name__)

FIRST_SECONDS = 3.0
"""After the start the agents go first."""

PAUSE_SECONDS = 12 * 3600.0


async def list_(
    context: Context, connection: Connection, asked: w.ListCheckpoints
) -> w.CheckpointList:
    """The captured states of an agent's tree, oldest first."""
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await checkout_of(context, state)
    found = await checkpoint.checkpoints(checkout, state.id)
    return w.CheckpointList(checkpoints=[_view(c) for c in found])


async def prune(context: Context, connection: Connection, asked: w.PruneCheckpoints) -> w.Pruned:
    """Forget what the settings do not keep."""
    project = project_of(asked.project, connection.cwd)
    checkout = (await repository.discover(project, connection.environ)).checkout
    gone = await checkpoint.prune(
        checkout, datetime.now(UTC), _policies(context), dry_run=asked.dry_run
    )
    left = await checkpoint.checkpoints(checkout)
    return w.Pruned(checkpoints=[_view(c) for c in gone], left=len(left))


class Pruning:
    """Prunes the repositories of all agents: soon after the start, and then now and again."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Prune until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            for checkout in await self._repositories():
                try:
                    policies = _policies(self._context)
                    gone = await checkpoint.prune(checkout, datetime.now(UTC), policies)
                except (WorktreeError, AthenaError, OSError) as error:
                    logger.info("nothing was pruned in %s: %s", checkout.root, error)
                    continue
                if gone:
                    logger.info("%d checkpoints were pruned in %s", len(gone), checkout.root)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _repositories(self) -> list[Checkout]:
        """A checkout of each repository that agents work in, or worked in."""
        found: dict[Path, Checkout] = {}
        places: dict[str, str] = {}
        for view in self._context.directory.views():
            there = view.workspace
            places[(there and there.repository) or view.project] = view.id
            if there is not None:
                places |= {other.repository: view.id for other in there.also}
                places |= {inner.path: view.id for inner in there.submodules}
        for place, agent_id in places.items():
            env = environment.load(self._context.environments, agent_id)
            try:
                checkout = (await repository.discover(Path(place), env)).checkout
            except (WorktreeError, OSError):
                continue
            found[checkout.common_dir] = checkout
        return list(found.values())


def _policies(context: Context) -> dict[str, checkpoint.Policy]:
    """What is kept of each agent that is known here."""
    keep = context.settings(None).checkpoint
    age = timedelta(days=keep.keep_days)
    live = checkpoint.Policy(keep.keep_newest, age)
    archived = checkpoint.Policy(keep.keep_newest_archived, age)
    return {v.id: archived if v.archived else live for v in context.directory.views()}


def _view(c: checkpoint.Checkpoint) -> w.CheckpointView:
    return w.CheckpointView(
        agent_id=c.agent,
        ref=c.ref,
        commit=c.commit,
        tree=c.tree,
        turn_id=c.turn,
        edge="start" if c.edge == "start" else "end" if c.edge == "end" else None,
        at=int(c.time.timestamp() * 1000),
    )
