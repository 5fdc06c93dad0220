"""Three-way merges of whole trees without any working tree: the one engine below merge, revert,
review and collisions. `git merge-tree` does the work, renames included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from athena.worktree.errors import WorktreeError
from athena.worktree.git import Git, decode
from athena.worktree.lines import changes, moved, split
from athena.worktree.objects import blobs, passing_commit

CONFLICT = re.compile(r"CONFLICT \((?P<kind>[^)]+)\)")


@dataclass(frozen=True, slots=True)
class Region:
    """Lines that both sides changed. `line` and `lines` are of our file, from 1.

    The texts are for showing: what is not UTF-8 in them is replaced.
    """

    line: int
    lines: int
    ours: str
    base: str
    theirs: str

    @property
    def place(self) -> str:
        """The lines as a person writes them: 7, or 7-9."""
        return f"{self.line}" if self.lines <= 1 else f"{self.line}-{self.line + self.lines - 1}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A path that cannot be merged. `kind` is git's word: contents, modify/delete, binary, …"""

    path: str
    kind: str
    message: str
    regions: tuple[Region, ...]

    def __str__(self) -> str:
        if not self.regions:
            return f"{self.path} ({self.kind})"
        places = ", ".join(
            f"{r.line}" if r.lines <= 1 else f"{r.line}-{r.line + r.lines - 1}"
            for r in self.regions
        )
        return f"{self.path}:{places}"


class Conflicted(WorktreeError):
    """A merge that was not done, for these conflicts. Nothing was changed."""

    kind = "conflicted"

    def __init__(self, what: str, conflicts: Sequence[Conflict], advice: str = "") -> None:
        places = ", ".join(str(conflict) for conflict in conflicts[:10])
        more = f" and {len(conflicts) - 10} more" if len(conflicts) > 10 else ""
        super().__init__(f"{what}: {places}{more}. Nothing was changed.", advice=advice)
        self.conflicts = tuple(conflicts)


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome. With conflicts, `tree` has their markers in it and is only for looking at."""

    tree: str
    conflicts: tuple[Conflict, ...]

    @property
    def clean(self) -> bool:
        return not self.conflicts


async def merge_trees(git: Git, base: str, ours: str, theirs: str) -> Merged:
    """Bring to `ours` what changed from `base` to `theirs`; all are trees."""
    if base == theirs or ours == theirs:
        return Merged(ours, ())
    if base == ours:
        return Merged(theirs, ())
    root = await passing_commit(git, base, [])
    mine = await passing_commit(git, ours, [root])
    yours = await passing_commit(git, theirs, [root])
    return await merge_commits(git, mine, yours)


async def merge_commits(git: Git, ours: str, theirs: str) -> Merged:
    """Merge two commits over their merge base, as `git merge` would."""
    output = await git.run(
        "merge-tree",
        "--write-tree",
        "--allow-unrelated-histories",
        "-z",
        "--messages",
        ours,
        theirs,
        codes=(0, 1),
    )
    fields = output.stdout.split(b"\0")
    tree = fields[0].decode()
    if output.code == 0:
        return Merged(tree, ())
    end = fields.index(b"", 1)
    stages = _stages(fields[1:end])
    said = _messages(fields[end + 1 :])
    paths = list(dict.fromkeys([*stages, *(path for path in said if said[path])]))
    return Merged(tree, await _conflicts(git, tree, ours, theirs, paths, stages, said))


async def _conflicts(
    git: Git,
    tree: str,
    ours: str,
    theirs: str,
    paths: Sequence[str],
    stages: dict[str, dict[int, str]],
    said: dict[str, list[tuple[str, str]]],
) -> tuple[Conflict, ...]:
    # `cat-file --batch` reads a name per line; a path with a line break is told without lines.
    both = [p for p in paths if {2, 3} <= stages.get(p, {}).keys() and "\n" not in p]
    marked = await blobs(git, [f"{tree}:{path}" for path in both])
    mine = await blobs(git, [stages[path][2] for path in both])
    found: dict[str, tuple[Region, ...]] = {}
    for path, merged, own in zip(both, marked, mine, strict=True):
        if merged is not None and own is not None:
            found[path] = regions(merged, own, ours, theirs)
    return tuple(
        Conflict(path, *_kind(said.get(path, [])), found.get(path, ())) for path in sorted(paths)
    )


def regions(merged: bytes, own: bytes, ours: str, theirs: str) -> tuple[Region, ...]:
    """Read conflict markers (diff3 style) whose labels begin with `ours` and `theirs`."""
    kept: list[bytes] = []
    parts: list[tuple[int, dict[str, list[bytes]]]] = []
    side = ""
    part: dict[str, list[bytes]] = {}
    for line in split(merged):
        bare = line.rstrip(b"\r\n")
        if not side and bare.startswith(f"<<<<<<< {ours}".encode()):
            side = "ours"
            part = {"ours": [], "base": [], "theirs": []}
            parts.append((len(kept), part))
        elif side == "ours" and bare.startswith(b"||||||| "):
            side = "base"
        elif side == "base" and bare == b"=======":
            side = "theirs"
        elif side == "theirs" and bare.startswith(f">>>>>>> {theirs}".encode()):
            side = ""
        elif side:
            part[side].append(line)
            if side == "ours":
                kept.append(line)
        else:
            kept.append(line)
    # `kept` is the merge with each conflict decided for us; our file differs where they changed it.
    made = changes(kept, split(own))
    return tuple(
        Region(
            line=moved(start, made) + 1,
            lines=len(sides["ours"]),
            ours=_shown(sides["ours"]),
            base=_shown(sides["base"]),
            theirs=_shown(sides["theirs"]),
        )
        for start, sides in parts
    )


def _shown(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "replace")


def _stages(records: Sequence[bytes]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for record in records:
        meta, _, path = record.partition(b"\t")
        _, oid, stage = meta.decode().split(" ")
        found.setdefault(decode(path), {})[int(stage)] = oid
    return found


def _messages(fields: Sequence[bytes]) -> dict[str, list[tuple[str, str]]]:
    """The conflict messages of each path: (kind, text)."""
    found: dict[str, list[tuple[str, str]]] = {}
    at = 0
    while at < len(fields) and fields[at].isdigit():
        count = int(fields[at])
        path = decode(fields[at + 1])
        kind, text = decode(fields[at + 1 + count]), decode(fields[at + 2 + count])
        at += 3 + count
        # The text is the more exact of the two (add/add), where it says it at all (not binary).
        if match := CONFLICT.search(text) or CONFLICT.search(kind):
            word = "contents" if match["kind"] == "content" else match["kind"]
            found.setdefault(path, []).append((word, text.strip()))
    return found


def _kind(said: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The most telling of several messages about a path."""
    if not said:
        return "contents", ""
    return next((each for each in said if each[0] != "contents"), said[0])
