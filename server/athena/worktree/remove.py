"""Removing a worktree, only after all that it held was kept."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.aside import move_aside
from athena.worktree.errors import GitFailed, RemovalRefused, StorageFull, WorktreeError
from athena.worktree.git import Git
from athena.worktree.refs import copy_refs, folder
from athena.worktree.repository import Checkout, Head
from athena.worktree.rescue import Nested, Rescue, record
from athena.worktree.snapshot import snapshot
from athena.worktree.standing import Hazard, Standing, inner_checkout, standing


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
        await _keep_nested(checkout, agent, inner.path, number)
        for number, inner in enumerate(found.inner)
        if inner.dirty or inner.unpushed
    ]
    tips = await log_tips(checkout, logs_of(found.head))
    async with snapshot(checkout) as taken:
        return await record(checkout, agent, reason, taken, also=tips, nested=nested)


async def _keep_nested(checkout: Checkout, agent: str, path: str, number: int) -> Nested:
    """Copy every ref of an inner repository, its working tree and its stash below a ref of ours."""
    inner = await inner_checkout(checkout, path)
    own = await inner.git.text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/stash")
    tips = await log_tips(inner, ["HEAD", *own.split()])
    async with snapshot(inner) as taken:
        await record(inner, agent, "removal of the worktree around it", taken, also=tips)
    refs = f"{folder(agent, 'nested')}/{time.time_ns() // 1_000_000:013d}-{number}"
    try:
        missing = await copy_refs(checkout.git, inner.root, "refs", refs)
    except GitFailed as error:
        raise _not_kept(checkout, path, error.detail) from error
    if missing:
        shallow = await inner.git.text("rev-parse", "--is-shallow-repository")
        why = "it is a shallow clone" if shallow == "true" else f"{missing[0]} did not come"
        raise _not_kept(checkout, path, why)
    return Nested(path, refs)


def _not_kept(checkout: Checkout, path: str, why: str) -> RemovalRefused:
    reason = f"the repository in {path} could not be kept: {why}"
    return RemovalRefused(checkout.root, ("unknown",), (reason,))


def logs_of(at: Head) -> list[str]:
    """The logs that end with a working tree: that of its HEAD, and of the branch it is on."""
    return ["HEAD"] if at.branch is None else ["HEAD", f"refs/heads/{at.branch}"]


async def log_tips(checkout: Checkout, names: Sequence[str]) -> list[str]:
    """Commits that only these logs still name: amended, reset, or made on a detached HEAD."""
    logged: dict[str, None] = {}
    for name in names:
        log = await checkout.git.run("rev-list", "--walk-reflogs", name, codes=(0, 128))
        if log.code == 0:
            logged |= dict.fromkeys(log.text.split())
    if not logged:
        return []
    query = "".join(f"{oid}\n" for oid in logged).encode()
    output = await checkout.git.run(
        "rev-list", "--parents", "--ignore-missing", "--stdin", "--not", "--all", stdin=query
    )
    lines = [line.split() for line in output.text.splitlines()]
    parents = {parent for line in lines for parent in line[1:]}
    return [line[0] for line in lines if line[0] not in parents]


async def _delete_branch(common: Git, at: Head) -> str | None:
    if at.branch is None or at.commit is None:
        return None
    ref = f"refs/heads/{at.branch}"
    await common.run("update-ref", "-d", ref, at.commit)
    return at.branch
