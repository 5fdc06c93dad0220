"""Handing a merge with conflicts to an agent, which finds the markers in its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from athena.worktree.advance import as_said, need_clear, need_ready
from athena.worktree.errors import GitFailed, NothingToDo
from athena.worktree.files import content
from athena.worktree.repository import Checkout, commit_of, head
from athena.worktree.rescue import Rescue, capture
from athena.worktree.threeway import Conflict, merge_commits

MARKER = b"<<<<<<< "


@dataclass(frozen=True, slots=True)
class Resolution:
    """A merge that waits for someone to resolve it. `rescue` keeps the files from before."""

    rescue: Rescue
    target: str
    conflicts: tuple[Conflict, ...]


async def begin(checkout: Checkout, agent: str, target: str) -> Resolution:
    """Begin to merge `target` into the agent's own branch, in its worktree, without committing.

    Conflicts are left in the files with markers (diff3 style) for the agent. `commit.commit_all`
    finishes it, `abandon` goes back. Raises `TargetBusy` when there are uncommitted changes,
    or an ignored file is in the way.
    """
    at = await head(checkout)
    await need_ready(checkout, at.branch or "HEAD")
    wanted = await commit_of(checkout, target)
    mine = await commit_of(checkout, "HEAD")
    merged = await merge_commits(checkout.git, mine, wanted)
    if await checkout.git.text("rev-parse", f"{mine}^{{tree}}") == merged.tree:
        raise NothingToDo(f"{at.branch or 'HEAD'} has all of {target} already.")
    await need_clear(checkout, mine, merged.tree)
    kept = await capture(checkout, agent, f"merge of {target} to resolve conflicts")
    await checkout.git.run(
        *("merge", "--no-ff", "--no-commit", "--no-autostash", "--quiet", wanted),
        codes=(0, 1),
        config=as_said(at.branch or ""),
    )
    return Resolution(kept, wanted, merged.conflicts)


async def merging(checkout: Checkout) -> list[str]:
    """The commit that an unfinished merge in the worktree brings in, if there is one."""
    arguments = ["rev-parse", "--verify", "--quiet", "MERGE_HEAD"]
    return (await checkout.git.run(*arguments, codes=(0, 1))).stdout.decode().split()


async def unresolved(checkout: Checkout) -> tuple[str, ...]:
    """The paths of a merge in progress that still have conflict markers in them."""
    output = await checkout.git.run("ls-files", "--unmerged", "-z")
    paths = dict.fromkeys(record.partition("\t")[2] for record in output.records)
    return tuple(path for path in paths if _has_markers(checkout.root / path))


async def abandon(checkout: Checkout, agent: str) -> Rescue:
    """Go back to before `begin`; what was resolved so far is kept in the rescue."""
    kept = await capture(checkout, agent, "a merge that was abandoned")
    try:
        await checkout.git.run("merge", "--abort")
    except GitFailed:
        # A file that git had merged was edited since. Before `begin` the worktree was clean, so
        # what is not in HEAD is in the rescue.
        await checkout.git.run("reset", "--hard", "--quiet")
    return kept


def _has_markers(path: Path) -> bool:
    try:
        text = content(path)
    except OSError:
        return False
    return text.startswith(MARKER) or b"\n" + MARKER in text
