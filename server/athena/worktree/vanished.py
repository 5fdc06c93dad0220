"""Worktrees whose folder is gone: what can still be kept of them, and letting git forget them.

Git has their HEAD, their index and its log; our checkpoints have their files.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from athena.worktree.errors import RemovalRefused, WorktreeError
from athena.worktree.git import Git
from athena.worktree.nested import keep_modules
from athena.worktree.objects import commit_tree
from athena.worktree.paths import to_wire
from athena.worktree.reflog import log_tips
from athena.worktree.refs import keep
from athena.worktree.remove import Removed, need_force
from athena.worktree.repository import Checkout, Listed, linked, worktrees
from athena.worktree.rescue import (
    BRANCH,
    HEAD,
    INDEX,
    PURPOSE,
    REASON,
    ROOT,
    Rescue,
    rescue_of,
    restorable,
    told_nested,
)
from athena.worktree.standing import Hazard, standing_of
from athena.worktree.threeway import merge_trees

REASON_GONE = "the folder of the worktree vanished"


async def remove_vanished(
    checkout: Checkout, agent: str, listed: Listed, *, force: Collection[Hazard] = ()
) -> Removed:
    """Let git forget a worktree whose folder is gone.

    Kept are its files as they were captured last, its HEAD and what it had staged.
    """
    found = await standing_of(checkout, listed)
    if found.vanished is None:
        raise RemovalRefused(listed.root, (), ("its folder is there",))
    need_force(found, force)
    common = Git(checkout.common_dir, checkout.environ)
    admin = admin_folder(checkout, listed.root)
    rescue = await _rescue(checkout, common, agent, listed, admin)
    if admin is not None:
        await common.run("worktree", "remove", "--force", "--force", str(listed.root))
    return Removed(listed.root, found, rescue)


async def gone_at(checkout: Checkout, root: Path, branch: str | None) -> Listed:
    """What git knows of the worktree at `root`, whose folder is gone.

    After `git worktree prune` that is nothing: then what is left is `branch`.
    """
    for listed in await worktrees(checkout):
        if listed.root == root:
            return listed
    head = None
    if branch is not None:
        ref = f"refs/heads/{branch}^{{commit}}"
        tip = await checkout.git.run("rev-parse", "--verify", "-q", ref, codes=(0, 1))
        head = tip.text or None
    return Listed(root, head, branch if head else None, False, None, "its folder is gone")


def admin_folder(checkout: Checkout, root: Path) -> Path | None:
    """The folder in which git keeps HEAD, index and log of a linked worktree."""
    return next((admin for admin, found in linked(checkout) if found == root), None)


async def _rescue(
    checkout: Checkout, common: Git, agent: str, listed: Listed, admin: Path | None
) -> Rescue | None:
    staged = await _staged(common, listed, admin)
    last = await _last_captured(checkout, listed, admin)
    tree = await _files(common, listed, staged, last)
    if tree is None:
        return None
    bare = replace(checkout, root=checkout.common_dir, git_dir=checkout.common_dir, bare=True)
    # A log of another worktree is named as its refs are (git-worktree(1), "Refs").
    logs = [f"worktrees/{admin.name}/HEAD"] if admin is not None else []
    tips = await log_tips(
        bare, [*logs, *([f"refs/heads/{listed.branch}"] if listed.branch else [])]
    )
    captured = last.commit if last is not None else None
    parents = [oid for oid in (listed.head, staged, captured, *tips) if oid]
    nested = await keep_modules(common, agent, admin, listed.root) if admin is not None else []
    made = await keep(
        bare,
        agent,
        PURPOSE,
        tree,
        parents,
        f"Work of {agent} before: its folder vanished",
        {
            REASON: REASON_GONE,
            ROOT: to_wire(str(listed.root)),
            BRANCH: listed.branch,
            HEAD: listed.head,
            INDEX: staged,
            **told_nested(nested),
        },
    )
    return rescue_of(made)


async def _staged(common: Git, listed: Listed, admin: Path | None) -> str | None:
    """The index as a commit."""
    if admin is None or not (admin / "index").exists():
        return None
    try:
        tree = await common.with_index(admin / "index").text("write-tree")
        return await commit_tree(common, tree, [listed.head] if listed.head else [], "Staged\n")
    except WorktreeError:
        return None  # damaged, or in the middle of a merge: HEAD is what can be kept


async def _last_captured(checkout: Checkout, listed: Listed, admin: Path | None) -> Rescue | None:
    """The newest state of the files that was captured since this worktree was made."""
    since = datetime.fromtimestamp(0, UTC)
    if admin is not None:
        made = (admin / "commondir").stat().st_mtime
        since = datetime.fromtimestamp(made, UTC)
    found = [k for k in await restorable(checkout) if k.root == listed.root and k.time >= since]
    return found[-1] if found else None


async def _files(
    common: Git, listed: Listed, staged: str | None, last: Rescue | None
) -> str | None:
    """The files as they were captured last, on top of commits that were made since."""
    head = f"{listed.head}^{{tree}}" if listed.head else None
    if last is not None and (head is None or last.head == listed.head):
        return last.tree
    if head is None:
        return await common.text("rev-parse", f"{staged}^{{tree}}") if staged else None
    ours = await common.text("rev-parse", head)
    if last is None or last.head is None:
        return await common.text("rev-parse", f"{staged}^{{tree}}") if staged else ours
    base = await common.text("rev-parse", f"{last.head}^{{tree}}")
    merged = await merge_trees(common, base, ours, last.tree)
    # Where they do not fit together the commits are newer; the captured ones are a parent.
    return merged.tree if merged.clean else ours
