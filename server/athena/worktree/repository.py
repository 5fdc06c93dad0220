"""Finding a repository from a path, and what it is: bare, empty, detached, with submodules, LFS."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from athena.worktree import errors
from athena.worktree.git import Git, decode
from athena.worktree.process import together

# Folders and files in a git directory that say an operation waits to be finished.
OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """One working tree of a repository (or a bare repository): the handle of this package.

    `root` is the top of the working tree, or the git directory of a bare repository. `git_dir`
    belongs to this working tree alone, `common_dir` to all of the repository.
    """

    root: Path
    git_dir: Path
    common_dir: Path
    bare: bool = False
    environ: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    @property
    def linked(self) -> bool:
        """Whether it was made by `git worktree add`."""
        return self.git_dir != self.common_dir

    @property
    def git(self) -> Git:
        return Git(self.root, self.environ)

    @property
    def repository_root(self) -> Path:
        """What a person calls the repository: the main working tree, or the bare repository."""
        return self.common_dir.parent if self.common_dir.name == ".git" else self.common_dir

    def need_files(self) -> Checkout:
        """Itself, or the error for a bare repository."""
        if self.bare:
            raise errors.BareRepository(
                f"{self.root} is a bare repository and has no files.",
                advice="Create a worktree from it first.",
            )
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path is: its checkout, and the sub-folder below the root ("" at the root)."""

    checkout: Checkout
    prefix: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out. No `commit`: nothing was committed yet. No `branch`: detached."""

    commit: str | None
    branch: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of `git worktree list`. `vanished` says why its folder is gone, where it is."""

    root: Path
    head: str | None
    branch: str | None
    bare: bool
    locked: str | None
    vanished: str | None


@dataclass(frozen=True, slots=True)
class Traits:
    """What needs care when this repository is worked on."""

    submodules: tuple[str, ...]
    lfs: bool
    sparse: bool
    shallow: bool
    partial: bool


async def discover(path: Path, environ: Mapping[str, str] | None = None) -> Place:
    """The checkout that holds `path`, a folder or file. Raises `NotARepository` and others."""
    folder = path if path.is_dir() else path.parent
    git = Git(folder, environ)
    found = await git.run(
        "rev-parse",
        "--path-format=absolute",
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--git-dir",
        "--git-common-dir",
    )
    lines = found.text.split("\n")
    if len(lines) != 4:
        raise errors.NotARepository(
            f"{folder} has a line break in its path, which git cannot name.",
            advice="Move the repository.",
        )
    bare, within, git_dir, common_dir = lines
    if within == "true":
        shown = await git.run("rev-parse", "--show-prefix", "--show-toplevel")
        prefix, _, top = shown.text.partition("\n")
        checkout = Checkout(Path(top), Path(git_dir), Path(common_dir), False, environ)
        return Place(checkout, prefix.rstrip("/"))
    if bare == "true":
        root = Path(git_dir)
        return Place(Checkout(root, root, Path(common_dir), True, environ), "")
    raise errors.NotARepository(
        f"{folder} is inside the git directory {git_dir}.", advice="Choose its working tree."
    )


async def head(checkout: Checkout) -> Head:
    """What `checkout` has checked out now."""
    git = checkout.git
    async with together() as group:
        commit = group.create_task(
            git.run("rev-parse", "--verify", "-q", "HEAD^{commit}", codes=(0, 1))
        )
        branch = group.create_task(git.run("symbolic-ref", "-q", "HEAD", codes=(0, 1)))
    name = branch.result().text.removeprefix("refs/heads/")
    return Head(commit.result().text or None, name or None)


async def commit_of(checkout: Checkout, revision: str) -> str:
    """The commit that a revision names. Raises `UnknownRevision`, also for odd characters."""
    return await _object_of(checkout, revision, "commit")


async def tree_of(checkout: Checkout, revision: str) -> str:
    """The tree that a revision, commit or tree names."""
    return await _object_of(checkout, revision, "tree")


async def worktrees(checkout: Checkout) -> tuple[Listed, ...]:
    """All working trees of the repository, the main one first."""
    output = await checkout.git.run("worktree", "list", "--porcelain", "-z")
    entries: list[Listed] = []
    attributes: dict[str, str] = {}
    for record in output.stdout.decode("utf-8", "surrogateescape").split("\0"):
        if record:
            name, _, value = record.partition(" ")
            attributes[name] = value
        elif attributes:
            entries.append(_listed(attributes))
            attributes = {}
    return tuple(entries)


def linked(checkout: Checkout) -> Iterator[tuple[Path, Path]]:
    """Git's own folder of each linked worktree, and its root, from the files in which git has them:
    to ask git about each worktree takes two of its processes."""
    for admin in (checkout.common_dir / "worktrees").glob("*"):
        with suppress(OSError):
            link = (admin / "gitdir").read_text(errors="surrogateescape").rstrip("\n")
            # Newer versions of git can write it relative to its place.
            yield admin, Path(os.path.normpath(admin / link)).parent


