"""The whole working tree as a tree object: dirty and untracked files included, ignored ones not.

Only a temporary copy of the index is written. The copy keeps the modification time of the real
one, since git tells by it which entries could have changed within the same tick of the clock.
The index of the last snapshot is kept and taken again while the real one is the same, so that
what is dirty or untracked is not read again each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.errors import CorruptIndex, GitFailed, Unreadable, WorktreeError
from athena.worktree.failures import disk_in_words
from athena.worktree.git import Git, decode, encode
from athena.worktree.objects import SCRATCH, Entry, put, scratch_file
from athena.worktree.process import together
from athena.worktree.repository import Checkout

CACHED = "snapshot-"
# Tags of `ls-files -v` on entries that git was told not to look at on the disk.
UNWATCHED = re.compile(rb"(?:^|\0)[a-zS] ")
GITLINKED = re.compile(rb"(?:^|\0). 160000 ")
UNREADABLE = re.compile(
    r"(?:Unable to process path|unable to index file|could not open '|open\(\"|readlink\(\")"
    r" ?'?\"?(?P<path>[^'\"\n]+)"
)
MOST_UNREADABLE = 20
CHANGES = ("--raw", "-z", "--no-abbrev", "--ignore-submodules=dirty")
REPLACING = ("--add", "--remove", "--replace", "-z", "--stdin")
# Left behind by a killed process; nothing needs a scratch file for longer.
STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A working tree at one moment.

    `git` uses an index that matches `tree` and the files on disk, while the snapshot lasts.
    `skipped` are untracked files above the size limit. `nested` are folders with a repository of
    their own that is no submodule: their files are in the tree, their history is not.
    """

    tree: str
    git: Git
    skipped: tuple[str, ...]
    nested: tuple[str, ...]
    submodules: tuple[str, ...]
    index_damaged: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What differs between an index and the disk."""

    gone: tuple[str, ...]
    changed: tuple[str, ...]
    untracked: tuple[str, ...]
    unwatched: tuple[str, ...]
    gitlinks: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        return not (self.gone or self.changed or self.untracked or self.unwatched)


async def tree_now(checkout: Checkout) -> str:
    """The tree of the working tree as it is, without keeping it: for comparing, not for keeping."""
    async with snapshot(checkout) as taken:
        return taken.tree


@asynccontextmanager
async def snapshot(checkout: Checkout, limit_bytes: int | None = None) -> AsyncGenerator[Snapshot]:
    """Write the working tree to the object database; the index of it lasts as long as the block.

    Untracked files above `limit_bytes` are left out. Raises `Unreadable`, `StorageFull`, ….
    """
    checkout.need_files()
    with disk_in_words(checkout.git_dir):
        index = scratch_file(checkout, "index-")
    try:
        with disk_in_words(checkout.git_dir):
            taken = await _taken(checkout, index, limit_bytes)
        yield taken
    finally:
        for leftover in (index, index.with_name(index.name + ".lock")):
            with suppress(FileNotFoundError):
                leftover.unlink()


async def _taken(checkout: Checkout, index: Path, limit_bytes: int | None) -> Snapshot:
    git = checkout.git.with_index(index)
    key = _begin(checkout, index)
    damaged = False
    try:
        look = await _look(git)
        if key is not None and _ignores_changed(look):
            _begin(checkout, index, cached=False)
            look = await _look(git)
    except CorruptIndex:
        damaged, key = True, None
        await _begin_from_head(checkout, git, index)
        look = await _look(git)
    skipped, nested = await _add(checkout, git, look, limit_bytes)
    # A nested repository would look like a plain folder to the next snapshot.
    if key is not None and not look.nothing and not nested:
        _keep_index(checkout, index, key)
    # Only now, and not in the index that is kept: a tracked file that is ignored as well must
    # stay known there, to be seen when it comes back.
    await put(git, [Entry("0", "", path) for path in look.gone])
    tree = await git.text("write-tree")
    return Snapshot(tree, git, skipped, nested, look.gitlinks, damaged)


def _begin(checkout: Checkout, index: Path, *, cached: bool = True) -> str | None:
    """Fill the scratch index from the best source; return the key to keep the result under."""
    real = checkout.git_dir / "index"
    key = _index_key(checkout, real)
    _sweep(checkout.git_dir / SCRATCH, key)
    source = checkout.git_dir / SCRATCH / f"{CACHED}{key}"
    if cached and key is not None and _copy(source, index):
        return key
    if not _copy(real, index):
        index.unlink()
    return key


def staged_into(checkout: Checkout, index: Path) -> bool:
    """Copy the real index to `index`; false where there is none."""
    return _copy(checkout.git_dir / "index", index)


def _copy(source: Path, index: Path) -> bool:
    try:
        with source.open("rb") as file, index.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            seen = os.fstat(file.fileno())
    except FileNotFoundError:
        return False
    os.utime(index, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    return True


def _index_key(checkout: Checkout, real: Path) -> str | None:
    """Names the real index and the repository's own ignore file, by checksum and by time."""
    try:
        with real.open("rb") as file:
            file.seek(-20, os.SEEK_END)
            checksum = file.read()
    except OSError:
        return None
    if not checksum.strip(b"\0"):
        return None  # index.skipHash: git left the checksum out
    hashed = hashlib.sha256(checksum)
    with suppress(OSError):
        hashed.update(str((checkout.common_dir / "info/exclude").stat().st_mtime_ns).encode())
    return hashed.hexdigest()[:32]


