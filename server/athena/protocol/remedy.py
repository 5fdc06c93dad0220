"""What helps: a command with its arguments, which each client says in its own words."""

from __future__ import annotations

from athena.protocol.base import Record


class Remedy(Record):
    """A user command that helps: the member `remedies` of an error's data, and of what has notes.

    `command` is its id in the table of commands, `title` its name for people, `arguments` what it
    is to be given of its method's parameters; what it needs besides, the user says. `command_line`
    is the same for a shell. Where a text names the command it has that, between backticks: a client
    may put its own words there.
    """

    command: str
    title: str
    arguments: dict[str, object] = {}
    command_line: str

    def __str__(self) -> str:
        return f"`{self.command_line}`"
