"""Reading and writing git objects: blobs in one batch, trees from chosen entries, commits."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from athena.worktree.errors import UnknownRevision
from athena.worktree.git import Git, decode, encode
from athena.worktree.repository import Checkout

SCRATCH = "athena"
GITLINK = "160000"
SYMLINK = "120000"

# Who signs the commit objects behind checkpoints; nobody's configuration is needed for them.
IDENTITY = {
    "GIT_AUTHOR_NAME": "Athena",
    "GIT_AUTHOR_EMAIL": "athena@localhost",
    "GIT_COMMITTER_NAME": "Athena",
    "GIT_COMMITTER_EMAIL": "athena@localhost",
}
TIMELESS = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree or an index: `mode` as git writes it, such as 100644."""

    mode: str
    oid: str
    path: str


@asynccontextmanager
async def scratch_index(checkout: Checkout) -> AsyncGenerator[Git]:
    """Git with a new, empty index of its own, which is gone afterwards."""
    path = scratch_file(checkout, "index-")
    path.unlink()
    try:
        yield checkout.git.with_index(path)
    finally:
        for leftover in (path, path.with_name(path.name + ".lock")):
            with suppress(FileNotFoundError):
                leftover.unlink()


def scratch_file(checkout: Checkout, prefix: str) -> Path:
    """A new empty file in the git directory of this working tree, on the disk of its index."""
    folder = checkout.git_dir / SCRATCH
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=prefix, dir=folder)
    os.close(handle)
    return Path(name)


async def blobs(git: Git, oids: Sequence[str]) -> list[bytes | None]:
    """The contents of blobs, in order; None for an object that is not there or is no blob."""
    if not oids:
        return []
    query = encode("".join(f"{oid}\n" for oid in oids))
    output = await git.run("cat-file", "--batch", stdin=query)
    data, found, at = output.stdout, list[bytes | None](), 0
    for _ in oids:
        end = data.index(b"\n", at)
        words = data[at:end].split(b" ")
        at = end + 1
        if words[-1] in (b"missing", b"ambiguous"):
            found.append(None)
            continue
        size = int(words[-1])
        found.append(data[at : at + size] if words[-2] == b"blob" else None)
        at += size + 1
    return found


async def blob_ids(git: Git, names: Sequence[tuple[str, str]]) -> list[str | None]:
    """The blob of each (tree, path), or None where the tree has no file there."""
    if not names:
        return []
    if any("\n" in path for _, path in names):
        return [await _blob_id(git, tree, path) for tree, path in names]
    query = b"".join(encode(f"{tree}:{path}\n") for tree, path in names)
    output = await git.run("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=query)
    answers = output.stdout.split(b"\n")[: len(names)]
    return [a[5:].decode() if a.startswith(b"blob ") else None for a in answers]


async def sizes(git: Git, oids: Sequence[str]) -> list[int]:
    """The size in bytes of each object; 0 for one that is not there."""
    if not oids:
        return []
    query = "".join(f"{oid}\n" for oid in oids).encode()
    output = await git.run("cat-file", "--batch-check=%(objectsize)", stdin=query)
    answers = output.text.split("\n")
    return [int(answer) if answer.isdigit() else 0 for answer in answers]


async def write_blob(git: Git, content: bytes) -> str:
    """Store a blob as it is, without filters."""
    return (await git.run("hash-object", "-w", "--stdin", stdin=content)).text


async def tree_with(checkout: Checkout, tree: str, changes: Iterable[Entry]) -> str:
    """`tree` with some entries put in, or taken out where the mode is 0."""
    async with scratch_index(checkout) as git:
        await git.run("read-tree", tree)
        await put(git, changes)
        return await git.text("write-tree")


async def put(git: Git, entries: Iterable[Entry]) -> None:
    """Put entries into the index of `git`, or take them out where the mode is 0."""
    null = "0" * 40
    # Removals first, so that a folder may take the place of a file and the other way round.
    ordered = sorted(entries, key=lambda entry: entry.mode != "0")
    if ordered:
        data = b"".join(encode(f"{e.mode} {e.oid or null}\t{e.path}\0") for e in ordered)
        await git.run("update-index", "--add", "--replace", "-z", "--index-info", stdin=data)


async def empty_tree(git: Git) -> str:
    """The tree with nothing in it, in the object format of the repository."""
    return await git.text("hash-object", "-w", "-t", "tree", "--stdin", stdin=b"")


async def commit_tree(
    git: Git,
    tree: str,
    parents: Sequence[str],
    message: str,
    *,
    env: Mapping[str, str] = IDENTITY,
    sign: bool = False,
) -> str:
    """Write a commit object. It is reachable only once a ref names it."""
    args = ["commit-tree", tree]
    for parent in dict.fromkeys(parents):
        args += ("-p", parent)
    if sign:
        args.append("-S")
    return (await git.run(*args, stdin=encode(message), env=env)).text


async def passing_commit(git: Git, tree: str, parents: Sequence[str]) -> str:
    """A commit that no ref will name, for commands that take no trees.

    Without a date of its own it is the same object each time, so repeating costs no space.
    """
    return await commit_tree(git, tree, parents, "passing\n", env=IDENTITY | TIMELESS)


async def update_ref(git: Git, ref: str, new: str, old: str | None, reason: str) -> None:
    """Set `ref` if it still is `old`; None means that it must not exist yet."""
    expected = "0" * len(new) if old is None else old
    await git.run("update-ref", "--no-deref", "-m", reason, ref, new, expected)


async def entries(git: Git, tree: str, paths: Sequence[str] = ()) -> list[Entry]:
    """All files of a tree, or those at or below `paths`."""
    output = await git.run("ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths)
    found: list[Entry] = []
    for record in output.stdout.split(b"\0"):
        if record:
            meta, _, path = record.partition(b"\t")
            mode, _, oid = meta.split(b" ")
            found.append(Entry(mode.decode(), oid.decode(), decode(path)))
    return found


def trailers(message: str) -> dict[str, str]:
    """The `Key: value` lines of the last paragraph of a commit message; the last of a key wins."""
    paragraph = message.strip().rpartition("\n\n")[2]
    found: dict[str, str] = {}
    for line in paragraph.split("\n"):
        key, colon, value = line.partition(": ")
        if colon and key.replace("-", "").isalnum():
            found[key] = value.strip()
    return found


async def _blob_id(git: Git, tree: str, path: str) -> str | None:
    # `cat-file --batch` reads a line for an object, so a path with a line break goes this way.
    try:
        return await git.text("rev-parse", "--verify", "-q", f"{tree}:{path}")
    except UnknownRevision:
        return None
