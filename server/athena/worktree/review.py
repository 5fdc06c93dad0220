"""Taking some hunks and files of a changeset, and rejecting others."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.apply import Applied, Delta, apply
from athena.worktree.blobdiff import ABSENT
from athena.worktree.changeset import Changeset, FileChange, FileHunks, hunks_of
from athena.worktree.errors import UnknownRevision
from athena.worktree.git import Git
from athena.worktree.hunks import Hunk, choose
from athena.worktree.lines import Change, changes, split
from athena.worktree.objects import Entry, blob_ids, blobs, tree_with, write_blob
from athena.worktree.repository import Checkout
from athena.worktree.threeway import Conflict, Conflicted, regions

NO_OBJECT = "0" * 40


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids of whole files and of single hunks of a changeset.

    A hunk of a renamed file is taken under the old path, unless all of the file is. The mode of a
    file and what has no hunks come only with the file.
    """

    files: frozenset[str] = frozenset()
    hunks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Lines [start, end) of an editor's text, from 0, become `text`."""

    start: int
    end: int
    text: str


async def accept(
    source: Checkout, target: Checkout, agent: str, found: Changeset, selection: Selection
) -> Applied:
    """Bring the selected changes into the files of `target`, another worktree of the repository.

    Raises as `apply.apply` does, and `UnknownRevision` for ids that are not of this changeset.
    """
    tree = await tree_taken(source, found, selection)
    return await apply(target, agent, [Delta(found.base, tree)], "accepted changes")


async def reject(target: Checkout, agent: str, found: Changeset, selection: Selection) -> Applied:
    """Take the selected changes back from the files of the worktree that made them."""
    tree = await tree_left(target, found, selection)
    return await apply(target, agent, [Delta(found.head, tree)], "rejected changes")


async def tree_taken(checkout: Checkout, found: Changeset, selection: Selection) -> str:
    """The base of a changeset with only the selected changes."""
    entries: list[Entry] = []
    for each, picked in await _picked(checkout, found, selection):
        if picked is None:
            entries += _whole(each.file)
        elif picked:
            entries.append(await _partly(checkout.git, each.file, picked))
    return await tree_with(checkout, f"{found.base}^{{tree}}", entries)


async def tree_left(checkout: Checkout, found: Changeset, selection: Selection) -> str:
    """The head of a changeset without the selected changes."""
    entries: list[Entry] = []
    for each, picked in await _picked(checkout, found, selection):
        file = each.file
        if picked is None:
            entries += _whole(_reversed(file))
        elif picked:
            left = [hunk for hunk in each.hunks if hunk not in picked]
            entry = await _partly(checkout.git, file, left)
            entries.append(Entry(file.new_mode, entry.oid, file.path))
    return await tree_with(checkout, f"{found.head}^{{tree}}", entries)


async def edits(
    checkout: Checkout, found: Changeset, selection: Selection, path: str, text: str
) -> tuple[LineEdit, ...]:
    """What an editor is to change in its text of one file, unsaved edits and all.

    Raises `Conflicted` when the text was edited in the same lines.
    """
    tree = await tree_taken(checkout, found, selection)
    file = found.file(path)
    places = await blob_ids(checkout.git, [(tree, file.path), (tree, file.old_path)])
    taken = next((oid for oid in places if oid is not None), NO_OBJECT)
    old, new = await blobs(checkout.git, [file.old_oid, taken])
    own = text.encode("utf-8", "surrogateescape")
    # Editors give the lines of one file with its own ends, or with plain ones. Neither is an edit.
    before = _plain(own)
    end = "\r\n" if own.count(b"\r\n") * 2 > own.count(b"\n") else "\n"
    lines = split(await merge_texts(path, _plain(old or b""), before, _plain(new or b"")))
    return tuple(_edit(change, lines, end) for change in changes(split(before), lines))


async def merge_texts(path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """Merge three versions of one text with `git merge-file`. Raises `Conflicted`."""
    with tempfile.TemporaryDirectory(prefix="athena-merge-") as name:
        folder = Path(name)
        for side, content in (("ours", ours), ("base", base), ("theirs", theirs)):
            await asyncio.to_thread((folder / side).write_bytes, content)
        labels = ("-L", "ours", "-L", "base", "-L", "theirs")
        output = await Git(folder).run(
            "merge-file", "-p", "--diff3", *labels, "ours", "base", "theirs", codes=range(128)
        )
    if output.code == 0:
        return output.stdout
    found = regions(output.stdout, ours, "ours", "theirs")
    raise Conflicted(
        "It cannot be taken", [Conflict(path, "contents", "", found)], "Edit those lines by hand."
    )


async def _picked(
    checkout: Checkout, found: Changeset, selection: Selection
) -> list[tuple[FileHunks, Sequence[Hunk] | None]]:
    """Each changed file with its selected hunks, or None where all of the file is."""
    by_hunk = [f for f in found.files if f.id not in selection.files and selection.hunks]
    listed = {each.file.id: each for each in await hunks_of(checkout, by_hunk, None)}
    picked: list[tuple[FileHunks, Sequence[Hunk] | None]] = []
    unknown = set(selection.files | selection.hunks)
    for file in found.files:
        unknown.discard(file.id)
        each = listed.get(file.id, FileHunks(file, (), False))
        chosen = [hunk for hunk in each.hunks if hunk.id in selection.hunks]
        unknown.difference_update(hunk.id for hunk in chosen)
        whole = file.id in selection.files or (bool(chosen) and len(chosen) == len(each.hunks))
        picked.append((each, None if whole else chosen))
    if unknown:
        raise UnknownRevision(
            f"Not part of this changeset: {', '.join(sorted(unknown)[:5])}.",
            advice="The files changed since; look at the changeset again.",
        )
    return picked


def _whole(file: FileChange) -> Iterable[Entry]:
    if file.old_path != file.path or file.new_mode == ABSENT:
        yield Entry("0", "", file.old_path)
    if file.new_mode != ABSENT:
        yield Entry(file.new_mode, file.new_oid, file.path)


def _reversed(file: FileChange) -> FileChange:
    return FileChange(
        id=file.id,
        path=file.old_path,
        old_path=file.path,
        status=file.status,
        old_mode=file.new_mode,
        new_mode=file.old_mode,
        old_oid=file.new_oid,
        new_oid=file.old_oid,
        added=file.deleted,
        deleted=file.added,
        similarity=file.similarity,
    )


async def _partly(git: Git, file: FileChange, picked: Iterable[Hunk]) -> Entry:
    (old,) = await blobs(git, [file.old_oid])
    content = choose(split(old or b""), picked)
    mode = file.new_mode if file.old_mode == ABSENT else file.old_mode
    return Entry(mode, await write_blob(git, content), file.old_path)


def _plain(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _edit(change: Change, lines: Sequence[bytes], end: str) -> LineEdit:
    text = b"".join(lines[change.new_start : change.new_end]).decode("utf-8", "surrogateescape")
    return LineEdit(change.old_start, change.old_end, text.replace("\n", end))
