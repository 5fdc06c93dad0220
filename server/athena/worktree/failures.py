"""What git says when it fails, and the error with words of our own that it becomes."""

from __future__ import annotations

import errno
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from athena.worktree import errors
from athena.worktree.process import Ended


@dataclass(frozen=True, slots=True)
class Known:
    """A message of git that deserves words of its own."""

    pattern: re.Pattern[str]
    error: type[errors.WorktreeError]
    message: str
    advice: str


KNOWN = (
    Known(
        re.compile(r"not a git repository|not a valid repository", re.I),
        errors.NotARepository,
        "{cwd} is not in a git repository.",
        "Run `git init` there, or choose a folder of a repository.",
    ),
    Known(
        re.compile(r"No space left on device|Disk quota exceeded"),
        errors.StorageFull,
        "The disk of {cwd} is full.",
        "Free some space and try again; nothing was changed.",
    ),
    Known(
        re.compile(r"Read-only file system"),
        errors.StorageReadOnly,
        "{cwd} is on a read-only file system.",
        "Mount it writable, or choose another location.",
    ),
    Known(
        re.compile(r"Unable to create '(?P<path>[^']*\.lock)': File exists"),
        errors.LockHeld,
        "{path} exists: another git is at work here, or one crashed and left it.",
        "If no git is running in this repository, delete that file and try again.",
    ),
    Known(
        # The file is there and empty: that of a worktree which another git is just making.
        re.compile(r"failed to read (?P<entry>\S.*?/worktrees/[^/\n]+)/(commondir|gitdir|HEAD)"),
        errors.HalfMade,
        "Another git is making the worktree of {entry}, or was killed while it did.",
        "If no git is running in this repository, delete that folder and try again.",
    ),
    Known(
        re.compile(r"index file corrupt|bad index file|bad signature 0x|index file smaller"),
        errors.CorruptIndex,
        "The index of {cwd} is damaged.",
        "Delete the file `index` in its git directory and run `git reset`; no file is touched.",
    ),
    Known(
        re.compile(r"Author identity unknown|Please tell me who you are|empty ident name"),
        errors.IdentityMissing,
        "git does not know who you are, so it cannot commit.",
        "Run `git config --global user.name` and `git config --global user.email`.",
    ),
    Known(
        re.compile(
            r"not a valid object name|unknown revision|bad revision|Needed a single revision"
            r"|invalid reference:|not a tree object|bad object|Not a valid commit",
            re.I,
        ),
        errors.UnknownRevision,
        "No such commit, branch or tree: {args}.",
        "Check the name with `git log --all`.",
    ),
)


def failure(args: tuple[str, ...], ended: Ended, cwd: Path) -> errors.WorktreeError:
    """The error for a git command that failed, with all it printed as detail."""
    detail = ended.output.decode(errors="replace").strip()
    for known in KNOWN:
        if found := known.pattern.search(detail):
            words = {"cwd": str(cwd), "args": " ".join(args), **found.groupdict()}
            message = known.message.format(**words)
            return known.error(message, advice=known.advice, detail=detail)
    return errors.GitFailed(
        f"git {args[0]} failed in {cwd} with code {ended.code}.",
        code=ended.code,
        argv=args,
        detail=detail,
    )


@contextmanager
def disk_in_words(path: Path) -> Generator[None]:
    """Turn what a full or read-only disk does to our own file operations into words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.StorageFull(
                f"The disk of {path} is full.",
                advice="Free some space and try again; nothing was changed.",
            ) from error
        if error.errno == errno.EROFS:
            raise errors.StorageReadOnly(
                f"{path} is on a read-only file system.",
                advice="Mount it writable, or choose another location.",
            ) from error
        raise