def _keep_index(checkout: Checkout, index: Path, key: str) -> None:
    kept = checkout.git_dir / SCRATCH / f"{CACHED}{key}"
    with suppress(OSError):
        # A copy and a rename: the scratch index goes on in use, and a reader sees all or nothing.
        half = scratch_file(checkout, "index-")
        if _copy(index, half):
            half.replace(kept)


def _sweep(folder: Path, key: str | None) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            old = path.name.startswith(CACHED) and path.name != f"{CACHED}{key}"
            scratch = path.name.startswith("index-")
            if old or (scratch and _age(path) > STALE_SECONDS):
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


async def _begin_from_head(checkout: Checkout, git: Git, index: Path) -> None:
    index.unlink(missing_ok=True)
    await git.run("read-tree", "HEAD", codes=(0, 128))


def _ignores_changed(look: Look) -> bool:
    touched = (*look.gone, *look.changed, *look.untracked)
    return any(path == ".gitignore" or path.endswith("/.gitignore") for path in touched)


async def _look(git: Git) -> Look:
    async with together() as group:
        flags = group.create_task(git.run("ls-files", "-v", "-s", "-z"))
        changes = group.create_task(git.run("diff-files", *CHANGES))
        others = group.create_task(git.run("ls-files", "--others", "--exclude-standard", "-z"))
    gone, changed = _changes(changes.result().stdout)
    return Look(
        gone=gone,
        changed=changed,
        untracked=tuple(others.result().records),
        unwatched=_tagged(flags.result().stdout, UNWATCHED),
        gitlinks=_tagged(flags.result().stdout, GITLINKED),
    )


def _changes(raw: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths that are gone, and paths to read again; an unmerged path is in the second."""
    fields = raw.split(b"\0")
    gone: dict[str, None] = {}
    changed: dict[str, None] = {}
    for meta, path in zip(fields[0::2], fields[1::2], strict=False):
        (gone if meta.endswith(b" D") else changed)[decode(path)] = None
    return tuple(path for path in gone if path not in changed), tuple(changed)


def _tagged(listing: bytes, pattern: re.Pattern[bytes]) -> tuple[str, ...]:
    # The listing has a line per tracked file; splitting it is worth it only when one matches.
    if pattern.search(listing) is None:
        return ()
    records = listing.split(b"\0")
    return tuple(decode(r.partition(b"\t")[2]) for r in records if pattern.match(r))


async def _add(
    checkout: Checkout, git: Git, look: Look, limit_bytes: int | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if look.nothing:
        return (), ()
    if look.unwatched:
        await _rewatch(git, look.unwatched)
    plain, nested = await _unfolded(checkout, look.untracked)
    skipped = _too_big(checkout.root, plain, limit_bytes)
    left_out = set(skipped)
    present = (p for p in look.unwatched if os.path.lexists(checkout.root / p))
    wanted = [*look.changed, *present, *(path for path in plain if path not in left_out)]
    await _update(git, wanted)
    return skipped, nested


async def _rewatch(git: Git, unwatched: Iterable[str]) -> None:
    # Entries marked "assume unchanged" or "skip worktree" may hide edits of the user's.
    paths = b"".join(encode(path) + b"\0" for path in unwatched if path)
    for flag in ("--no-assume-unchanged", "--no-skip-worktree"):
        await git.run("update-index", flag, "-z", "--stdin", stdin=paths)


async def _update(git: Git, wanted: list[str]) -> None:
    unreadable: list[str] = []
    while wanted:
        data = b"".join(encode(path) + b"\0" for path in wanted)
        try:
            await git.run("update-index", *REPLACING, stdin=data)
        except GitFailed as error:
            bad = _unreadable_path(error, wanted)
            if bad is None or len(unreadable) >= MOST_UNREADABLE:
                raise
            unreadable.append(bad)
            wanted = [path for path in wanted if path != bad]
        else:
            break
    if unreadable:
        raise Unreadable(unreadable)


def _unreadable_path(error: WorktreeError, wanted: list[str]) -> str | None:
    known = set(wanted)
    for found in UNREADABLE.finditer(error.detail):
        if found.group("path") in known:
            return found.group("path")
    return None


async def _unfolded(
    checkout: Checkout, untracked: Iterable[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Untracked paths, with a nested repository (listed as a folder) replaced by its files."""
    plain: list[str] = []
    nested: list[str] = []
    for path in untracked:
        if path.endswith("/"):
            nested.append(path.rstrip("/"))
            inner, deeper = await _nested_files(checkout, path)
            plain += inner
            nested += deeper
        else:
            plain.append(path)
    return plain, tuple(nested)


async def _nested_files(checkout: Checkout, folder: str) -> tuple[list[str], list[str]]:
    git = Git(checkout.root / folder, checkout.environ)
    listed = await git.run("ls-files", "-c", "-o", "--exclude-standard", "-z")
    plain: list[str] = []
    nested: list[str] = []
    for path in dict.fromkeys(listed.records):
        full = folder + path
        try:
            kind = (checkout.root / full).lstat().st_mode
        except OSError:
            continue
        if stat.S_ISDIR(kind):
            nested.append(full.rstrip("/"))
            if (checkout.root / full / ".git").exists():
                inner, deeper = await _nested_files(checkout, full.rstrip("/") + "/")
                plain += inner
                nested += deeper
        else:
            plain.append(full)
    return plain, nested


def _too_big(root: Path, paths: Iterable[str], limit_bytes: int | None) -> tuple[str, ...]:
    if limit_bytes is None:
        return ()
    found: list[str] = []
    for path in paths:
        with suppress(OSError):
            if (root / path).lstat().st_size > limit_bytes:
                found.append(path)
    return tuple(found)
