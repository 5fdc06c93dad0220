"""`athena daemon …`: the daemon itself. It is started by whatever needs it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import click

from athena.cli import words
from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, json_option, say, table, tell_json, tell_table
from athena.protocol.counted import counted
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
            tell_json({"running": False, "stateDirectory": _state()})
        else:
            say(f"No daemon runs for {_state()}. Whatever needs one starts it.")
        raise SystemExit(Exit.NO_DAEMON)
    if as_json:
        tell_json({"running": True, **found})
        return
    made = table("", "")
    for label, value in _told(cast("dict[str, Any]", found)):
        made.add_row(f"[dim]{label}[/]", value)
    tell_table(made)


def _told(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The daemon's answer as people read it."""
    since = datetime.fromtimestamp(found["startedAt"]).astimezone().strftime("%Y-%m-%d %H:%M")
    yield "daemon", f"{found['version']}, process {found['pid']}"
    yield "data", words.home(found["stateDirectory"])
    yield "runs", f"for {words.lasting(found['uptimeSeconds'])}, since {since}"
    clients = found["connections"]
    names = ", ".join(sorted({str(one.get("name") or one.get("kind")) for one in clients}))
    yield "clients", f"{len(clients)} ({names})" if clients else "none"
    yield "at work", "yes" if found["busy"] else "no"
    if found["restarts"]:
        yield "replaced", f"{counted(found['restarts'], 'time')} after it died"
    if found["leavesWhenIdle"]:
        yield "ends", "as soon as nothing is at work, for another version to take over"
    elif found["idleExitSeconds"]:
        yield "ends", f"when nobody needed it for {words.lasting(found['idleExitSeconds'])}"


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
    _say(
        as_json, {"stopped": stopped}, "Stopped. Agents go on working." if stopped else "None runs."
    )


@group.command("restart")
@click.option("--force", is_flag=True, help="Kill it when it does not answer; nothing is lost.")
@json_option
def restart(force: bool, as_json: bool) -> None:
    """Stop the daemon and start it again."""
    try:
        control.restart(_state(), force=force)
    except RelayError as error:
        raise Failure(error.message, Exit.NO_DAEMON) from error
    _say(as_json, {"restarted": True}, "Restarted. Agents went on working.")


@group.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(arguments: tuple[str, ...]) -> None:
    """Be the daemon, in the foreground."""
    from athena.daemon.main import main

    raise SystemExit(main(arguments))


def _say(as_json: bool, result: dict[str, object], told: str) -> None:
    if as_json:
        tell_json(result)
    else:
        say(told)
