"""Checkpoints: the whole working tree as a commit under a hidden ref, taken around each turn.

A checkpoint is a commit of its own whose first parent is the HEAD of that moment, so `git blame`
and `git log` work on it. It names the checkpoint before it in a trailer and not as a parent: as a
parent it would stay reachable for ever, and pruning would free nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from athena.worktree.paths import to_wire
from athena.worktree.refs import Kept, forget, keep, kept
from athena.worktree.repository import Checkout, head, tree_of
from athena.worktree.rescue import BRANCH, CHECKPOINT, ROOT
from athena.worktree.snapshot import snapshot

PURPOSE = CHECKPOINT
TURN = "Athena-Turn"
EDGE = "Athena-Edge"
PREVIOUS = "Athena-Previous"
# A core dump or a model that an agent left untracked is not copied at each turn.
LIMIT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A kept state of a working tree.

    `edge` says of which side of the turn it is: "start" or "end", or "" outside of a turn.
    Known only to who took the checkpoint are `skipped`, the untracked files that were too large,
    and `submodules`, which are in the tree as the commits that are checked out there.
    """

    ref: str
    agent: str
    commit: str
    tree: str
    head: str | None
    time: datetime
    turn: str | None
    edge: str
    previous: str | None
    skipped: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Which checkpoints of an agent outlive pruning: the newest, and the young."""

    newest: int = 400
    younger_than: timedelta = timedelta(days=30)


async def take(
    checkout: Checkout,
    agent: str,
    *,
    turn: str | None = None,
    edge: str = "",
    previous: str | None = None,
    limit_bytes: int | None = LIMIT_BYTES,
) -> Checkpoint:
    """Capture the working tree; index, HEAD and stash are not touched.

    `previous` is the ref or commit of the checkpoint before. Untracked files above `limit_bytes`
    are skipped. Raises `Unreadable`, `StorageFull`, `BareRepository`.
    """
    at = await head(checkout)
    facts = {TURN: turn, EDGE: edge, PREVIOUS: previous, BRANCH: at.branch}
    async with snapshot(checkout, limit_bytes) as taken:
        parents = [at.commit] if at.commit else []
        made = await _kept(checkout, agent, taken.tree, parents, facts)
        return _checkpoint(made, taken.skipped, taken.submodules)


async def take_committed(
    checkout: Checkout, agent: str, commit: str, *, turn: str, edge: str
) -> None:
    """Name a state of the working tree of which it is known now that it was as committed."""
    tree = await tree_of(checkout, commit)
    await _kept(checkout, agent, tree, [commit], {TURN: turn, EDGE: edge})


async def _kept(
    checkout: Checkout,
    agent: str,
    tree: str,
    parents: Sequence[str],
    facts: Mapping[str, str | None],
) -> Kept:
    place = {ROOT: to_wire(str(checkout.root))}
    return await keep(
        checkout, agent, PURPOSE, tree, parents, f"Checkpoint of {agent}", {**facts, **place}
    )


async def checkpoints(checkout: Checkout, agent: str | None = None) -> tuple[Checkpoint, ...]:
    """All checkpoints of one agent, or of all, the oldest first."""
    return tuple(_checkpoint(k) for k in await kept(checkout, agent, PURPOSE))


async def prune(
    checkout: Checkout, now: datetime, policies: Mapping[str, Policy], *, dry_run: bool = False
) -> tuple[Checkpoint, ...]:
    """Forget what the policies of agents let go, and return it; with `dry_run` only return it.

    Other agents' checkpoints stay: they may be those of another Athena. The objects go when the
    user's git collects garbage. Rescued work is never pruned.
    """
    gone = surplus(await kept(checkout, None, PURPOSE), now, policies)
    if not dry_run:
        await forget(checkout, gone)
    return tuple(_checkpoint(k) for k in gone)


def surplus(found: Sequence[Kept], now: datetime, policies: Mapping[str, Policy]) -> list[Kept]:
    """What the policies let go of `found`, which is ordered from old to new."""
    seen: Counter[str] = Counter()
    gone: list[Kept] = []
    for k in reversed(found):
        seen[k.agent] += 1
        policy = policies.get(k.agent)
        if policy is None or seen[k.agent] <= policy.newest:
            continue
        if now - k.time >= policy.younger_than:
            gone.append(k)
    return gone[::-1]


def _checkpoint(
    k: Kept, skipped: tuple[str, ...] = (), submodules: tuple[str, ...] = ()
) -> Checkpoint:
    return Checkpoint(
        ref=k.ref,
        agent=k.agent,
        commit=k.commit,
        tree=k.tree,
        head=k.parents[0] if k.parents else None,
        time=k.time,
        turn=k.facts.get(TURN),
        edge=k.facts.get(EDGE, ""),
        previous=k.facts.get(PREVIOUS),
        skipped=skipped,
        submodules=submodules,
    )
