"""Removing a worktree, only after all that it held was kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.aside import move_aside
from athena.worktree.errors import RemovalRefused, StorageFull, WorktreeError
from athena.worktree.git import Git
from athena.worktree.nested import keep_nested
from athena.worktree.reflog import log_tips, logs_of
from athena.worktree.repository import Checkout, Head
from athena.worktree.rescue import Rescue, record
from athena.worktree.snapshot import snapshot
from athena.worktree.standing import Hazard, Standing, standing


@dataclass(frozen=True, slots=True)
class Removed:
    """A worktree that is gone, and where its work is.

    `moved_to` is the folder it was moved to, unregistered, because its files could not be
    captured; otherwise `rescue` holds them.
    """

    root: Path
    standing: Standing
    rescue: Rescue | None
    moved_to: Path | None = None
    branch_deleted: str | None = None


async def remove(
    checkout: Checkout,
    agent: str,
    *,
    force: Collection[Hazard] = (),
    delete_branch: bool = False,
    reason: str = "removal of the worktree",
) -> Removed:
    """Remove a linked worktree after keeping its files, its index and its commits.

    Raises `RemovalRefused`, before anything is done, when there is a hazard that `force` does not
    name. The branch stays unless `delete_branch`; the rescue keeps its commits in any case.
    """
    if not checkout.linked or checkout.bare:
        raise RemovalRefused(checkout.root, (), ("it is the main working tree",))
    found = await standing(checkout)
    need_force(found, force)
    common = Git(checkout.common_dir, checkout.environ)
    try:
        rescue = await _rescue(checkout, agent, reason, found)
    except StorageFull:
        raise
    except WorktreeError:
        if "unknown" not in force:
            raise
        aside = await move_aside(checkout, common)
        return Removed(checkout.root, found, None, moved_to=aside)
    await common.run("worktree", "remove", "--force", "--force", str(checkout.root))
    deleted = await _delete_branch(common, found.head) if delete_branch else None
    return Removed(checkout.root, found, rescue, branch_deleted=deleted)


async def check(checkout: Checkout, *, force: Collection[Hazard] = ()) -> None:
    """Raise `RemovalRefused` where `remove` would."""
    if not checkout.linked or checkout.bare:
        raise RemovalRefused(checkout.root, (), ("it is the main working tree",))
    need_force(await standing(checkout), force)


def need_force(found: Standing, force: Collection[Hazard]) -> None:
    """Raise `RemovalRefused` for hazards that `force` does not name."""
    left = {hazard: words for hazard, words in found.hazards.items() if hazard not in force}
    if left:
        raise RemovalRefused(found.root, tuple(left), tuple(left.values()))


async def _rescue(checkout: Checkout, agent: str, reason: str, found: Standing) -> Rescue:
    nested = [
        await keep_nested(checkout, agent, inner.path, number)
        for number, inner in enumerate(found.inner)
        if inner.dirty or inner.unpushed or inner.captured
    ]
    tips = await log_tips(checkout, logs_of(found.head))
    async with snapshot(checkout) as taken:
        return await record(checkout, agent, reason, taken, also=tips, nested=nested)


async def _delete_branch(common: Git, at: Head) -> str | None:
    if at.branch is None or at.commit is None:
        return None
    ref = f"refs/heads/{at.branch}"
    await common.run("update-ref", "-d", ref, at.commit)
    return at.branch
