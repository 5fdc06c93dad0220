"""Remedies: commands of the table, in the words of a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Protocol, cast

from athena.protocol.command import Argument, Command, Source
from athena.protocol.commands import COMMANDS
from athena.protocol.remedy import Remedy

BY_ID = {command.id: command for command in COMMANDS}

POSITIONAL = (Source.AGENT, Source.AGENTS, Source.UNDO)
"""What has no `--` before it in a shell, also where it may be left out."""


class Named(Protocol):
    """An agent."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def remedy(command: str, agent: Named | None = None, **arguments: object) -> Remedy:
    """The command with an agent, which people know by its name, and with parameters of its method.

    In a message it reads as the command line in backticks.
    """
    row = BY_ID[command]
    known, shown = dict(arguments), dict(arguments)
    if agent is not None:
        place = next(a.name for a in row.arguments if a.source is Source.AGENT)
        known, shown = {place: agent.id, **known}, {place: agent.name, **shown}
    return Remedy(
        command=command,
        title=row.title,
        arguments=known,
        command_line=command_line(row, shown),
    )


def command_line(row: Command, given: Mapping[str, object]) -> str:
    """What one types into a shell; `…` stands for what must be said besides."""
    assert row.verb is not None, row.id
    replaced = {a.instead_of for a in row.arguments if a.name in given}
    positional: list[str] = []
    options: list[str] = []
    for argument in row.arguments:
        value = given.get(argument.name)
        if argument.required and value is None:
            positional += [] if argument.name in replaced else ["…"]
        elif argument.required or argument.source in POSITIONAL:
            positional += _words(value)
        else:
            options += _option(argument, value)
    return " ".join(["athena", row.verb, *positional, *options])


def _option(argument: Argument, value: object) -> list[str]:
    name = "--" + "".join(f"-{c.lower()}" if c.isupper() else c for c in argument.name)
    if value is True:
        return [name]
    return [f"{name} {word}" for word in _words(value)]


def _words(value: object) -> list[str]:
    """One word for each value; none for none."""
    if value is None or value is False:
        return []
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return [shlex.quote(str(one)) for one in values]
