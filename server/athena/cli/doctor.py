"""`athena doctor`: what is missing here, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from athena import __version__
from athena.app import problems, rules, settings
from athena.cli.output import Exit, Failure, json_option, tell_finding, tell_json
from athena.cli.session import session
from athena.harness.verified import VERIFIED
from athena.protocol.errors import AthenaError
from athena.relay import control, paths
from athena.relay.failure import RelayError

LEAST_GIT = (2, 39)
LEAST_FREE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `hint` says what to do about it.

    "absent" is what Athena can do without.
    """

    name: str
    level: Literal["ok", "absent", "warning", "error"]
    words: str
    hint: str | None = None


def findings() -> Iterator[Finding]:
    """Look at everything that Athena needs."""
    yield Finding("athena", "ok", f"{__version__} on Python {platform.python_version()}")
    yield _sqlite()
    yield _git()
    yield from _state()
    yield from _daemon()
    yield from _problems()
    yield _settings()
    yield from _harnesses()


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding(
            "sqlite",
            "error",
            f"SQLite {sqlite3.sqlite_version} is too old.",
            "Use a Python that is built with SQLite 3.35 or later.",
        )
    return Finding("sqlite", "ok", sqlite3.sqlite_version)


def _git() -> Finding:
    path = shutil.which("git")
    if path is None:
        return Finding("git", "error", "git is not on the PATH.", "Install git 2.39 or later.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    words = said.split()
    number = words[2] if len(words) > 2 else "0"
    parts = [int(p) for p in number.split(".")[:2] if p.isdigit()]
    if tuple(parts) < LEAST_GIT:
        return Finding("git", "error", f"git {number} is too old.", "Install git 2.39 or later.")
    return Finding("git", "ok", f"{number} ({path})")


def _state() -> Iterator[Finding]:
    state = paths.state_directory()
    try:
        paths.prepare(state)
    except RelayError as error:
        yield Finding("state directory", "error", error.message)
        return
    free = shutil.disk_usage(state).free
    if free < LEAST_FREE_BYTES:
        yield Finding(
            "state directory",
            "warning",
            f"Only {free // 1024**2} MB are free in {state}.",
            "Make room: when the disk is full, agents wait.",
        )
    else:
        yield Finding("state directory", "ok", state)


def _daemon() -> Iterator[Finding]:
    try:
        found = control.status(paths.state_directory())
        if found is None:
            yield Finding("daemon", "ok", "not running; it is started when it is needed")
            return
        yield Finding("daemon", "ok", f"running, process {found.get('pid')}")
        yield _database()
    except Failure as failure:
        yield Finding("database", "error", failure.message)
    except RelayError as error:
        yield Finding("daemon", "error", error.message, "athena daemon restart --force")


def _database() -> Finding:
    """Whether the daemon that runs can write what happens."""
    with session(start=False) as daemon:
        info = daemon.call("athena/system/info")
    if reason := info.get("logReason"):
        return Finding("database", "error", reason)
    return Finding("database", "ok", f"{info['database']}, {info['cursor']} events")


def _problems() -> Iterator[Finding]:
    """What the daemon, if only the last one, could not do."""
    for problem in problems.kept(Path(paths.state_directory())):
        since = datetime.fromtimestamp(problem.since / 1000).astimezone()
        words = f"{problem.words} It began on {since:%Y-%m-%d at %H:%M}."
        yield Finding(problem.name, "error", words, problem.hint)


def _settings() -> Finding:
    try:
        found = settings.load(Path.cwd())
    except AthenaError as error:
        return Finding("settings", "error", error.message, "Mend the file, or move it away.")
    try:
        rules.load(Path.cwd())
    except AthenaError as error:
        return Finding("rules", "error", error.message, "Until then you are asked for all of it.")
    if unknown := found.unknown_names():
        return Finding("settings", "error", "\n".join(unknown))
    user = settings.user_file()
    return Finding("settings", "ok", str(user) if user.exists() else f"none yet ({user})")


def _harnesses() -> Iterator[Finding]:
    try:
        rows = settings.load(Path.cwd()).harnesses().values()
    except AthenaError:
        return
    found = 0
    others: list[str] = []
    for harness in rows:
        path = shutil.which(harness.argv[0], path=os.environ.get("PATH"))
        if path is not None:
            found += harness.name != "scripted"
            yield Finding(f"harness {harness.name}", "ok", path)
        elif harness.name in VERIFIED or harness.source == "user":
            yield Finding(f"harness {harness.name}", "absent", "not installed", harness.hint)
        else:
            others.append(harness.name)
    if others:
        how = "`athena harness show HARNESS` says how to get one."
        yield Finding("other harnesses", "absent", f"not installed: {', '.join(others)}", how)
    if not found:
        yield Finding(
            "harnesses",
            "warning",
            "No harness but the scripted one is installed.",
            "Install one of those above; `athena demo` works without.",
        )


@click.command("doctor")
@json_option
def doctor(as_json: bool) -> None:
    """Say what is missing here and how to get it. Exit code 1 when something is wrong."""
    all_found = list(findings())
    bad = any(f.level == "error" for f in all_found)
    if as_json:
        tell_json({"ok": not bad, "findings": [asdict(f) for f in all_found]})
    else:
        for finding in all_found:
            tell_finding(finding.level, finding.name, finding.words, finding.hint)
    sys.exit(Exit.FAILED if bad else Exit.OK)
