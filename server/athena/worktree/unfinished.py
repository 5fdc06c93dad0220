"""What the making of a worktree leaves behind when its process is killed, and taking that back."""

from __future__ import annotations

import filecmp
import json
from contextlib import suppress
from pathlib import Path
from typing import cast

from athena.worktree.aside import move_aside
from athena.worktree.errors import WorktreeError
from athena.worktree.git import Git
from athena.worktree.names import agent_component, agent_from_component
from athena.worktree.reflog import log_tips, logs_of
from athena.worktree.repository import Checkout, Head, Listed, at_worktree, head, worktrees
from athena.worktree.rescue import record
from athena.worktree.snapshot import snapshot, tree_now
from athena.worktree.standing import HAZARDS, status
from athena.worktree.switch import steps_between
from athena.worktree.vanished import remove_vanished

FOLDER = "athena/creating"


def begin(source: Checkout, agent: str, root: Path, branch: str, base: str | None) -> None:
    """Note what is about to be made; `base` is the commit of a branch that is made with it."""
    note = _note(source, agent)
    note.parent.mkdir(parents=True, exist_ok=True)
    temporary = note.with_suffix(".tmp")
    temporary.write_text(json.dumps({"root": str(root), "branch": branch, "base": base}))
    temporary.replace(note)


def pending(source: Checkout, agent: str) -> bool:
    """Whether a making for this agent was begun and never finished."""
    return _note(source, agent).exists()


def done(source: Checkout, agent: str) -> None:
    """It was made, or taken back: there is nothing unfinished."""
    _note(source, agent).unlink(missing_ok=True)


def claims(source: Checkout) -> dict[Path, str]:
    """The folders of worktrees whose making was begun and never finished, and for which agent."""
    found: dict[Path, str] = {}
    for note in (source.common_dir / FOLDER).glob("*.json"):
        claim = _read(note)
        if claim is not None:
            found[Path(str(claim["root"]))] = agent_from_component(note.stem)
    return found


async def take_back(source: Checkout, agent: str) -> None:
    """Remove what an earlier attempt for this agent left, so that the next one makes the same.

    Only what git knows as that worktree is removed, and a branch only while it has nothing of its
    own. Should someone have found the folder and worked in it, that is rescued first; a folder
    with ignored files that are nowhere else is moved aside.
    """
    claim = _read(_note(source, agent))
    if claim is None:
        return
    root, branch, base = Path(str(claim["root"])), str(claim["branch"]), claim["base"]
    common = Git(source.common_dir, source.environ)
    for listed in await worktrees(source):
        if listed.root == root:
            await _rescue_all(source, agent, listed)
            await common.run("worktree", "remove", "--force", "--force", str(root), codes=(0, 128))
    if base is not None:
        ref = f"refs/heads/{branch}"
        await common.run("update-ref", "-d", ref, base, codes=(0, 1, 128))
    done(source, agent)


async def _rescue_all(source: Checkout, agent: str, listed: Listed) -> None:
    if listed.vanished is not None:
        # What was killed before it was whole may be too damaged to keep anything of it.
        with suppress(WorktreeError):
            await remove_vanished(source, agent, listed, force=HAZARDS)
        return
    place = await _place(source, listed.root)
    if place is None:
        return
    await _rescue_work(place, agent)
    if await _holds_more(place, source.root):
        await move_aside(place, Git(source.common_dir, source.environ))


async def _place(source: Checkout, root: Path) -> Checkout | None:
    """The working tree; null when it was killed before there was one to work in."""
    try:
        place = await at_worktree(source, root)
        await head(place)
    except WorktreeError:
        return None
    return place


async def _holds_more(place: Checkout, source: Path) -> bool:
    """Whether there are ignored files, which no snapshot holds, that were not brought along."""

    def brought(path: str) -> bool:
        here, there = place.root / path, source / path
        if here.is_dir() and not here.is_symlink():
            return there.is_dir()
        try:
            return filecmp.cmp(here, there, shallow=False)
        except OSError:
            return False

    return not all(brought(path) for path in (await status(place)).ignored)


async def _rescue_work(place: Checkout, agent: str) -> None:
    at = await head(place)
    steps = await steps_between(place.git, f"{at.commit}^{{tree}}", await tree_now(place))
    tips = await log_tips(place, logs_of(at))
    # Files that are missing were not written yet; any others are somebody's.
    if any(not step.deleted for step in steps) or tips or not await _is_named(place, at):
        async with snapshot(place) as taken:
            await record(place, agent, "a creation that was not finished", taken, also=tips)


async def _is_named(place: Checkout, at: Head) -> bool:
    """Whether a ref leads to the commit, so that it does not end with the working tree."""
    if at.commit is None:
        return True
    refs = ("--not", "--glob=refs/")
    return not await place.git.text("rev-list", "--max-count=1", at.commit, *refs)


def _read(note: Path) -> dict[str, str | None] | None:
    try:
        return cast("dict[str, str | None]", json.loads(note.read_text()))
    except (OSError, ValueError):
        return None


def _note(source: Checkout, agent: str) -> Path:
    return source.common_dir / FOLDER / f"{agent_component(agent)}.json"
