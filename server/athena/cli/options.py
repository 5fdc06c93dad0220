"""Options that several verbs have, so that one thing has one name everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from athena.cli import completing

F = TypeVar("F", bound=Callable[..., Any])


def project(help_: str = "The project; else the current directory.") -> Callable[[F], F]:
    """`--project DIRECTORY`."""
    return click.option(
        "--project",
        "-C",
        metavar="DIRECTORY",
        shell_complete=completing.directories,
        help=help_,
    )


def turn(help_: str) -> Callable[[F], F]:
    """`--turn TURN`, which `athena.cli.turns` understands."""
    return click.option("--turn", metavar="TURN", shell_complete=completing.turns, help=help_)


def into(help_: str) -> Callable[[F], F]:
    """`--into BRANCH`."""
    return click.option("--into", metavar="BRANCH", shell_complete=completing.branches, help=help_)


def harness(help_: str, default: str | None = None) -> Callable[[F], F]:
    """`--harness HARNESS`."""
    return click.option(
        "--harness",
        "-H",
        metavar="HARNESS",
        default=default,
        show_default=default is not None,
        shell_complete=completing.harnesses,
        help=help_,
    )


def directory(help_: str) -> Callable[[F], F]:
    """`--path DIRECTORY`."""
    return click.option(
        "--path", metavar="DIRECTORY", shell_complete=completing.directories, help=help_
    )


def agent(help_: str) -> Callable[[F], F]:
    """`--agent AGENT`."""
    return click.option("--agent", metavar="AGENT", shell_complete=completing.agents, help=help_)


repository = click.option(
    "--repository",
    "-R",
    metavar="NAME",
    shell_complete=completing.repositories,
    help="Another repository that AGENT works in.",
)
hooks = click.option("--no-hooks", is_flag=True, help="The repository's hooks have no say.")
message = click.option("--message", "-m", metavar="TEXT", help="The commit message.")
prompt_file = click.option(
    "--file",
    "-f",
    metavar="FILE",
    shell_complete=completing.files,
    help="Read the prompt from a file; - is stdin.",
)
model = click.option("--model", "-m", metavar="MODEL", help="The model, by the harness's own name.")
mode = click.option("--mode", metavar="MODE", help="The mode, by the harness's own name.")
setting = click.option(
    "--option", "-o", metavar="NAME=VALUE", multiple=True, help="A setting of the harness."
)
watch = click.option("--watch", is_flag=True, help="Show what it does until it rests.")
wait = click.option("--wait", is_flag=True, help="Wait, silently, until it rests.")