async def main_root(checkout: Checkout) -> Path:
    """The main working tree of the repository, or the bare repository itself."""
    if checkout.bare or not checkout.linked:
        return checkout.root
    first = (await worktrees(checkout))[0].root
    # For a submodule git lists its git directory, and knows the folder by `core.worktree`.
    folder = await checkout.git.run(
        "config", f"--file={checkout.common_dir / 'config'}", "core.worktree", codes=(0, 1)
    )
    return (checkout.common_dir / folder.text).resolve() if folder.text else first


async def at_worktree(checkout: Checkout, root: Path) -> Checkout:
    """The checkout of another working tree of the same repository."""
    place = await discover(root, checkout.environ)
    if place.checkout.common_dir != checkout.common_dir or place.checkout.bare:
        raise errors.NotARepository(
            f"{root} is not a worktree of {checkout.repository_root}.",
            advice="Choose a path that `git worktree list` shows.",
        )
    return place.checkout


async def gitlinks(checkout: Checkout) -> tuple[str, ...]:
    """The paths that the index has as repositories of their own."""
    listing = await checkout.git.run("ls-files", "-s", "-z")
    records = listing.stdout.split(b"\0")
    return tuple(decode(r.partition(b"\t")[2]) for r in records if r.startswith(b"160000 "))


async def inner_checkout(checkout: Checkout, path: str) -> Checkout:
    """The repository whose working tree is the folder `path` of `checkout`."""
    root = checkout.root / path
    inner = (await discover(root, checkout.environ)).checkout
    if inner.root.resolve() != root.resolve():
        raise errors.NotARepository(
            f"{root} is no working repository.", advice="Repair or delete its .git."
        )
    return inner


async def traits(checkout: Checkout, revision: str = "HEAD") -> Traits:
    """What of `revision` needs care: submodules, LFS, partial content."""
    shown = await checkout.git.run("ls-tree", "-r", "-z", "--full-tree", revision, codes=(0, 128))
    config = await checkout.git.run("config", "-z", "--list", "--includes")
    entries = shown.stdout.split(b"\0")
    links = [e.partition(b"\t")[2] for e in entries if e.startswith(b"160000 ")]
    attributes = [
        e.partition(b"\t")[0].rpartition(b" ")[2].decode()
        for e in entries
        if e.endswith((b"\t.gitattributes", b"/.gitattributes"))
    ]
    settings: dict[str, str] = {}
    for record in config.records:
        name, _, value = record.partition("\n")
        settings[name] = value
    return Traits(
        submodules=tuple(link.decode("utf-8", "surrogateescape") for link in links),
        lfs=await _mentions_lfs(checkout, attributes),
        sparse=settings.get("core.sparsecheckout") == "true",
        shallow=(checkout.common_dir / "shallow").exists(),
        partial="extensions.partialclone" in settings,
    )


def operation(checkout: Checkout) -> str | None:
    """The merge, rebase, cherry-pick, revert or bisect that waits to be finished, if any."""
    for name, word in OPERATIONS.items():
        if (checkout.git_dir / name).exists():
            return word
    return None


def branch_held_by_rebase(git_dir: Path) -> str | None:
    """The branch that a rebase in progress will move when it ends; HEAD does not name it."""
    for name in ("rebase-merge/head-name", "rebase-apply/head-name"):
        try:
            return (git_dir / name).read_text().strip().removeprefix("refs/heads/")
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


async def _object_of(checkout: Checkout, revision: str, kind: str) -> str:
    if not revision or revision.startswith("-") or "\0" in revision or "\n" in revision:
        raise errors.UnknownRevision(
            f"{revision!r} is not the name of a commit.", advice="Give a branch, tag or commit."
        )
    found = await checkout.git.run(
        "rev-parse", "--verify", "-q", f"{revision}^{{{kind}}}", codes=(0, 1, 128)
    )
    if found.code == 0:
        return found.text
    if revision == "HEAD":
        raise errors.EmptyRepository(
            f"{checkout.repository_root} has no commit yet.",
            advice="Make a first commit, or work without a worktree (`--worktree none`).",
        )
    raise errors.UnknownRevision(
        f"{revision!r} names no {kind} of {checkout.repository_root}.",
        advice="Give a branch, tag or commit that `git log --all` shows.",
    )


async def _mentions_lfs(checkout: Checkout, blobs: list[str]) -> bool:
    for blob in blobs:
        text = await checkout.git.run("cat-file", "blob", blob)
        if b"filter=lfs" in text.stdout:
            return True
    return False


def _listed(attributes: Mapping[str, str]) -> Listed:
    branch = attributes.get("branch")
    commit = attributes.get("HEAD", "")
    root = Path(attributes["worktree"])
    vanished = attributes.get("prunable")
    if vanished is None and not root.exists():
        vanished = "its folder is gone"
    return Listed(
        root=root,
        head=commit if commit.strip("0") else None,
        branch=None if branch is None else branch.removeprefix("refs/heads/"),
        bare="bare" in attributes,
        locked=attributes.get("locked"),
        vanished=vanished,
    )
