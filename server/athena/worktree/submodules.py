"""Submodules and large files of a new worktree, without the network where the objects are here."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from athena.worktree.errors import WorktreeError
from athena.worktree.git import Git, OnText, has_lfs
from athena.worktree.repository import Checkout, Traits


def lfs_notes(source: Checkout, found: Traits) -> tuple[str, ...]:
    """What to tell the user when the repository uses Git LFS and the machine has none."""
    if not found.lfs or has_lfs(source.git.search_path):
        return ()
    return ("git-lfs is not installed: large files are the small pointers that git stores",)


async def fill_submodules(
    source: Checkout, added: Checkout, on_text: OnText | None
) -> tuple[str, ...]:
    """Check out the submodules of a new worktree; returns notes on those that could not be.

    Objects come from the copy of the submodule that the worktree `source` has, or the repository,
    and else from where `.gitmodules` says, with the user's credentials.
    """
    notes: list[str] = []
    for name, path in await _declared(added):
        try:
            if not await _from_here(source, added, name, path, on_text):
                await _update(added, path, (), on_text)
            await _below(added, path, on_text)
        except WorktreeError as error:
            notes.append(f"the submodule {path} could not be checked out: {error.detail or error}")
    return tuple(notes)


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
    listing = await added.git.run("ls-files", "-s", "-z")
    linked = {r.partition("\t")[2] for r in listing.records if r.startswith("160000 ")}
    return [(name, path) for name, path in found if path in linked]


async def _from_here(
    source: Checkout, added: Checkout, name: str, path: str, on_text: OnText | None
) -> bool:
    """Whether the commit was here. What is committed in a submodule of a linked worktree is in that
    worktree's own copy alone."""
    url = await added.git.run("config", f"submodule.{name}.url", codes=(0, 1))
    inner = added.root / path
    done = False
    for git_dir in dict.fromkeys((source.git_dir, source.common_dir)):
        local = git_dir / "modules" / name
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


async def _below(added: Checkout, path: str, on_text: OnText | None) -> None:
    inner = added.root / path
    if (inner / ".gitmodules").is_file():
        await Git(inner, added.environ).user(
            "submodule", "update", "--init", "--recursive", on_text=on_text
        )
