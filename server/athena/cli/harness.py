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
from rich.table import Table

from athena.cli import completing
from athena.cli.groups import Suggesting
from athena.cli.output import Exit, Failure, json_option, out, tell_json
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
SIGNS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}
MARKS = {"yes": "[green]✓[/]", "no": "[dim]–[/]", "unknown": "[dim]?[/]"}


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
        out.print(_abilities(found["harnesses"]))
    else:
        _tell(found["harnesses"])


def _tell(harnesses: list[dict[str, Any]]) -> None:
    """Those that are installed, with where they are, and the names of the others."""
    here = _table("harness", "", "version", "where")
    others = _table("not installed", "")
    for h in harnesses:
        if h["installed"]:
            here.add_row(h["name"], h["title"], _version(h), h.get("path") or "")
        else:
            others.add_row(h["name"], h["title"])
    out.print(here)
    if others.row_count:
        out.print()
        out.print(others)
        out.print("\n[dim]How to get one: athena harness show NAME[/]")


def _abilities(harnesses: list[dict[str, Any]]) -> Table:
    table = _table("harness", "version", *ABILITIES)
    for h in harnesses:
        known: Mapping[str, Any] | None = h.get("capabilities")
        if known is not None:
            marks = [MARKS.get(str(known.get(name)), MARKS["unknown"]) for name in ABILITIES]
            table.add_row(h["name"], _version(h), *marks)
    if table.row_count == 0:
        table.add_row("[dim]Nothing is known yet: run athena harness doctor NAME.[/]")
    return table


@harness.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what NAME was seen to be able to do: abilities, modes, models, options, commands."""
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
        missing = f"run athena harness doctor {name}" if view["installed"] else view.get("hint")
        out.print(f"[dim]Nothing is known yet: {missing}[/]", soft_wrap=True)
        return
    table = _table("", "")
    for ability in ABILITIES:
        table.add_row(ability, str(known.get(ability, "unknown")))
    out.print(table)
    for title, key in LISTS.items():
        _choices(title, known.get(key) or [])


def _choices(title: str, listed: list[dict[str, Any]]) -> None:
    """What can be chosen, one a line: its id, and what it is."""
    if not listed:
        return
    out.print(f"\n[bold]{title}[/]")
    table = _table("", "")
    for one in listed:
        values = ", ".join(choice["id"] for choice in one.get("choices", []))
        about = values or one.get("description") or one.get("hint") or ""
        table.add_row(escape(one.get("id") or one["name"]), escape(about))
    out.print(table)


def _unknown(name: str, known: Sequence[str]) -> Failure:
    words = f"There is no harness {name!r}. There are: {', '.join(known)}."
    return Failure(words, Exit.NOT_FOUND)


def _version(view: Mapping[str, Any]) -> str:
    version, verified = view.get("version"), view.get("verified")
    if version and verified and version != verified:
        return f"{version} [dim](verified: {verified})[/]"
    return version or ""


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


@harness.command("doctor")
@click.argument("name", shell_complete=completing.harnesses)
@json_option
def doctor(name: str, as_json: bool) -> None:
    """Start NAME, open a session, and say what is missing. Nothing is said to a model."""
    from athena.app import settings
    from athena.harness.capabilities import Detections
    from athena.harness.examination import examine

    rows = settings.load(Path.cwd()).harnesses()
    if name not in rows:
        raise _unknown(name, list(rows))
    found = asyncio.run(examine(rows[name], os.environ))
    if found.detected is not None and found.is_fit:
        Detections(Path(paths.state_directory()) / "harnesses").keep(found.detected)
    if as_json:
        detected = found.detected.model_dump(mode="json", by_alias=True) if found.detected else None
        checks = [asdict(check) for check in found.checks]
        tell_json({"ok": found.is_fit, "checks": checks, "detected": detected})
    else:
        for check in found.checks:
            sign = SIGNS[check.level]
            out.print(f"{sign} [bold]{check.name}[/]  {check.words}", soft_wrap=True)
            if check.hint:
                out.print(f"    {check.hint}", style="dim", soft_wrap=True)
    sys.exit(Exit.OK if found.is_fit else Exit.HARNESS)
