"""Submodules and large files of worktrees, without the network where the objects are here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from athena.worktree import refs
from athena.worktree.errors import WorktreeError
from athena.worktree.fill import fill
from athena.worktree.git import Git, OnText, has_lfs
from athena.worktree.objects import GITLINK, entries
from athena.worktree.repository import Checkout, Traits, gitlinks, inner_checkout

IDENTITY = r"^(user\..*|commit\.gpgsign|gpg\..*)$"
PURPOSE = "submodule"
"""Refs of commits that came into a submodule with a merge in the repository around it."""


def lfs_notes(source: Checkout, found: Traits) -> tuple[str, ...]:
    """What to tell the user when the repository uses Git LFS and the machine has none."""
    if not found.lfs or has_lfs(source.git.search_path):
        return ()
    return ("git-lfs is not installed: large files are the small pointers that git stores",)


@dataclass(frozen=True, slots=True)
class Inside:
    """The files that a submodule at `path` gets: those of a commit that the repository `place` has.

    What differs from its own commit is not committed there either.
    """

    path: str
    place: Path
    files: str


async def fill_submodules(
    source: Checkout, added: Checkout, on_text: OnText | None
) -> tuple[str, ...]:
    """Check out the submodules of a new worktree; returns notes on those that could not be.

    Objects come from the copy of the submodule that the worktree `source` has, or the repository,
    and else from where `.gitmodules` says, with the user's credentials.
    """
    return await _filled((source.git_dir, source.common_dir), added, "", on_text)


async def _filled(
    copies: Sequence[Path], added: Checkout, prefix: str, on_text: OnText | None
) -> tuple[str, ...]:
    """Check out the submodules of a working tree, and those in them.

    `copies` are the git directories of copies of `added`: below them are those of its submodules.
    """
    notes: list[str] = []
    for name, path in await _declared(added):
        nearby = [copy / "modules" / name for copy in dict.fromkeys(copies)]
        is_there = (added.root / path / ".git").exists()
        try:
            if not is_there and not await _from_here(nearby, added, name, path, on_text):
                await _update(added, path, (), on_text)
            inner = await inner_checkout(added, path)
            await _commit_as([added.common_dir, *nearby], inner)
        except WorktreeError as error:
            what = f"the submodule {prefix}{path}"
            notes.append(f"{what} could not be checked out: {error.detail or error}")
            continue
        notes += await _filled(nearby, inner, f"{prefix}{path}/", on_text)
    return tuple(notes)


async def take_inside(added: Checkout, wanted: Sequence[Inside]) -> tuple[str, ...]:
    """Give submodules their files; returns notes on those that could not have them."""
    notes: list[str] = []
    for one in wanted:
        try:
            inner = await inner_checkout(added, one.path)
            await refs.copy_commit(inner.git, one.place, one.files)
            await fill(inner, one.files, "HEAD")
        except WorktreeError as error:
            notes.append(f"the submodule {one.path} lacks what was not committed: {error}")
    return tuple(notes)


async def _commit_as(copies: Sequence[Path], inner: Checkout) -> None:
    """Let commits be by whom they are by in copies of a submodule, or in what is around it."""
    for config in (copy / "config" for copy in copies):
        if not config.is_file():
            continue
        given = ("config", "-z", "--file", str(config), "--get-regexp", IDENTITY)
        for record in (await inner.git.run(*given, codes=(0, 1))).records:
            key, _, value = record.partition("\n")
            await inner.git.run("config", "--local", key, value)


async def _declared(added: Checkout) -> list[tuple[str, str]]:
    if not (added.root / ".gitmodules").is_file():
        return []
    output = await added.git.run(
        "config",
        "-z",
        "--file",
        ".gitmodules",
        "--get-regexp",
        r"^submodule\..*\.path$",
        codes=(0, 1),
    )
    found: list[tuple[str, str]] = []
    for record in output.records:
        key, _, path = record.partition("\n")
        found.append((key.removeprefix("submodule.").removesuffix(".path"), path))
    linked = await gitlinks(added)
    return [(name, path) for name, path in found if path in linked]


async def _from_here(
    nearby: Sequence[Path], added: Checkout, name: str, path: str, on_text: OnText | None
) -> bool:
    """Whether the commit was here. What is committed in a submodule of a linked worktree is in that
    worktree's own copy alone."""
    url = await added.git.run("config", f"submodule.{name}.url", codes=(0, 1))
    inner = added.root / path
    done = False
    for local in nearby:
        if done or not local.is_dir():
            continue
        if (inner / ".git").exists():
            await _fetch_from(added, inner, str(local))
        config = (f"submodule.{name}.url={local}", "protocol.file.allow=always")
        with suppress(WorktreeError):
            await _update(added, path, config, on_text)
            done = True
    if url.text and (inner / ".git").exists():
        await _fetch_from(added, inner, url.text)
    return done


async def _fetch_from(added: Checkout, inner: Path, url: str) -> None:
    await Git(inner, added.environ).run("remote", "set-url", "origin", url)


async def _update(
    added: Checkout, path: str, config: tuple[str, ...], on_text: OnText | None
) -> None:
    await added.git.user(
        "submodule", "update", "--init", "--", path, config=config, on_text=on_text
    )


async def linked_commits(checkout: Checkout, revision: str, paths: Sequence[str]) -> dict[str, str]:
    """The commits of submodules that a revision of the repository around them names, by path."""
    found = await entries(checkout.git, revision, paths)
    return {each.path: each.oid for each in found if each.mode == GITLINK}


async def not_as_committed(checkout: Checkout, paths: Sequence[str]) -> set[str]:
    """The submodules that have another commit than the index says, or changed or new files."""
    options = ("--name-only", "-z", "--ignore-submodules=none")
    output = await checkout.git.run("diff-files", *options, "--", *paths)
    return {*output.records}


async def has_commit(checkout: Checkout, commit: str) -> bool:
    """Whether a commit is in this repository."""
    found = await checkout.git.run("cat-file", "-e", f"{commit}^{{commit}}", codes=(0, 1, 128))
    return found.code == 0


async def bring(source: Checkout, target: Checkout, agent: str, commit: str) -> bool:
    """Copy a commit of one copy of a submodule to another one; false where it is there already."""
    if await has_commit(target, commit):
        return False
    await refs.copy_commit(target.git, source.git_dir, commit)
    await refs.name(target, agent, PURPOSE, commit)
    return True
