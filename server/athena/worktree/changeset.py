"""What differs between two trees: first a summary of all files in one go, then hunks by file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from athena.worktree.blobdiff import DIFF, Side, patches
from athena.worktree.errors import UnknownRevision
from athena.worktree.git import decode
from athena.worktree.hunks import Hunk, read_patch
from athena.worktree.objects import GITLINK
from athena.worktree.repository import Checkout

Status = Literal["added", "deleted", "modified", "renamed", "typeChanged"]
STATUSES: Mapping[str, Status] = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "T": "typeChanged",
}
# Above this many added or deleted files, only renames without an edit are found.
RENAME_LIMIT = 1000
SHOWN_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs. A side that is not there has the mode 000000.

    `id` stands for the whole change of the file, for verdicts on what has no hunks: binary files,
    modes, symbolic links, submodules, renames. `added` and `deleted` count lines; None if binary.
    """

    id: str
    path: str
    old_path: str
    status: Status
    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str
    added: int | None
    deleted: int | None
    similarity: int | None

    @property
    def binary(self) -> bool:
        return self.added is None

    @property
    def submodule(self) -> bool:
        return GITLINK in (self.old_mode, self.new_mode)

    @property
    def mode_changed(self) -> bool:
        """Whether a file that stays got another mode, such as the bit to execute it."""
        return self.status in {"modified", "renamed"} and self.old_mode != self.new_mode

    @property
    def has_hunks(self) -> bool:
        return not (self.binary or self.submodule or self.status == "typeChanged")


@dataclass(frozen=True, slots=True)
class Changeset:
    """The summary of what leads from the tree `base` to the tree `head`, sorted by path."""

    base: str
    head: str
    files: tuple[FileChange, ...]

    @property
    def added(self) -> int:
        return sum(file.added or 0 for file in self.files)

    @property
    def deleted(self) -> int:
        return sum(file.deleted or 0 for file in self.files)

    def file(self, path: str) -> FileChange:
        """The change of the file that is or was at `path`. Raises `UnknownRevision`."""
        for file in self.files:
            if path in (file.path, file.old_path):
                return file
        raise UnknownRevision(
            f"{path!r} is not among the changed files.", advice="Choose a path of the changeset."
        )


@dataclass(frozen=True, slots=True)
class FileHunks:
    """The hunks of one file. `large`: their lines are left out, for they are too many to show."""

    file: FileChange
    hunks: tuple[Hunk, ...]
    large: bool


async def changeset(
    checkout: Checkout, base: str, head: str, paths: Sequence[str] = ()
) -> Changeset:
    """Compare two trees or commits; `paths` (files or folders) limit it."""
    output = await checkout.git.run(
        "diff-tree",
        "-r",
        "-z",
        "--raw",
        "--numstat",
        "--no-abbrev",
        "--find-renames",
        f"-l{RENAME_LIMIT}",
        *DIFF,
        f"{base}^{{tree}}",
        f"{head}^{{tree}}",
        "--",
        *paths,
    )
    files = _files(output.stdout.split(b"\0"))
    return Changeset(base, head, tuple(sorted(files, key=lambda file: file.path)))


async def hunks(
    checkout: Checkout, file: FileChange, shown_bytes: int | None = SHOWN_BYTES
) -> FileHunks:
    """The hunks of one file of a changeset.

    Of a file whose hunks have more than `shown_bytes`, ids and places come without the lines.
    """
    found = await hunks_of(checkout, [file], shown_bytes)
    return found[0]


async def hunks_of(
    checkout: Checkout, files: Sequence[FileChange], shown_bytes: int | None = SHOWN_BYTES
) -> list[FileHunks]:
    """The hunks of many files, with one git for hundreds of them; in the same order."""
    asked = [file for file in files if file.has_hunks]
    sides = [(Side(f.old_mode, f.old_oid), Side(f.new_mode, f.new_oid)) for f in asked]
    # What counts as text was settled by the summary, under the attributes of the real path.
    found = await patches(checkout.git, sides, "-U3", "--text")
    by_file = {file.id: patch for file, patch in zip(asked, found, strict=True)}
    return [_file_hunks(file, by_file.get(file.id, []), shown_bytes) for file in files]


def _file_hunks(file: FileChange, patch: Sequence[bytes], shown_bytes: int | None) -> FileHunks:
    read = read_patch(file.old_path, patch)
    large = shown_bytes is not None and sum(len(line) for line in patch) > shown_bytes
    if large:
        read = tuple(replace(hunk, removed=(), added=()) for hunk in read)
    return FileHunks(file, read, large)


def _files(fields: Sequence[bytes]) -> list[FileChange]:
    """Read `--raw --numstat -z`: the raw records of all files, then their counts."""
    found: list[FileChange] = []
    at = 0
    while fields[at].startswith(b":"):
        old_mode, new_mode, old_oid, new_oid, status = fields[at].decode()[1:].split(" ")
        renamed = status[0] in "RC"
        old_path = decode(fields[at + 1])
        path = decode(fields[at + 2]) if renamed else old_path
        at += 3 if renamed else 2
        found.append(
            FileChange(
                id=_id(old_path, path, old_mode, new_mode, old_oid, new_oid),
                path=path,
                old_path=old_path,
                status=STATUSES[status[0]],
                old_mode=old_mode,
                new_mode=new_mode,
                old_oid=old_oid,
                new_oid=new_oid,
                added=None,
                deleted=None,
                similarity=int(status[1:]) if renamed else None,
            )
        )
    return list(_counted(found, fields, at))


def _counted(files: Sequence[FileChange], fields: Sequence[bytes], at: int) -> Iterator[FileChange]:
    for file in files:
        added, deleted, path = fields[at].split(b"\t", 2)
        at += 1 if path else 3
        if added == b"-":
            yield file
        else:
            yield replace(file, added=int(added), deleted=int(deleted))


def _id(*parts: str) -> str:
    joined = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(joined).hexdigest()[:16]
