"""`athena session …`: sessions that the plain command lines of harnesses made."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import click
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from athena.cli import completing, options, words
from athena.cli.agents import after
from athena.cli.groups import Suggesting
from athena.cli.output import (
    Failure,
    err,
    interruptible,
    is_seen,
    json_option,
    out,
    say,
    short,
    table,
    tell_json,
    tell_table,
    wants_json,
)
from athena.cli.session import Session, session

UNITS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
IMPORTABLE = ("new", "changed")
SHORT, WHOLE = 8, 64
"""How much of a session's id is shown, at least."""


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A time as milliseconds since 1970 UTC: so long ago (`90m`, `7d`, `2w`), or a date."""
    if value is None:
        return None
    ago = re.fullmatch(r"(\d+)([mhdw])", value)
    if ago:
        return int((time.time() - int(ago[1]) * UNITS[ago[2]]) * 1000)
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except ValueError:
        words_ = f"{value!r} is neither so long ago (7d) nor a date (2026-11-22)"
        raise click.BadParameter(words_) from None


project_option = options.project("Only sessions in this directory or below.")
harness_option = click.option(
    "--harness",
    "-H",
    metavar="HARNESS",
    type=click.Choice(["claude", "codex"]),
    help="Only of this one: claude or codex.",
)
since_option = click.option(
    "--since",
    callback=_moment,
    metavar="TIME",
    help="Only those that changed since: 7d, 2h, or a date.",
)


@click.group("session", cls=Suggesting)
def group() -> None:
    """Sessions made outside: import and adopt them.

    What the plain command lines of Claude Code and Codex keep in your home. It is only read.
    """


@group.command("list")
@project_option
@harness_option
@since_option
@click.option(
    "--limit", "-n", metavar="COUNT", default=50, show_default=True, help="How many at most."
)
@json_option
def list_(
    project: str | None, harness: str | None, since: int | None, limit: int, as_json: bool
) -> None:
    """Show the sessions, those that changed last first, and what Athena has of them."""
    with session() as daemon:
        found = daemon.call(
            "athena/session/list", project=project, harness=harness, since=since, limit=limit
        )
    if as_json:
        tell_json(found)
        return
    if not found["sessions"]:
        say(
            "No session of Claude Code or Codex is here."
            if not (project or harness or since)
            else "No such session."
        )
        return
    tell_table(_table(found["sessions"]))
    if found["more"]:
        say(f"(there are more: --limit {2 * limit})", style="dim")


def _table(sessions: list[dict[str, Any]]) -> Table:
    """Sessions, a row each, by beginnings of their ids where the terminal is narrow."""
    ids = [one["sessionId"] for one in sessions]
    length = SHORT if is_seen() else WHOLE
    while len({each[:length] for each in ids}) < len(ids):
        length += 1
    cut = ("here", "directory", "begins with")
    made = table("session", "harness", "changed", *cut, cut=cut)
    for one in sessions:
        here = f"{one['state']} ({one['agentName']})" if one.get("agentName") else one["state"]
        made.add_row(
            one["sessionId"][:length],
            one["harness"],
            words.ago(one["modifiedAt"]),
            short(here),
            short(words.home(one["cwd"])),
            short(one["title"]),
        )
    return made


@group.command("import")
@click.argument("sessions", nargs=-1, shell_complete=completing.sessions)
@click.option("--all", "everything", is_flag=True, help="All that are new or have changed.")
@project_option
@harness_option
@since_option
@json_option
def import_(
    sessions: tuple[str, ...],
    everything: bool,
    project: str | None,
    harness: str | None,
    since: int | None,
    as_json: bool,
) -> None:
    """Read SESSIONS into the log, as read-only agents.

    Again, and only what is new since then is added. A beginning of an id will do.
    """
    if bool(sessions) == everything:
        raise click.UsageError("Name sessions, or say --all.")
    with session() as daemon, interruptible():
        if everything:
            found = daemon.call(
                "athena/session/list", project=project, harness=harness, since=since, limit=10_000
            )
            sessions = tuple(
                one["sessionId"] for one in found["sessions"] if one["state"] in IMPORTABLE
            )
        reports, failed = _import_each(daemon, sessions)
    if as_json:
        tell_json({"imported": reports, "failed": failed})
    elif not sessions:
        out.print("Nothing is new.")
    if failed:
        raise Failure(f"{len(failed)} of {len(sessions)} sessions could not be imported.")


def _import_each(
    daemon: Session, sessions: tuple[str, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Import one after the other; what fails does not keep the others from it."""
    reports: list[dict[str, Any]] = []
    failed: list[dict[str, str]] = []
    with Progress(console=err, transient=True, disable=wants_json() or len(sessions) < 3) as bar:
        for name in bar.track(sessions, description="importing"):
            try:
                report = daemon.call("athena/session/import", session=name)
            except Failure as failure:
                if len(sessions) == 1:
                    raise
                failed.append({"session": name, "error": failure.message})
                if not wants_json():
                    err.print(f"[red]✗[/] {name}: {escape(failure.message)}", soft_wrap=True)
                continue
            reports.append(report)
            if not wants_json():
                out.print(_told(report), soft_wrap=True)
    return reports, failed


def _told(report: dict[str, Any]) -> str:
    name = f"[bold]{escape(report['agentName'])}[/] ({report['agentId']})"
    if report["created"]:
        return f"{name}: {report['events']} events"
    return f"{name}: {report['events'] or 'nothing'} new"


@group.command("adopt")
@click.argument("name", metavar="SESSION", shell_complete=completing.sessions)
@click.argument("prompt", nargs=-1)
@click.option(
    "--worktree/--here",
    default=False,
    show_default="--here",
    help="Work in a new git worktree, or in the session's own directory.",
)
@options.model
@options.mode
@options.watch
@options.wait
@json_option
def adopt(
    name: str,
    prompt: tuple[str, ...],
    worktree: bool,
    model: str | None,
    mode: str | None,
    watch: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Go on with SESSION as an agent, with PROMPT if there is one.

    SESSION is its id, a beginning of it, or the agent that it was imported as. End the plain
    command line first: two programs must not write one session.
    """
    with session() as daemon, interruptible():
        agent = daemon.call(
            "athena/session/adopt",
            session=name,
            text=" ".join(prompt) or None,
            worktree=worktree,
            model=model,
            mode=mode,
        )
        after(daemon, agent, watch, wait)
