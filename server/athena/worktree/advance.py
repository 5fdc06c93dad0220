"""Moving a branch that may be checked out somewhere: safely there, or not at all."""

from __future__ import annotations

from athena.protocol.counted import counted
from athena.worktree.errors import GitFailed, TargetBusy, TargetMoved
from athena.worktree.objects import update_ref
from athena.worktree.repository import (
    Checkout,
    at_worktree,
    branch_held_by_rebase,
    commit_of,
    operation,
    worktrees,
)
from athena.worktree.switch import in_the_way, steps_between


async def checked_out(checkout: Checkout, branch: str) -> Checkout | None:
    """The worktree that has `branch` checked out, or is rebasing it; None if there is none."""
    for listed in await worktrees(checkout):
        if listed.bare or listed.vanished is not None:
            continue
        if listed.branch == branch:
            return await at_worktree(checkout, listed.root)
        if listed.branch is None:
            other = await at_worktree(checkout, listed.root)
            if branch_held_by_rebase(other.git_dir) == branch:
                return other
    return None


def as_said(branch: str) -> tuple[str, ...]:
    """Settings under which `git merge` into a branch does what its options say, and no more.

    What a user has set for merges by hand (`--no-ff`, `--squash`) could contradict them, and what
    is added to messages comes behind the trailers, which are none then.
    """
    return ("merge.ff=true", "merge.log=false", f"branch.{branch}.mergeOptions=")


async def need_ready(place: Checkout, branch: str) -> None:
    """Raise `TargetBusy` unless the worktree can follow its branch without losing anything."""
    if busy := operation(place):
        raise TargetBusy(
            f"{branch} is checked out in {place.root}, where a {busy} is in progress.",
            advice="Finish or abort it first.",
        )
    output = await place.git.run(
        "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=none"
    )
    if count := len(output.records):
        changes = counted(count, "uncommitted change")
        raise TargetBusy(
            f"{branch} is checked out in {place.root}, which has {changes}.",
            advice="Commit or stash them, or choose another target.",
        )


async def advance(
    checkout: Checkout, place: Checkout | None, branch: str, old: str, new: str
) -> None:
    """Move `branch` from `old` to `new`, with the files of `place` where it is checked out.

    Raises `TargetMoved` when the branch is not at `old`, and `TargetBusy` when files are in the
    way; nothing was changed then.
    """
    ref = f"refs/heads/{branch}"
    if await commit_of(checkout, ref) == new:
        return
    if place is None:
        try:
            await update_ref(checkout.git, ref, new, old, f"athena: merge into {branch}")
        except GitFailed as error:
            raise _moved(branch, error.detail) from error
        return
    if await commit_of(place, "HEAD") != old:
        raise _moved(branch)
    await need_clear(place, old, new)
    try:
        await place.git.run(
            "merge", "--ff-only", "--no-autostash", "--quiet", new, config=as_said(branch)
        )
    except GitFailed as error:
        if "fast-forward" in error.detail:
            raise _moved(branch, error.detail) from error
        raise TargetBusy(
            f"{place.root} cannot follow {branch}.",
            advice="Commit or move the files that are named, or choose another target.",
            detail=error.detail,
        ) from error


async def put_back(
    checkout: Checkout, place: Checkout | None, branch: str, now: str, old: str
) -> None:
    """Move `branch` from `now` to `old`, which need not follow it, with the files of `place`.

    Raises as `advance` does; nothing was changed then.
    """
    if place is None:
        try:
            await update_ref(
                checkout.git, f"refs/heads/{branch}", old, now, f"athena: undo {branch}"
            )
        except GitFailed as error:
            raise _moved(branch, error.detail) from error
        return
    if await commit_of(place, "HEAD") != now:
        raise _moved(branch)
    await need_clear(place, now, old)
    # To `reset`, unlike `merge`, a file that was saved without a change is a changed one. Where the
    # index is locked, it is `reset` that says so.
    await place.git.run("update-index", "-q", "--refresh", codes=(0, 1, 128))
    try:
        await place.git.run("reset", "--keep", "--quiet", old)
    except GitFailed as error:
        raise TargetBusy(
            f"{place.root} cannot follow {branch}.",
            advice="Commit or stash the files that are named.",
            detail=error.detail,
        ) from error
    before = await commit_of(place, "ORIG_HEAD")
    if before != now:
        # Someone committed between our look and git's; git kept where the branch was.
        await place.git.run("reset", "--keep", "--quiet", before)
        raise _moved(branch)


def _moved(branch: str, detail: str = "") -> TargetMoved:
    return TargetMoved(f"{branch} moved meanwhile.", advice="Try again.", detail=detail)


async def need_clear(place: Checkout, old: str, new: str) -> None:
    """Raise `TargetBusy` when an ignored file is where going from `old` to `new` adds one.

    Git would overwrite it.
    """
    if blocked := in_the_way(place.root, await steps_between(place.git, old, new)):
        raise TargetBusy(
            f"Files that are not tracked are in the way in {place.root}: {', '.join(blocked[:5])}.",
            advice="Move them away, or choose another target.",
        )
