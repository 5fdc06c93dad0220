"""Merging with git's porcelain, for repositories whose hooks have a say in each commit."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.advance import as_said, need_clear
from athena.worktree.commit import refused
from athena.worktree.errors import GitFailed, TargetMoved, WorktreeError
from athena.worktree.git import Git, OnText, encode, patiently
from athena.worktree.repository import Checkout, at_worktree, commit_of
from athena.worktree.rescue import capture
from athena.worktree.threeway import merge_commits


@dataclass(frozen=True, slots=True)
class Wanted:
    """A merge of the commit `source` into `branch`, at `target`, with the message `text`."""

    branch: str
    target: str
    source: str
    squash: bool
    text: str


async def merge_in_worktree(
    checkout: Checkout,
    place: Checkout | None,
    agent: str,
    wanted: Wanted,
    on_text: OnText | None,
) -> str:
    """Do what is `wanted` where the target is checked out; returns the commit.

    There a hook finds what it needs (installed modules, virtual environments). Where the target
    is checked out nowhere, a temporary worktree serves. A hook or signature that fails leaves all
    as it was and raises `HookFailed`.
    """
    if place is not None:
        return await _merged(place, agent, wanted, on_text)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="athena-merge-"))
    root = folder / "worktree"
    common = Git(checkout.common_dir, checkout.environ)
    try:
        await patiently(
            lambda: common.run("worktree", "add", "--quiet", "--detach", str(root), wanted.target)
        )
        inside = await at_worktree(checkout, root)
        return await _merged(inside, agent, wanted, on_text)
    finally:
        with suppress(WorktreeError):
            await common.run("worktree", "remove", "--force", "--force", str(root))
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _merged(place: Checkout, agent: str, wanted: Wanted, on_text: OnText | None) -> str:
    if await commit_of(place, "HEAD") != wanted.target:
        raise TargetMoved(f"{place.root} moved while the merge was made.", advice="Try again.")
    predicted = await merge_commits(place.git, wanted.target, wanted.source)
    await need_clear(place, wanted.target, predicted.tree)
    try:
        await _porcelain(place, wanted, on_text)
    except GitFailed as error:
        await _back(place, agent, wanted.target)
        raise await refused(place.git, error) from error
    except BaseException:
        await _back(place, agent, wanted.target)
        raise
    return await commit_of(place, "HEAD")


async def _porcelain(place: Checkout, wanted: Wanted, on_text: OnText | None) -> None:
    git, config = place.git, ("merge.directoryRenames=false", *as_said(wanted.branch))
    said = ("--no-autostash", "--no-edit", wanted.source)
    if not wanted.squash:
        await git.user("merge", "--no-ff", "-m", wanted.text, *said, config=config, on_text=on_text)
        return
    await git.user("merge", "--squash", *said, config=config, on_text=on_text)
    message = encode(wanted.text)
    await git.user(
        "commit", "--quiet", "--file=-", "--cleanup=verbatim", stdin=message, on_text=on_text
    )


async def _back(place: Checkout, agent: str, target: str) -> None:
    """Return to the target: the worktree was clean, so only what the merge wrote goes."""
    try:
        await place.git.run("reset", "--merge", "--quiet", target)
    except GitFailed:
        # A hook changed files that the merge had written; what it did is kept, then undone.
        await capture(place, agent, "a merge that a hook refused")
        await place.git.run("reset", "--hard", "--quiet", target)
    (place.git_dir / "SQUASH_MSG").unlink(missing_ok=True)
