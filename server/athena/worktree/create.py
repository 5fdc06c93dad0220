"""Giving an agent a working tree: a new one, one that exists, or just the folder (none)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, cast

from athena.worktree import unfinished
from athena.worktree.bring import Brought, OnFile, bring
from athena.worktree.claim import free_location, given_branch, new_branch
from athena.worktree.errors import (
    GitFailed,
    NotARepository,
    PathEscapes,
    StorageFull,
    WorktreeError,
)
from athena.worktree.failures import disk_in_words
from athena.worktree.fill import take_files, take_index
from athena.worktree.git import Git, OnText, patiently
from athena.worktree.names import (
    DEFAULT_BRANCH,
    DEFAULT_LOCATION,
    branch_from,
    checked_branch,
)
from athena.worktree.objects import SCRATCH
from athena.worktree.paths import inside
from athena.worktree.repository import (
    Checkout,
    at_worktree,
    commit_of,
    discover,
    head,
    main_root,
    traits,
)
from athena.worktree.submodules import Inside, fill_submodules, lfs_notes, take_inside

Kind = Literal["new", "existing", "none"]
OWNER = "owner.json"
NEARLY_FULL_BYTES = 64 << 20
CHECKOUT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to create.

    `path` is any folder of the repository; for "existing" the worktree itself. `base` is a branch
    or commit. `branch` is taken as it is (made, or checked out if it exists); without it the name
    comes from `template`, with a number where it is taken. `location` is a template too, see
    `names.location_from`. `subfolder` is the working directory below the root; None means the
    one that `path` lies in. `patterns` add to `.worktreeinclude`. `files` is a commit whose files
    the worktree gets; what differs from `base` is not committed. `inside` are those of submodules.
    """

    kind: Kind
    path: Path
    agent: str
    name: str = ""
    base: str = "HEAD"
    branch: str | None = None
    template: str = DEFAULT_BRANCH
    location: str = DEFAULT_LOCATION
    subfolder: str | None = None
    patterns: tuple[str, ...] = ()
    submodules: bool = True
    files: str | None = None
    inside: tuple[Inside, ...] = ()
    environ: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Worktree:
    """Where an agent works.

    `base` is the commit it starts from. No `checkout`: the folder is in no repository, so nothing
    can be captured or reviewed there. `notes` say in words what could not be had.
    """

    kind: Kind
    agent: str
    cwd: Path
    checkout: Checkout | None
    branch: str | None = None
    base: str | None = None
    brought: Brought | None = None
    notes: tuple[str, ...] = ()


async def create(
    request: Request, on_text: OnText | None = None, on_file: OnFile | None = None
) -> Worktree:
    """Do what `request` says, wholly or not at all. `on_text` gets progress of git."""
    if request.kind == "new":
        return await _new(request, on_text, on_file)
    if request.kind == "existing":
        return await _existing(request)
    return await _none(request)


async def create_all(
    requests: Sequence[Request], on_text: OnText | None = None
) -> tuple[Worktree, ...]:
    """Several repositories for one agent: all of them, or none."""
    made: list[Worktree] = []
    try:
        for request in requests:
            # What was made so far must be known when one fails.
            made.append(await create(request, on_text))  # noqa: PERF401
    except BaseException:
        for worktree in reversed(made):
            if worktree.kind == "new" and worktree.checkout is not None:
                await _discard(worktree.checkout, worktree.branch)
        raise
    return tuple(made)


def own(added: Checkout, agent: str, base: str) -> None:
    """Say in git's folder of a worktree for whom Athena made it."""
    folder = added.git_dir / SCRATCH
    folder.mkdir(exist_ok=True)
    (folder / OWNER).write_text(json.dumps({"agent": agent, "base": base}) + "\n")


def owner_in(git_dir: Path) -> str | None:
    """The agent for whom Athena made the worktree of a git directory, whose folder may be gone;
    None for worktrees of the user's."""
    try:
        said = json.loads((git_dir / SCRATCH / OWNER).read_text())
    except (OSError, ValueError):
        return None
    return cast("dict[str, str]", said).get("agent") if isinstance(said, dict) else None


