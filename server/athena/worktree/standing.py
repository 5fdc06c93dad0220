"""What a worktree holds that would be lost with it, and so why it may not be removed unasked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from athena.protocol.counted import counted
from athena.worktree.errors import WorktreeError
from athena.worktree.git import decode
from athena.worktree.refs import NAMESPACE, kept
from athena.worktree.repository import (
    Checkout,
    Head,
    Listed,
    at_worktree,
    gitlinks,
    head,
    inner_checkout,
    operation,
    worktrees,
)

Hazard = Literal["dirty", "unpushed", "nested", "operation", "locked", "unknown"]
HAZARDS: tuple[Hazard, ...] = get_args(Hazard)


@dataclass(frozen=True, slots=True)
class Inner:
    """A repository inside a worktree, at any depth: a submodule, or one that someone put there.

    `captured`: a checkpoint in it has what no commit has.
    """

    path: str
    submodule: bool
    dirty: bool
    unpushed: int
    captured: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Paths of a working tree; a folder that is listed as a whole ends with a slash.

    Of those in `changed`, the ones in `staged_otherwise` have one text in the index and another
    one on the disk.
    """

    changed: tuple[str, ...]
    staged_otherwise: tuple[str, ...]
    untracked: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a worktree.

    `unpushed` are commits that no remote branch and no other local branch has, the newest first.
    `ignored` are files and folders (with a slash at the end) that no checkpoint holds. `vanished`
    says that the folder is gone; `problem` why the state cannot be told.
    """

    root: Path
    head: Head
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unpushed: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = ()
    operation: str | None = None
    locked: str | None = None
    vanished: str | None = None
    problem: str | None = None

    @property
    def hazards(self) -> dict[Hazard, str]:
        """Each reason not to remove it, in words."""
        found: dict[Hazard, str] = {}
        if self.changed or self.untracked:
            kinds = {"changed": self.changed, "untracked": self.untracked}
            said = [f"{counted(len(of), f'{kind} file')}" for kind, of in kinds.items() if of]
            found["dirty"] = " and ".join(said)
        if self.unpushed:
            found["unpushed"] = f"{counted(len(self.unpushed), 'commit')} in no other branch"
        at_risk = [inner.path for inner in self.inner if inner.dirty or inner.unpushed]
        if at_risk:
            found["nested"] = f"work in repositories inside it ({', '.join(at_risk)})"
        if self.operation:
            found["operation"] = f"a {self.operation} in progress"
        if self.locked is not None:
            found["locked"] = f"it is locked ({self.locked or 'without a reason'})"
        if self.problem:
            found["unknown"] = f"its state is not known ({self.problem})"
        return found


async def standing(checkout: Checkout, listed: Listed | None = None) -> Standing:
    """Look at a worktree. A damaged one gives a `problem`, not an error."""
    locked = None
    try:
        listed = listed or await listed_at(checkout, checkout.root)
        locked = listed.locked if listed else None
        at = await head(checkout)
        found = await status(checkout)
        return Standing(
            root=checkout.root,
            head=at,
            changed=found.changed,
            untracked=found.untracked,
            ignored=found.ignored,
            unpushed=await unpushed(checkout, at),
            inner=await _inner(checkout, found.untracked),
            operation=operation(checkout),
            locked=locked,
        )
    except WorktreeError as error:
        at = Head(listed.head, listed.branch) if listed else Head(None, None)
        return Standing(root=checkout.root, head=at, locked=locked, problem=error.message)


async def standing_of(checkout: Checkout, listed: Listed) -> Standing:
    """The state of another worktree of the same repository, which may have vanished."""
    at = Head(listed.head, listed.branch)
    if listed.vanished is not None:
        return Standing(listed.root, at, locked=listed.locked, vanished=listed.vanished)
    try:
        return await standing(await at_worktree(checkout, listed.root), listed)
    except WorktreeError as error:
        return Standing(listed.root, at, locked=listed.locked, problem=error.message)


async def listed_at(checkout: Checkout, root: Path) -> Listed | None:
    """The entry of `git worktree list` for a root."""
    real = root.resolve()
    return next((w for w in await worktrees(checkout) if w.root.resolve() == real), None)


async def unpushed(checkout: Checkout, at: Head) -> tuple[str, ...]:
    """Commits of HEAD that are on no remote branch, no tag and no other local branch.

    None where the main working tree has all of their changes, as after a squash.
    """
    if at.commit is None:
        return ()
    own = [f"--exclude={at.branch}"] if at.branch else []
    output = await checkout.git.run(
        "rev-list", at.commit, "--not", "--remotes", "--tags", *own, "--branches"
    )
    found = tuple(output.text.split())
    return () if found and await _is_taken(checkout, at.commit) else found


async def _is_taken(checkout: Checkout, commit: str) -> bool:
    """Whether merging a commit into the main working tree's would change nothing."""
    main = (await worktrees(checkout))[0].head
    if main is None or main == commit:
        return False
    merged = await checkout.git.run(
        "merge-tree", "--write-tree", "--no-messages", main, commit, codes=(0, 1, 128)
    )
    tree = await checkout.git.text("rev-parse", f"{main}^{{tree}}")
    return merged.code == 0 and merged.text == tree


async def status(checkout: Checkout) -> Status:
    """The files that differ from HEAD, by `git status`."""
    output = await checkout.git.run(
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        "--ignored=matching",
        "--ignore-submodules=none",
    )
    changed: list[str] = []
    staged: list[str] = []
    untracked: list[str] = []
    ignored: list[str] = []
    for record in output.stdout.split(b"\0"):
        if record:
            kind, path = record[:2], decode(record[3:])
            {b"??": untracked, b"!!": ignored}.get(kind, changed).append(path)
            if kind not in (b"??", b"!!") and b" " not in kind:
                staged.append(path)
    return Status(tuple(changed), tuple(staged), tuple(untracked), tuple(ignored))


async def _inner(checkout: Checkout, untracked: tuple[str, ...]) -> tuple[Inner, ...]:
    links = await gitlinks(checkout)
    present = [path for path in links if (checkout.root / path / ".git").exists()]
    nested = [path.rstrip("/") for path in untracked if path.endswith("/")]
    found: list[Inner] = []
    for path in present:
        found += await _inside(checkout, path, submodule=True)
    for path in nested:
        found += await _inside(checkout, path, submodule=False)
    return tuple(found)


async def _inside(checkout: Checkout, path: str, *, submodule: bool) -> list[Inner]:
    """The repository at a path, and those inside it."""
    inner = await inner_checkout(checkout, path)
    found = await status(inner)
    others = f"--exclude={NAMESPACE}/*"
    commits = await inner.git.text("rev-list", "--count", others, "--all", "--not", "--remotes")
    dirty = bool(found.changed or found.untracked)
    own = Inner(path, submodule, dirty, int(commits), await _captured(inner))
    below = await _inner(inner, found.untracked)
    return [own, *(replace(deep, path=f"{path}/{deep.path}") for deep in below)]


async def _captured(inner: Checkout) -> bool:
    found = await kept(inner)
    parents = list(dict.fromkeys(parent for k in found for parent in k.parents))
    if not parents:
        return bool(found)
    trees = ("--no-walk", "--no-commit-header", "--format=%T")
    committed = set((await inner.git.text("rev-list", *trees, *parents)).split())
    return any(k.tree not in committed for k in found)
