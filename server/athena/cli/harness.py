"""`athena harness …`: which harnesses there are, what they can do, and what they lack."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from athena.cli import completing, words
from athena.cli.groups import Suggesting, meant
from athena.cli.output import (
    Exit,
    Failure,
    json_option,
    out,
    say,
    short,
    table,
    tell_finding,
    tell_json,
    tell_table,
    waiting,
)
from athena.cli.session import session
from athena.relay import paths

ABILITIES = (
    "resume",
    "fork",
    "steer",
    "interrupt",
    "images",
    "mcp",
    "permissions",
    "usage",
    "cost",
    "sandbox",
    "outputSchema",
)
LISTS = {
    "Modes": "modes",
    "Models": "models",
    "Thinking levels": "thinkingLevels",
    "Options": "options",
    "Commands": "commands",
}


@click.group("harness", cls=Suggesting)
def harness() -> None:
    """Harnesses: the programs that do the work."""


@harness.command("list")
@click.option("--abilities", is_flag=True, help="Show what each was seen to be able to do.")
@json_option
def list_harnesses(abilities: bool, as_json: bool) -> None:
    """Show the harnesses, and which of them are installed."""
    with session() as daemon:
        found = daemon.call("athena/harness/list")
    if as_json:
        tell_json(found)
    elif abilities:
        _tell_abilities(found["harnesses"])
    else:
        _tell(found["harnesses"])


def _tell(harnesses: list[dict[str, Any]]) -> None:
    """Those that are installed, with where they are, and the names of the others."""
    here = table("harness", "", "version", "where", cut=("where",))
    others = table("not installed", "")
    for h in harnesses:
        if h["installed"]:
            here.add_row(h["name"], h["title"], _version(h), short(words.home(h.get("path") or "")))
        else:
            others.add_row(h["name"], h["title"])
    tell_table(here)
    if others.row_count:
        say("")
        tell_table(others)
        say("\nHow to get one: athena harness show HARNESS", style="dim")


def _tell_abilities(harnesses: list[dict[str, Any]]) -> None:
    """What each was seen to be able to do, and what not."""
    seen = [h for h in harnesses if h.get("capabilities") is not None]
    for h in seen:
        out.print(f"[bold]{h['name']}[/] {_version(h)}".rstrip())
        for label, value in (("can", "yes"), ("cannot", "no"), ("not seen", "unknown")):
            names = [a for a in ABILITIES if str(h["capabilities"].get(a, "unknown")) == value]
            if names:
                say(f"  {label:<9} {', '.join(names)}")
    if not seen:
        say("Nothing is known yet. To look at one: athena harness doctor HARNESS")


@harness.command("show")
@click.argument("name", metavar="HARNESS", shell_complete=completing.harnesses)
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what HARNESS was seen to be able to do: abilities, modes, models, options, commands."""
    with session() as daemon:
        found = daemon.call("athena/harness/list")["harnesses"]
    view = next((one for one in found if one["name"] == name), None)
    if view is None:
        raise _unknown(name, [one["name"] for one in found])
    if as_json:
        tell_json(view)
        return
    out.print(f"[bold]{view['name']}[/]  {view['title']}  {_version(view)}".rstrip())
    known: Mapping[str, Any] | None = view.get("capabilities")
    if known is None:
        if view["installed"]:
            say(f"What it can do is not known yet. To look: athena harness doctor {name}")
        else:
            say(f"It is not installed. {view.get('hint') or ''}".rstrip())
        return
    made = table("", "")
    for ability in ABILITIES:
        made.add_row(ability, str(known.get(ability, "unknown")))
    tell_table(made)
    for title, key in LISTS.items():
        _choices(title, known.get(key) or [])


def _choices(title: str, listed: list[dict[str, Any]]) -> None:
    """What can be chosen, one a line: its id, and what it is."""
    if not listed:
        return
    out.print(f"\n[bold]{title}[/]")
    made = table("name", "about", cut=("about",))
    made.show_header = False
    for one in listed:
        values = ", ".join(choice["id"] for choice in one.get("choices", []))
        about = values or one.get("description") or one.get("hint") or ""
        made.add_row(escape(one.get("id") or one["name"]), short(about))
    tell_table(made)


def _unknown(name: str, known: Sequence[str]) -> Failure:
    near = meant(name, known) or f" There are: {', '.join(known)}."
    return Failure(f"There is no harness {name!r}.{near}", Exit.NOT_FOUND)


def _version(view: Mapping[str, Any]) -> str:
    version, verified = view.get("version"), view.get("verified")
    if version and verified and version != verified:
        return f"{version} [dim](verified: {verified})[/]"
    return version or ""


@harness.command("doctor")
@click.argument("name", metavar="HARNESS", shell_complete=completing.harnesses)
@json_option
def doctor(name: str, as_json: bool) -> None:
    """Start HARNESS, open a session, and say what is missing. Nothing is said to a model."""
    from athena.app import settings
    from athena.harness.capabilities import Detections
    from athena.harness.examination import examine

    rows = settings.load(Path.cwd()).harnesses()
    if name not in rows:
        raise _unknown(name, list(rows))
    with waiting():
        found = asyncio.run(examine(rows[name], os.environ))
    if found.detected is not None and found.is_fit:
        Detections(Path(paths.state_directory()) / "harnesses").keep(found.detected)
    if as_json:
        detected = found.detected.model_dump(mode="json", by_alias=True) if found.detected else None
        checks = [asdict(check) for check in found.checks]
        tell_json({"ok": found.is_fit, "checks": checks, "detected": detected})
    else:
        for check in found.checks:
            tell_finding(check.level, check.name, check.words, check.hint)
    sys.exit(Exit.OK if found.is_fit else Exit.HARNESS)
