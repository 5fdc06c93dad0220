"""What of Athena's is left in a repository without an agent that knows of it, and what it holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from athena.protocol.counted import counted
from athena.worktree import unfinished
from athena.worktree.create import owner_in
from athena.worktree.refs import Kept, kept
from athena.worktree.repository import Checkout, Listed, linked, worktrees
from athena.worktree.rescue import PURPOSE as RESCUE
from athena.worktree.rescue import Rescue, rescue_of
from athena.worktree.standing import Standing, standing_of

Kind = Literal["worktree", "vanished", "refs"]


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something left behind, of an agent that is not known any more.

    "worktree": its folder is there, and `standing` says what it holds. "vanished": git knows of
    it, and its folder is gone. "refs": only `rescues` and `checkpoints` under hidden refs.
    """

    kind: Kind
    agent: str
    root: Path | None
    branch: str | None
    standing: Standing | None
    rescues: tuple[Rescue, ...]
    checkpoints: int

    @property
    def holds(self) -> str:
        """What it holds, in words."""
        said = list(self.standing.hazards.values()) if self.standing else []
        if self.kind == "vanished":
            said.append("its folder is gone")
        if self.rescues:
            last = self.rescues[-1].time
            said.append(f"{len(self.rescues)} rescued states, the last of {last:%Y-%m-%d %H:%M}")
        if self.checkpoints:
            said.append(counted(self.checkpoints, "checkpoint"))
        return "; ".join(said) or "nothing that is not committed elsewhere"


async def orphans(checkout: Checkout, known: Collection[str]) -> tuple[Orphan, ...]:
    """Worktrees and refs of agents that are not in `known`, in the order of the agents' names."""
    by_agent: dict[str, list[Kept]] = {}
    for each in await kept(checkout):
        if each.agent not in known:
            by_agent.setdefault(each.agent, []).append(each)
    found: list[Orphan] = []
    begun = unfinished.claims(checkout)
    owners = {root: owner_in(admin) for admin, root in linked(checkout)}
    for listed in await worktrees(checkout):
        agent = owners.get(listed.root) or begun.get(listed.root)
        if agent is not None and agent not in known:
            standing = await standing_of(checkout, listed)
            found.append(_orphan(agent, by_agent.pop(agent, []), listed, standing))
    found += [_orphan(agent, refs) for agent, refs in by_agent.items()]
    return tuple(sorted(found, key=lambda orphan: orphan.agent))


def _orphan(
    agent: str, refs: list[Kept], listed: Listed | None = None, standing: Standing | None = None
) -> Orphan:
    kind: Kind = "refs"
    if listed is not None:
        kind = "worktree" if listed.vanished is None else "vanished"
    return Orphan(
        kind=kind,
        agent=agent,
        root=listed.root if listed else None,
        branch=listed.branch if listed else None,
        standing=standing,
        rescues=tuple(rescue_of(each) for each in refs if each.purpose == RESCUE),
        checkpoints=sum(each.purpose == "checkpoint" for each in refs),
    )
