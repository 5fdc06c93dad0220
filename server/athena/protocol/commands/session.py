"""Commands on sessions that the plain command lines of harnesses made."""

from __future__ import annotations

from athena.protocol.agent import Status
from athena.protocol.command import Argument, Command, Source, When

SESSION_COMMANDS: tuple[Command, ...] = (
    Command(
        id="athena.session.list",
        word="sessions",
        verb="session list",
        title="Show Sessions Made Outside",
        method="athena/session/list",
        icon="list-flat",
    ),
    Command(
        id="athena.session.import",
        word="import-session",
        verb="session import",
        title="Import Session",
        method="athena/session/import",
        arguments=(Argument("session", Source.SESSION, "Session", required=True),),
        icon="repo-pull",
    ),
    Command(
        id="athena.session.adopt",
        word="adopt",
        verb="session adopt",
        title="Adopt Imported Session",
        method="athena/session/adopt",
        arguments=(
            Argument("session", Source.AGENT, "Agent", required=True),
            Argument("text", Source.PROMPT, "Prompt"),
            Argument("worktree", Source.FLAG, "In a new worktree"),
        ),
        when=When((Status.IMPORTED,)),
        icon="person-add",
    ),
)
