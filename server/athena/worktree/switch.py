"""Taking a working tree from the tree it is at to another one: all of it, or nothing.

Git itself writes the files (`read-tree -m -u`), so filters, line endings and modes are right, and
it looks at every file before it writes the first. What git would not protect, and what it leaves
half done on a full disk, is looked after here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.errors import ChangedMeanwhile, GitFailed, StorageFull, WorktreeError
from athena.worktree.git import Git, decode, encode
from athena.worktree.objects import GITLINK, sizes
from athena.worktree.repository import Checkout
from athena.worktree.snapshot import Snapshot

# Room for temporary files and directories beside the contents themselves.
SPARE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Step:
    """One path that differs between two trees; a mode of 000000 says that it is not there."""

    path: str
    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str

    @property
    def added(self) -> bool:
        return self.old_mode == "000000"

    @property
    def deleted(self) -> bool:
        return self.new_mode == "000000"


async def steps_between(git: Git, old: str, new: str) -> tuple[Step, ...]:
    """The paths that differ, without looking for renames."""
    output = await git.run(
        "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", old, new
    )
    fields = output.stdout.split(b"\0")
    found: list[Step] = []
    for meta, path in zip(fields[0::2], fields[1::2], strict=False):
        old_mode, new_mode, old_oid, new_oid, _ = meta.decode().removeprefix(":").split(" ")
        found.append(Step(decode(path), old_mode, new_mode, old_oid, new_oid))
    return tuple(found)


async def switch(checkout: Checkout, taken: Snapshot, target: str) -> tuple[Step, ...]:
    """Bring the working tree from `taken.tree` to `target`; untracked and other files stay.

    Raises `ChangedMeanwhile` when a file is not as `taken` saw it or an ignored file is in the
    way, and `StorageFull` when the disk has no room; nothing was written then. The snapshot must
    have been kept under a ref before.
    """
    steps = await steps_between(taken.git, taken.tree, target)
    if not steps:
        return ()
    blocked = in_the_way(checkout.root, steps)
    if blocked:
        raise ChangedMeanwhile(
            f"Ignored files are in the way: {', '.join(blocked[:5])}.",
            advice="Move them away and try again; nothing was changed.",
        )
    await _need_room(checkout, taken.git, steps)
    try:
        await taken.git.run("read-tree", "-m", "-u", taken.tree, target)
    except GitFailed as error:
        if "not uptodate" in error.detail or "would be overwritten" in error.detail:
            raise ChangedMeanwhile(
                "Files changed while Athena was about to write them.",
                advice="Nothing was changed; try again.",
                detail=error.detail,
            ) from error
        await _back(checkout, taken.git, steps)
        raise
    except WorktreeError:
        await _back(checkout, taken.git, steps)
        raise
    return steps


def in_the_way(root: Path, steps: Sequence[Step]) -> list[str]:
    """What lies on the disk where a file is to be added, and is in no tree: ignored files.

    Git counts ignored files as expendable. They are not ours to destroy.
    """
    leaving = {step.path for step in steps if not step.added}
    found: dict[str, None] = {}
    for step in steps:
        if step.added and step.new_mode != GITLINK:
            for blocked in _blocking(root, step.path, leaving):
                found[blocked] = None
    return list(found)


def _blocking(root: Path, path: str, leaving: set[str]) -> list[str]:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth])
        full = root / folder
        if full.is_symlink() or (full.exists() and not full.is_dir()):
            return [] if folder in leaving else [folder]
        if not full.exists():
            return []
    full = root / path
    if not os.path.lexists(full):
        return []
    if full.is_dir() and not full.is_symlink():
        inside = [
            (Path(folder) / name).relative_to(root).as_posix()
            for folder, _, names in os.walk(full)
            for name in names
        ]
        return [name for name in inside if name not in leaving]
    return [path]


async def _need_room(checkout: Checkout, git: Git, steps: Sequence[Step]) -> None:
    written = [s.new_oid for s in steps if not s.deleted and s.new_mode != GITLINK]
    freed = [s.old_oid for s in steps if s.deleted and s.old_mode != GITLINK]
    both = await sizes(git, [*written, *freed])
    # Git unlinks a file before it writes the new one, yet its blocks may be shared or held open.
    needed = sum(both[: len(written)]) - sum(both[len(written) :]) + SPARE_BYTES
    free = shutil.disk_usage(checkout.root).free
    if needed > free and sum(both[: len(written)]) > 0:
        raise StorageFull(
            f"{checkout.root} needs {needed >> 10} KiB and its disk has {free >> 10} KiB left.",
            advice="Free some space and try again; nothing was changed.",
        )


async def _back(checkout: Checkout, git: Git, steps: Sequence[Step]) -> None:
    """Undo a switch that failed in the middle: git has not written its index then."""
    for step in steps:
        if step.added and step.new_mode != GITLINK:
            (checkout.root / step.path).unlink(missing_ok=True)
    lost = [s.path for s in steps if not s.added and s.old_mode != GITLINK]
    await git.run(
        "checkout-index",
        "--force",
        "--index",
        "--quiet",
        "-z",
        "--stdin",
        stdin=b"".join(encode(path) + b"\0" for path in lost),
    )
