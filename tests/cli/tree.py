"""Every command of `athena`, as the command line itself has them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from athena.cli.app import app

BECOMES_A_PROGRAM = {"lsp", "headless", "scripted", "daemon run"}
"""Commands that speak a protocol from then on, and take their arguments as that program does."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Each command and group, by the words one types after `athena`."""
    yield from _below(app, ())


def verbs() -> Iterator[tuple[str, click.Command]]:
    """The commands that do something."""
    return ((name, one) for name, one in commands() if not isinstance(one, click.Group))


def _below(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path[-1] if path else "athena")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        words = (*path, name)
        yield " ".join(words), command
        if isinstance(command, click.Group):
            yield from _below(command, words)
