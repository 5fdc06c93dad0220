"""The files of a working tree that a person would name, and what is in one."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from stat import S_ISREG

from athena.worktree.repository import Checkout, gitlinks, inner_checkout

MOST_WALKED = 20_000


async def listed(checkout: Checkout) -> list[str]:
    """Paths in a working tree, tracked and untracked, and in the submodules that are checked out.

    Those deleted from the disk are not in it.
    """
    kept, gone, links = await asyncio.gather(
        checkout.git.run("ls-files", "-c", "-o", "--exclude-standard", "-z"),
        checkout.git.run("ls-files", "-d", "-z"),
        gitlinks(checkout),
    )
    found = {*kept.records} - {*gone.records, *links}
    for path in links:
        if (checkout.root / path / ".git").exists():
            inside = await listed(await inner_checkout(checkout, path))
            found |= {f"{path}/{below}" for below in inside}
    return sorted(found)


def walked(root: Path) -> list[str]:
    """Paths below a folder that is in no repository, without hidden ones; at most 20,000."""
    found: list[str] = []
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        place = Path(folder).relative_to(root)
        found += [str(place / name) for name in sorted(files) if not name.startswith(".")]
        if len(found) >= MOST_WALKED:
            break
    return found[:MOST_WALKED]


def content(path: Path, most: int | None = None) -> bytes:
    """The bytes of a file, `most` at the most.

    `OSError` for what is none: to read a pipe would be to wait for ever, and a device never ends.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "It is no file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(-1 if most is None else most)
    finally:
        os.close(descriptor)