async def _new(request: Request, on_text: OnText | None, on_file: OnFile | None) -> Worktree:
    place = await discover(request.path, request.environ)
    source = place.checkout
    if request.branch is not None:
        checked_branch(request.branch)
    base = await commit_of(source, request.base)
    main = await main_root(source)
    subfolder = await _subfolder(source, request, request.files or base, place.prefix)
    await unfinished.take_back(source, request.agent)
    branch, exists = (
        (request.branch, await given_branch(source, request.branch))
        if request.branch is not None
        else (await new_branch(source, _template_name(request)), False)
    )
    root = await free_location(source, request.location, request.name or request.agent, main)
    notes = lfs_notes(source, await traits(source, base))
    new_base = None if exists else base
    unfinished.begin(source, request.agent, root, branch, new_base)
    try:
        added = await patiently(lambda: _add(source, root, branch, new_base, on_text))
    except BaseException:
        # Git took it back itself.
        unfinished.done(source, request.agent)
        raise
    try:
        own(added, request.agent, base)
        if request.files is not None:
            with disk_in_words(root):
                await take_files(added, request.files)
        cwd = inside(root, subfolder) if subfolder else root
        if request.submodules:
            notes += await fill_submodules(source, added, on_text)
        if request.files is not None:
            # Only now: submodules are checked out as the index says.
            await take_index(added, "HEAD")
            notes += await take_inside(added, request.inside)
        with disk_in_words(root):
            brought = None if source.bare else await bring(source, root, request.patterns, on_file)
    except BaseException:
        await _discard(added, None if exists else branch)
        raise
    unfinished.done(source, request.agent)
    return Worktree(
        "new", request.agent, cwd, added, branch, await commit_of(added, "HEAD"), brought, notes
    )


async def _existing(request: Request) -> Worktree:
    place = await discover(request.path, request.environ)
    checkout = place.checkout.need_files()
    at = await head(checkout)
    subfolder = place.prefix if request.subfolder is None else request.subfolder
    cwd = inside(checkout.root, subfolder) if subfolder else checkout.root
    _need_folder(cwd)
    return Worktree("existing", request.agent, cwd, checkout, at.branch, at.commit)


async def _none(request: Request) -> Worktree:
    _need_folder(request.path)
    try:
        place = await discover(request.path, request.environ)
    except NotARepository:
        cwd = inside(request.path, request.subfolder) if request.subfolder else request.path
        _need_folder(cwd)
        words = "the folder is in no git repository: there are no checkpoints and no review"
        return Worktree("none", request.agent, cwd, None, notes=(words,))
    if place.checkout.bare:
        place.checkout.need_files()
    existing = await _existing(request)
    return replace(existing, kind="none")


async def _subfolder(source: Checkout, request: Request, base: str, prefix: str) -> str:
    wanted = prefix if request.subfolder is None else request.subfolder.strip("/")
    if not wanted or wanted == ".":
        return ""
    if request.subfolder is not None:
        inside(source.root, wanted)
    found = await source.git.run("cat-file", "-t", f"{base}:{wanted}", codes=(0, 128))
    if found.text == "tree":
        return wanted
    if request.subfolder is None:
        return ""
    raise PathEscapes(
        f"{request.base} has no folder {wanted!r}.", advice="Choose a folder that it has."
    )


def _template_name(request: Request) -> str:
    return branch_from(
        request.template,
        name=request.name or request.agent,
        agent=request.agent,
        base=request.base,
        today=date.today(),
    )


async def _add(
    source: Checkout,
    root: Path,
    branch: str,
    base: str | None,
    on_text: OnText | None,
) -> Checkout:
    with disk_in_words(root.parent):
        root.parent.mkdir(parents=True, exist_ok=True)
    new = ["--no-track", "-b", branch] if base is not None else []
    try:
        await source.git.run(
            "worktree",
            "add",
            *new,
            str(root),
            base or branch,
            config=("checkout.workers=0",),
            seconds=CHECKOUT_SECONDS,
            on_text=on_text,
        )
    except BaseException as error:
        if base is not None:
            # Git removes the folder it could not fill, but not the branch it made for it.
            await source.git.run(
                "update-ref", "-d", f"refs/heads/{branch}", base, codes=(0, 1, 128)
            )
        if isinstance(error, GitFailed) and "unable to write" in error.detail:
            raise _maybe_full(root, error) from error
        raise
    return await at_worktree(source, root)


def _maybe_full(root: Path, error: GitFailed) -> WorktreeError:
    # Git says only that it could not write a file, not why.
    free = shutil.disk_usage(root.parent).free
    if free > NEARLY_FULL_BYTES:
        return error
    return StorageFull(
        f"The disk of {root.parent} is full.",
        advice="Free some space, or choose another location; nothing was changed.",
        detail=error.detail,
    )


async def _discard(added: Checkout, branch: str | None) -> None:
    """Take back a worktree that was made a moment ago and that nobody worked in."""
    common = Git(added.common_dir, added.environ)
    await common.run("worktree", "remove", "--force", "--force", str(added.root))
    if branch is not None:
        await common.run("branch", "--delete", "--force", branch)


def _need_folder(path: Path) -> None:
    if not path.is_dir():
        raise PathEscapes(f"{path} is no folder.", advice="Choose a folder that exists.")
