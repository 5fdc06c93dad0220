"""Repositories inside a worktree, submodules among them: kept before it goes, and brought back.

All their refs are copied below one of ours, in the repository around them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from athena.worktree.errors import GitFailed, RemovalRefused, WorktreeError
from athena.worktree.fill import fill
from athena.worktree.git import Git
from athena.worktree.reflog import log_tips
from athena.worktree.refs import copy_refs, folder
from athena.worktree.repository import Checkout, inner_checkout
from athena.worktree.rescue import Nested, record, restorable
from athena.worktree.snapshot import snapshot

WAS_HEAD = "athena/was-head"
"""A branch for what a repository had checked out whose folder vanished before it was kept."""


async def keep_nested(checkout: Checkout, agent: str, path: str, number: int) -> Nested:
    """Copy every ref of an inner repository, its working tree and its stash below a ref of ours."""
    inner = await inner_checkout(checkout, path)
    own = await inner.git.text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/stash")
    tips = await log_tips(inner, ["HEAD", *own.split()])
    async with snapshot(inner) as taken:
        await record(inner, agent, "removal of the worktree around it", taken, also=tips)
    refs = _place(agent, number)
    try:
        missing = await copy_refs(checkout.git, inner.root, "refs", refs)
    except GitFailed as error:
        raise _not_kept(checkout, path, error.detail) from error
    if missing:
        shallow = await inner.git.text("rev-parse", "--is-shallow-repository")
        why = "it is a shallow clone" if shallow == "true" else f"{missing[0]} did not come"
        raise _not_kept(checkout, path, why)
    return Nested(path, refs)


async def keep_modules(common: Git, agent: str, admin: Path, root: Path) -> list[Nested]:
    """Copy every ref of the submodules of a worktree whose folder `root` is gone.

    Git has their repositories in the folder `admin`, which goes with the worktree.
    """
    found: list[Nested] = []
    for number, git_dir in enumerate(sorted(_modules(admin / "modules"))):
        told = await common.run("config", f"--file={git_dir / 'config'}", "core.worktree")
        path = (git_dir / told.text).resolve().relative_to(root.resolve())
        refs = _place(agent, number)
        await copy_refs(common, git_dir, "refs", refs, also=[f"+HEAD:{refs}/heads/{WAS_HEAD}"])
        found.append(Nested(path.as_posix(), refs))
    return found


def _modules(folder: Path) -> Iterator[Path]:
    """The repositories of submodules, and of those inside them; a name may have slashes."""
    for head in folder.rglob("HEAD"):
        if (head.parent / "objects").is_dir():
            yield head.parent


async def bring_back(restored: Checkout, nested: Nested) -> str:
    """Make an inner repository again as it was; returns what to tell of it."""
    root = restored.root / nested.path
    root.mkdir(parents=True, exist_ok=True)
    if (root / ".git").exists():
        return f"the repository in {nested.path} is there; its old refs are {nested.refs}/*"
    git = Git(root, restored.environ)
    await git.run("init", "--quiet")
    if missing := await copy_refs(git, restored.common_dir, nested.refs, "refs"):
        return f"the repository in {nested.path} lacks {', '.join(missing)}: see {nested.refs}/*"
    try:
        await _as_it_was(await inner_checkout(restored, nested.path))
    except WorktreeError as error:
        return f"the repository in {nested.path} has its refs again; check one out ({error})"
    return f"the repository in {nested.path} has its refs again, and no remote"


async def _as_it_was(inner: Checkout) -> None:
    """Check out what was kept last: its branch or commit, its index and its files."""
    last = (await restorable(inner))[-1:]
    ref = f"refs/heads/{WAS_HEAD}"
    seen = await inner.git.run("rev-parse", "--verify", "-q", ref, codes=(0, 1))
    head = seen.text or next((one.head for one in last), None)
    if head is None:
        return
    branch = next((one.branch for one in last if one.head == head), None)
    tree = next((one.tree for one in last if one.head == head), f"{head}^{{tree}}")
    index = next((one.staged for one in last if one.head == head and one.staged), head)
    await inner.git.run("update-ref", "--no-deref", "HEAD", head)
    if branch is not None:
        await inner.git.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    if seen.text:
        await inner.git.run("update-ref", "-d", ref)
    await fill(inner, tree, f"{index}^{{tree}}")


def _place(agent: str, number: int) -> str:
    return f"{folder(agent, 'nested')}/{time.time_ns() // 1_000_000:013d}-{number}"


def _not_kept(checkout: Checkout, path: str, why: str) -> RemovalRefused:
    reason = f"the repository in {path} could not be kept: {why}"
    return RemovalRefused(checkout.root, ("unknown",), (reason,))
