"""What was done with the work of an agent."""

from __future__ import annotations

from typing import Literal

from athena.protocol.events.base import EventData


class VerdictGiven(EventData):
    """Changes were accepted, rejected, or opened again. `ids` are of hunks or whole files."""

    KIND = "verdictGiven"
    path: str | None = None
    ids: list[str]
    verdict: Literal["accepted", "rejected", "open"]
    by: str = "user"


class CommentAdded(EventData):
    """A line of what the agent changed was commented on."""

    KIND = "commentAdded"
    comment_id: str
    repository: str | None = None
    path: str
    line: int
    end_line: int | None = None
    text: str
    turn_id: str | None = None
    by: str = "user"


class CommentsSent(EventData):
    """Comments became a prompt to the agent."""

    KIND = "commentsSent"
    comment_ids: list[str]
    prompt_id: str


class CommentResolved(EventData):
    """A comment is done with."""

    KIND = "commentResolved"
    comment_id: str
    by: str = "user"


class ChangesApplied(EventData):
    """Work was moved: applied to a target, reverted, merged, committed or published.

    `undo` is the ref that brings back the state before; `commit` what was made. `taken` is the ref
    of what an editor put into the target: a commit whose parent has the text before.
    """

    KIND = "changesApplied"
    what: Literal["apply", "reject", "revert", "undo", "commit", "merge", "publish"]
    target: str
    files: list[str] = []
    commit: str | None = None
    undo: str | None = None
    taken: str | None = None
    turn_id: str | None = None
    by: str = "user"


class CollisionsChanged(EventData):
    """Which other agents changed the same files now; `conflicts` are those that would conflict."""

    KIND = "collisionsChanged"
    others: list[str]
    conflicts: list[str]
