"""`athena export`, `athena import`, `athena db …`: all data in the user's hands."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, json_option, say, tell_json, waiting
from athena.cli.session import Session, session
from athena.log import EventLog, ImportRefused, LogError, LogInUse
from athena.protocol.counted import counted
from athena.relay import paths
from athena.relay.failure import RelayError

STANDARD = Path("-")


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def export(file: Path, as_json: bool) -> None:
    """Write everything that Athena knows to FILE, as newline-delimited JSON; - is stdout."""
    if file == STANDARD and as_json:
        raise Failure("Both --json and - want standard output.", Exit.USAGE)
    with session() as daemon:
        if file == STANDARD:
            _export_to_stdout(daemon)
            return
        done = daemon.call("athena/log/export", path=str(file.resolve()))
    if as_json:
        tell_json(done)
    else:
        count = counted(done["events"], "event")
        say(f"✓ {count}, {done['bytes']:,} bytes, in {done['path']}")


def _export_to_stdout(daemon: Session) -> None:
    """By way of a file of the daemon's: what is printed is whole, or nothing is."""
    with tempfile.TemporaryDirectory(prefix=".export-", dir=paths.state_directory()) as place:
        written = Path(place, "export.ndjson")
        daemon.call("athena/log/export", path=str(written))
        with written.open("rb") as source:
            shutil.copyfileobj(source, sys.stdout.buffer)
    sys.stdout.flush()


@click.command("import")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)
)
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Fill an empty state directory from FILE, an export, or from stdin (-).

    The daemon must be stopped.
    """
    state = paths.state_directory()
    try:
        paths.prepare(state)
        with waiting():
            count = asyncio.run(_import(Path(state), file))
    except RelayError as error:
        raise Failure(error.message) from error
    except LogInUse as error:
        raise Failure(str(error), Exit.CONFLICT) from error
    except ImportRefused as error:
        raise Failure(str(error), Exit.CONFLICT) from error
    except (LogError, OSError) as error:
        raise Failure(str(error), Exit.LOG) from error
    if as_json:
        tell_json({"events": count, "stateDirectory": state})
    else:
        say(f"✓ {counted(count, 'event')} read into {state}")


async def _import(state: Path, file: Path) -> int:
    async with await EventLog.open(state / "athena.db") as log:
        if file == STANDARD:
            return await log.import_(sys.stdin.buffer)
        source = await asyncio.to_thread(file.open, "rb")
        with source:
            return await log.import_(source)


@click.group("db", cls=Suggesting)
def db() -> None:
    """The database: verify and back up."""


@db.command("verify")
@json_option
def verify(as_json: bool) -> None:
    """Check that the database is whole: order, versions, payloads, pages."""
    with session() as daemon:
        report = daemon.call("athena/log/verify")
    _tell_report(report, as_json)


def _tell_report(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        tell_json(report)
    elif report["ok"]:
        say(f"✓ {counted(report['events'], 'event')}, all whole", style="green")
    else:
        for problem in report["problems"]:
            say(f"✗ {problem}", style="red")
    if not report["ok"]:
        raise SystemExit(Exit.LOG)


@db.command("backup")
@json_option
def backup(as_json: bool) -> None:
    """Write a backup now. One is written each day anyway."""
    with session() as daemon:
        done = daemon.call("athena/log/backup")
    if as_json:
        tell_json(done)
    else:
        say(f"✓ {done['path']}")
