"""Commits made for the user: their identity, hooks and signature, and trailers that name agents."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.errors import GitFailed, HookFailed, NothingToDo, WorktreeError
from athena.worktree.git import Git, OnText, encode
from athena.worktree.objects import commit_tree, scratch_file
from athena.worktree.repository import Checkout, commit_of
from athena.worktree.rescue import capture
from athena.worktree.resolve import unresolved
from athena.worktree.signing import FAILED, unsigned
from athena.worktree.standing import status
from athena.worktree.threeway import Conflict, Conflicted

AGENT = "Athena-Agent"
TURN = "Athena-Turn"
NOBODY = "user"
# Hooks that can refuse or change a commit; what runs after one is not waited for.
COMMIT_HOOKS = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg")


@dataclass(frozen=True, slots=True)
class Message:
    """A commit message and the trailers that name who made the change."""

    text: str
    agent: str | None = None
    turns: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()

    @property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        named = ((AGENT, self.agent),) if self.agent else ()
        return (*named, *((TURN, turn) for turn in self.turns), *self.more)


async def commit_all(
    checkout: Checkout, message: Message, *, hooks: bool = True, on_text: OnText | None = None
) -> str:
    """Commit all changed and untracked files on the current branch, as the user would.

    Returns the commit. Raises `NothingToDo` for a clean worktree, and `HookFailed` with all that
    the hook or the signing program printed; the index is then as it was.
    """
    checkout.need_files()
    found = await status(checkout)
    if not found.changed and not found.untracked:
        raise NothingToDo(f"There is nothing to commit in {checkout.root}.")
    if left := await unresolved(checkout):
        raise Conflicted(
            "Conflict markers are left",
            [Conflict(path, "contents", "", ()) for path in left],
            advice="Resolve them first.",
        )
    nested = [path.rstrip("/") for path in found.untracked if path.endswith("/")]
    if found.staged_otherwise:
        # A text that is only in the index would be replaced there by the one on the disk.
        await capture(checkout, message.agent or NOBODY, "commit of everything")
    text = await with_trailers(checkout.git, message)
    saved = _save_index(checkout)
    try:
        without = [f":(exclude,literal){path}" for path in nested]
        await checkout.git.user("add", "--all", "--", ".", *without)
        await _committed(checkout, text, hooks, on_text)
    except BaseException:
        _restore_index(checkout, saved)
        raise
    finally:
        if saved is not None:
            saved.unlink(missing_ok=True)
    return await commit_of(checkout, "HEAD")


async def with_trailers(git: Git, message: Message) -> str:
    """The text of a commit message with its trailers, beside those it has already."""
    args = ["interpret-trailers", "--no-divider", "--where", "end"]
    args += ("--if-exists", "addIfDifferent", "--if-missing", "add")
    for key, value in message.trailers:
        args += ("--trailer", f"{key}={' '.join(value.split())}")
    text = message.text.strip() + "\n"
    return (await git.run(*args, stdin=encode(text))).stdout.decode("utf-8", "surrogateescape")


async def write_commit(
    git: Git,
    tree: str,
    parents: Sequence[str],
    text: str,
    author: Mapping[str, str] | None = None,
) -> str:
    """Write a commit object as the user, signed if they sign. Runs no hooks."""
    sign = await git.run("config", "--type=bool", "commit.gpgsign", codes=(0, 1))
    if sign.text != "true":
        return await commit_tree(git, tree, parents, text, env=author or {})
    args = ["commit-tree", "-S", tree]
    for parent in parents:
        args += ("-p", parent)
    try:
        return (await git.user(*args, stdin=encode(text), env=author)).text
    except GitFailed as error:
        raise await refused(git, error) from error


async def commit_hooks(checkout: Checkout) -> tuple[str, ...]:
    """The hooks of this repository that have a say in a commit."""
    folder = await checkout.git.user("rev-parse", "--path-format=absolute", "--git-path", "hooks")
    found = [name for name in COMMIT_HOOKS if shutil.which(str(Path(folder.text) / name))]
    return tuple(found)


async def refused(git: Git, error: GitFailed) -> HookFailed:
    """A commit that a hook, or the program that signs, refused; with all it printed."""
    if FAILED in error.detail:
        return await unsigned(git, error.detail)
    return HookFailed(
        "The commit was refused by a hook.",
        advice="Repair what it reports, or commit without hooks.",
        detail=error.detail,
    )


async def _committed(checkout: Checkout, text: str, hooks: bool, on_text: OnText | None) -> None:
    args = ["commit", "--quiet", "--file=-", "--cleanup=verbatim"]
    try:
        await checkout.git.user(
            *args, *([] if hooks else ["--no-verify"]), stdin=encode(text), on_text=on_text
        )
    except GitFailed as error:
        if error.code == 1 or FAILED in error.detail:
            raise await refused(checkout.git, error) from error
        raise


def _save_index(checkout: Checkout) -> Path | None:
    index = checkout.git_dir / "index"
    if not index.exists():
        return None
    saved = scratch_file(checkout, "index-")
    shutil.copy2(index, saved)
    return saved


def _restore_index(checkout: Checkout, saved: Path | None) -> None:
    with suppress(OSError, WorktreeError):
        if saved is not None:
            saved.replace(checkout.git_dir / "index")
        else:
            (checkout.git_dir / "index").unlink(missing_ok=True)
