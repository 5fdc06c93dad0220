"""What the making of a worktree leaves behind when its process is killed, and taking that back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from athena.worktree.names import agent_component
from athena.worktree.repository import Checkout, worktrees

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


async def take_back(source: Checkout, agent: str) -> None:
    """Remove what an earlier attempt for this agent left, so that the next one makes the same.

    Only what git knows as that worktree is removed, and a branch only while it has nothing of its
    own: nobody was told of either, so nobody worked there.
    """
    note = _note(source, agent)
    try:
        told = json.loads(note.read_text())
    except (OSError, ValueError):
        return
    claim = cast("dict[str, str | None]", told)
    root, branch, base = Path(str(claim["root"])), str(claim["branch"]), claim["base"]
    for listed in await worktrees(source):
        if listed.root == root:
            await source.git.run(
                "worktree", "remove", "--force", "--force", str(root), codes=(0, 128)
            )
    await source.git.run("worktree", "prune")
    if base is not None:
        ref = f"refs/heads/{branch}"
        await source.git.run("update-ref", "-d", ref, base, codes=(0, 1, 128))
    done(source, agent)


def _note(source: Checkout, agent: str) -> Path:
    return source.common_dir / FOLDER / f"{agent_component(agent)}.json"
