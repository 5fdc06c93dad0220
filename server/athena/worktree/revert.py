"""Reverting exactly what turns changed, whatever happened to the files between and since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from athena.worktree.apply import Applied, Delta, Preview, apply, preview
from athena.worktree.repository import Checkout


@dataclass(frozen=True, slots=True)
class Span:
    """A turn as its two checkpoints: commits or trees of its start and of its end."""

    start: str
    end: str


async def preview_revert(target: Checkout, spans: Sequence[Span]) -> Preview:
    """What `revert` would change in the files as they are now, and the conflicts it would meet."""
    return await preview(target, _backwards(spans))


async def revert(target: Checkout, agent: str, spans: Sequence[Span], what: str) -> Applied:
    """Take back the turns in `spans`, given from old to new; `what` names them for people.

    For each turn, the newest first, the way from its end to its start is merged into the files.
    What others edited before, between or after is left alone, and so are untracked files that no
    turn made. `apply.undo` with the ref of the result takes it back. Raises `Conflicted` with file
    and line where someone edited the same lines since; nothing was changed then.
    """
    return await apply(target, agent, _backwards(spans), f"revert of {what}")


def _backwards(spans: Sequence[Span]) -> list[Delta]:
    return [Delta(base=span.end, theirs=span.start) for span in reversed(spans)]
