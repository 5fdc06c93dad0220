"""The commits that agents made themselves while a turn ran, which have no trailers of ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from athena.app.bringing import CLOCK, Author
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.trees import edges
from athena.core.state import AgentState
from athena.protocol.agent import AgentView
from athena.worktree import checkpoint
from athena.worktree.blame import Turn
from athena.worktree.committed import Committed
from athena.worktree.git import Git, decode
from athena.worktree.repository import Checkout

MADE = ("commit:", "commit (amend):", "commit (initial):", "rebase (pick):", "revert:")
"""What reflogs say of commits that were made here; others come by merges, pulls and checkouts."""


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent and one of its working trees: `checkout` has its checkpoints, `tree` is its root."""

    view: AgentView
    checkout: Checkout
    tree: Path
    branch: str | None


class OwnCommits:
    """Remembers which commits each agent made."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Path], tuple[object, dict[str, str]]] = {}

    async def of(self, workers: Iterable[Worker], line: Committed) -> Author | None:
        """The agent and the turn that made a line's commit; `workers` are the repository's."""
        for worker in workers:
            view = worker.view
            if line.origin.made + CLOCK < datetime.fromtimestamp(view.created_at / 1000, UTC):
                continue
            key = (view.turns, view.version if view.turn_id is None else None)
            place = (view.id, worker.tree)
            known = self._known.get(place)
            if known is None or known[0] != key:
                known = self._known[place] = (key, await _made_by(worker))
            if turn := known[1].get(line.origin.commit):
                return Author(view.id, turn)
        return None


async def turns_until(checkout: Checkout, agent_id: str, last: str) -> list[Turn]:
    """An agent's turns up to one."""
    found: list[Turn] = []
    for turn_id, start, end in edges(await checkpoint.checkpoints(checkout, agent_id)):
        if end is not None:
            found.append(Turn(turn_id, start.tree, end.tree))
        if turn_id == last:
            break
    return found


async def inherited(context: Context, checkout: Checkout, state: AgentState) -> list[Turn]:
    """The turns of other agents whose work one began with, old to new: it is a copy of them."""
    found: list[Turn] = []
    fork = state.spec.fork
    while fork is not None and fork.worktrees:
        found = [*await turns_until(checkout, fork.agent_id, fork.turn_id), *found]
        fork = (await state_of(context, fork.agent_id)).spec.fork
    return found


def agent_of(turn_id: str) -> str:
    """The agent whose turn it is: turns are named after their agent, or after a run of it."""
    return turn_id.partition(".")[0]


async def _made_by(worker: Worker) -> dict[str, str]:
    """The turn of each commit that was made in an agent's working tree while one ran."""
    checkout = worker.checkout
    logs: dict[str, int] = {}
    if worker.tree.is_dir():
        logs |= await _logged(Git(worker.tree, checkout.environ), "HEAD")
    if worker.branch:
        logs |= await _logged(checkout.git, f"refs/heads/{worker.branch}")
    spans = [
        (turn_id, int(start.time.timestamp()), end.time.timestamp() + 1)
        for turn_id, start, end in edges(await checkpoint.checkpoints(checkout, worker.view.id))
        if end is not None
    ]
    return {
        commit: turn_id
        for commit, made in logs.items()
        for turn_id, start, end in spans
        if start <= made <= end
    }


async def _logged(git: Git, ref: str) -> dict[str, int]:
    """The commits that a reflog says were made here, and when."""
    output = await git.run(
        "log", "--walk-reflogs", "--format=%H%x00%ct%x00%gs", ref, "--", codes=(0, 128)
    )
    rows = [row.split("\0") for row in decode(output.stdout).split("\n")]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[2].startswith(MADE)}
