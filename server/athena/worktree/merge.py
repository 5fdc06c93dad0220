"""Merging an agent's branch: predicted, then made as objects; only then is the target moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from athena.worktree import moving
from athena.worktree.advance import advance, checked_out, need_ready
from athena.worktree.commit import Message, commit_hooks, with_trailers, write_commit
from athena.worktree.errors import NothingToDo, UnknownRevision, WorktreeError
from athena.worktree.git import Git, OnText
from athena.worktree.hooked import Wanted, merge_in_worktree
from athena.worktree.objects import passing_commit
from athena.worktree.refs import forget
from athena.worktree.repository import Checkout, commit_of
from athena.worktree.threeway import Conflict, Conflicted, merge_commits

Strategy = Literal["merge", "squash", "rebase"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What merging `source` into `target` would meet, without touching anything.

    `ahead` counts the commits of the source that the target lacks, `behind` the other way round.
    `tree` is the outcome, for a changeset against the target; with conflicts it has markers.
    """

    source: str
    target: str
    ahead: int
    behind: int
    tree: str
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What to merge. `source` is a branch or commit, `target` a local branch.

    Without a `message` git's own words are used. `hooks` says whether commit hooks have a say.
    """

    agent: str
    source: str
    target: str
    strategy: Strategy = "merge"
    message: str | None = None
    turns: tuple[str, ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()
    hooks: bool = True


@dataclass(frozen=True, slots=True)
class MergeDone:
    """A branch that moved; `ref` records it (`moving.undo`).

    `updated` is the worktree that had it checked out, if one had.
    """

    target: str
    old: str
    new: str
    ref: str
    updated: Path | None


async def predict(checkout: Checkout, source: str, target: str) -> Prediction:
    """Look ahead at a merge with `git merge-tree`."""
    theirs, ours = await commit_of(checkout, source), await commit_of(checkout, target)
    counts = await checkout.git.text("rev-list", "--left-right", "--count", f"{ours}...{theirs}")
    behind, ahead = (int(count) for count in counts.split())
    merged = await merge_commits(checkout.git, ours, theirs)
    return Prediction(theirs, ours, ahead, behind, merged.tree, merged.conflicts)


async def merge(
    checkout: Checkout, request: MergeRequest, on_text: OnText | None = None
) -> MergeDone:
    """Merge, squash or rebase a branch into another one; all of it, or nothing.

    Raises `Conflicted` with the conflicts, `TargetBusy` when a worktree that has the target
    checked out is not clean, `TargetMoved` when it moved meanwhile, `HookFailed`, `NothingToDo`.
    """
    ref = f"refs/heads/{request.target}"
    exists = await checkout.git.run("show-ref", "--verify", "--quiet", ref, codes=(0, 1))
    if exists.code:
        raise UnknownRevision(
            f"There is no local branch {request.target!r}.", advice="Choose one of `git branch`."
        )
    ahead = await predict(checkout, request.source, ref)
    if not ahead.ahead:
        raise NothingToDo(f"{request.target} has all commits of {request.source} already.")
    place = await checked_out(checkout, request.target)
    if place is not None:
        await need_ready(place, request.target)
    if ahead.conflicts and request.strategy != "rebase":
        raise Conflicted(
            f"{request.source} cannot be merged into {request.target}",
            ahead.conflicts,
            advice="Have the agent merge the target into its branch and resolve them.",
        )
    if request.hooks and request.strategy != "rebase" and await commit_hooks(checkout):
        text = await _text(checkout, request)
        new = await merge_in_worktree(
            checkout,
            place,
            request.agent,
            Wanted(request.target, ahead.target, ahead.source, request.strategy == "squash", text),
            on_text,
        )
    else:
        new = await _made(checkout, request, ahead)
    reason = f"Merge of {request.source} into {request.target}"
    made = await moving.record(checkout, request.agent, request.target, ahead.target, new, reason)
    try:
        await advance(checkout, place, request.target, ahead.target, new)
    except WorktreeError:
        await forget(checkout, [made])
        raise
    return MergeDone(
        request.target, ahead.target, new, made.ref, place.root if place is not None else None
    )


async def _made(checkout: Checkout, request: MergeRequest, ahead: Prediction) -> str:
    if request.strategy == "rebase":
        return await rebased(checkout, request, ahead)
    parents = [ahead.target] if request.strategy == "squash" else [ahead.target, ahead.source]
    text = await _text(checkout, request)
    return await write_commit(checkout.git, ahead.tree, parents, text)


async def rebased(checkout: Checkout, request: MergeRequest, ahead: Prediction) -> str:
    """Copy the commits that the target lacks onto it, one by one; merges and empty ones drop out.

    Authors and messages stay; the trailers of the request are added to each.
    """
    git = checkout.git
    listing = await git.text(
        "rev-list", "--reverse", "--topo-order", "--no-merges", f"{ahead.target}..{ahead.source}"
    )
    onto = ahead.target
    for commit in listing.split():
        onto = await _copied(git, commit, onto, request)
    if onto == ahead.target:
        raise NothingToDo(f"{request.target} has all changes of {request.source} already.")
    return onto


async def _copied(git: Git, commit: str, onto: str, request: MergeRequest) -> str:
    details = await git.run(
        "show", "-s", "--format=%P%x00%an%x00%ae%x00%ad%x00%B", "--date=raw", commit
    )
    parents, author, email, date, text = details.stdout.decode("utf-8", "surrogateescape").split(
        "\0", 4
    )
    tree = await git.text("rev-parse", f"{onto}^{{tree}}")
    # A commit that has the tree to copy onto and the parent of the copied one makes that parent
    # the merge base, so that only the change of this one commit is merged.
    ours = await passing_commit(git, tree, parents.split()[:1])
    merged = await merge_commits(git, ours, commit)
    if not merged.clean:
        subject = text.strip().partition("\n")[0]
        raise Conflicted(
            f"The commit {commit[:10]} ({subject}) cannot be put onto {request.target}",
            merged.conflicts,
            advice="Merge instead, or have the agent rebase its branch and resolve them.",
        )
    if merged.tree == tree:
        return onto
    message = Message(text, request.agent, request.turns, request.trailers)
    who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    return await write_commit(git, merged.tree, [onto], await with_trailers(git, message), who)


async def _text(checkout: Checkout, request: MergeRequest) -> str:
    verb = "Squash" if request.strategy == "squash" else "Merge"
    text = request.message or f"{verb} {request.source} into {request.target}"
    message = Message(text, request.agent, request.turns, request.trailers)
    return await with_trailers(checkout.git, message)
