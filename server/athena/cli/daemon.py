"""`athena daemon …`: the daemon itself. It is started by whatever needs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import click
from rich.table import Table

from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, err, json_option, out, tell_json
from athena.relay import control, paths
from athena.relay.failure import RelayError


@click.group("daemon", cls=Suggesting)
def group() -> None:
    """The daemon: status, start, stop, restart."""


def _state() -> str:
    return paths.state_directory()


@group.command("status")
@json_option
def status(as_json: bool) -> None:
    """Show whether the daemon runs, and how it is. Exit code 5 when it does not."""
    try:
        found = control.status(_state())
    except RelayError as error:
        raise Failure(error.message, Exit.NO_DAEMON) from error
    if found is None:
        if as_json:
            tell_json({"running": False, "stateDir": _state()})
        else:
            out.print(f"No daemon runs for {_state()}.")
        raise SystemExit(Exit.NO_DAEMON)
    if as_json:
        tell_json({"running": True, **found})
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for key, value in found.items():
        table.add_row(key, _told(key, value))
    out.print(table)


def _told(key: str, value: Any) -> str:
    """A value of the daemon's answer as people read it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float() | int() if key == "startedAt":
            return datetime.fromtimestamp(value).astimezone().isoformat(" ", "seconds")
        case float() | int() if key.endswith("Seconds"):
            return f"{value:.0f} s"
        case list():
            return str(len(cast("list[object]", value)))
        case _:
            return str(value)


@group.command("start")
@json_option
def start(as_json: bool) -> None:
    """Start the daemon."""
    try:
        started = control.start(_state())
    except RelayError as error:
        raise Failure(error.message, Exit.NO_DAEMON) from error
    _say(as_json, {"started": started}, "Started." if started else "It runs already.")


@group.command("stop")
@click.option("--force", is_flag=True, help="Kill it when it does not answer; nothing is lost.")
@json_option
def stop(force: bool, as_json: bool) -> None:
    """Stop the daemon. Agents go on working; the next daemon takes them up."""
    try:
        stopped = control.stop(_state(), force=force)
    except RelayError as error:
        raise Failure(error.message, Exit.NO_DAEMON) from error
    _say(as_json, {"stopped": stopped}, "Stopped." if stopped else "None runs.")


@group.command("restart")
@click.option("--force", is_flag=True, help="Kill it when it does not answer; nothing is lost.")
@json_option
def restart(force: bool, as_json: bool) -> None:
    """Stop the daemon and start it again."""
    try:
        control.restart(_state(), force=force)
    except RelayError as error:
        raise Failure(error.message, Exit.NO_DAEMON) from error
    _say(as_json, {"restarted": True}, "Restarted.")


@group.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(arguments: tuple[str, ...]) -> None:
    """Be the daemon, in the foreground."""
    from athena.daemon.main import main

    raise SystemExit(main(arguments))


def _say(as_json: bool, result: dict[str, object], words: str) -> None:
    if as_json:
        tell_json(result)
    else:
        err.print(words)
