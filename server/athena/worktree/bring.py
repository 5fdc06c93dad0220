"""Ignored files brought along into a new worktree (`.env`, caches), cheaply where disks allow.

Which: files that git ignores in the source and that match a pattern of `.worktreeinclude` (written
as in `.gitignore`) or of the setting. How: copy-on-write where the file system has it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.git import encode
from athena.worktree.objects import scratch_file
from athena.worktree.repository import Checkout, worktrees

INCLUDE_FILE = ".worktreeinclude"
# linux/fs.h: _IOW(0x94, 9, int). Shares the blocks of a whole file.
FICLONE = 0x40049409

OnFile = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Brought:
    """What was copied. `cloned` of the files share their blocks with the source.

    `skipped` are paths that were there already, or are no files (sockets, pipes, devices).
    """

    files: int
    bytes: int
    cloned: int
    skipped: tuple[str, ...]
    paths: tuple[str, ...]


async def candidates(source: Checkout, patterns: Sequence[str] = ()) -> tuple[str, ...]:
    """Ignored files and whole folders (with a slash at the end) of `source` that match.

    `patterns` are lines as in `.gitignore`, beside those of the file `.worktreeinclude`.
    """
    lines = [*_include_lines(source.root), *patterns]
    if not any(line.strip() and not line.startswith("#") for line in lines):
        return ()
    file = scratch_file(source, "include-")
    try:
        file.write_bytes(encode("\n".join(lines) + "\n"))
        matching = await source.git.run(
            "ls-files", "--others", "--ignored", "--directory", "-z", f"--exclude-from={file}"
        )
    finally:
        file.unlink(missing_ok=True)
    ignored = await source.git.run(
        "check-ignore",
        "-z",
        "--stdin",
        stdin=b"".join(encode(f"./{path}\0") for path in matching.records),
        codes=(0, 1),
        env={"GIT_LITERAL_PATHSPECS": "0"},  # this command refuses to run with it
    )
    paths = [path.removeprefix("./") for path in ignored.records]
    taken = [w.root for w in await worktrees(source) if w.root != source.root]
    return tuple(path for path in paths if not _holds_worktree(source.root / path, taken))


async def bring(
    source: Checkout,
    target: Path,
    patterns: Sequence[str] = (),
    on_file: OnFile | None = None,
) -> Brought:
    """Copy what `candidates` finds to `target`; what is there already stays as it is."""
    paths = await candidates(source, patterns)
    if not paths:
        return Brought(0, 0, 0, (), ())
    return await asyncio.to_thread(_copy_all, source.root, target, paths, on_file)


def clone_file(source: Path, target: Path) -> bool:
    """Copy one file with its mode and times; true when the blocks are shared."""
    if sys.platform == "linux":
        cloned = _clone_linux(source, target)
    else:
        shutil.copyfile(source, target)
        cloned = False
    shutil.copystat(source, target)
    return cloned


def _clone_linux(source: Path, target: Path) -> bool:
    import fcntl

    with source.open("rb") as file, target.open("xb") as copy:
        try:
            fcntl.ioctl(copy.fileno(), FICLONE, file.fileno())
            return True
        except OSError:
            # Another file system, or one without shared blocks: the kernel copies instead.
            shutil.copyfileobj(file, copy, 1 << 20)
            return False


def _include_lines(root: Path) -> list[str]:
    try:
        text = (root / INCLUDE_FILE).read_text(errors="surrogateescape")
    except (FileNotFoundError, IsADirectoryError):
        return []
    return text.splitlines()


def _holds_worktree(path: Path, roots: Iterable[Path]) -> bool:
    return any(root == path or root.is_relative_to(path) for root in roots)


def _copy_all(source: Path, target: Path, paths: Iterable[str], on_file: OnFile | None) -> Brought:
    files = size = cloned = 0
    skipped: list[str] = []
    for name in _files_below(source, paths):
        kind = (source / name).lstat()
        into = target / name
        if os.path.lexists(into) or not _parent(target, into):
            skipped.append(name)
            continue
        if stat.S_ISLNK(kind.st_mode):
            into.symlink_to((source / name).readlink())
        elif stat.S_ISREG(kind.st_mode):
            cloned += clone_file(source / name, into)
            size += kind.st_size
        else:
            skipped.append(name)
            continue
        files += 1
        if on_file is not None:
            on_file(name)
    return Brought(files, size, cloned, tuple(skipped), tuple(paths))


def _files_below(source: Path, paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        full = source / path
        if full.is_symlink() or not full.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(full):
            # Symbolic links to folders are listed as folders, and copied as the links they are.
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *links):
                yield (Path(folder) / name).relative_to(source).as_posix()


def _parent(target: Path, into: Path) -> bool:
    """Make the folder of `into`, unless a symbolic link on the way would lead out of `target`."""
    into.parent.mkdir(parents=True, exist_ok=True)
    return into.parent.resolve().is_relative_to(target.resolve())
