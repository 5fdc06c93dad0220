"""`athena cost` and `athena compare`: agents in numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
from rich.markup import escape

from athena.cli import completing, options, words
from athena.cli.output import json_option, say, table, tell_json, tell_table
from athena.cli.session import session
from athena.protocol.counted import counted

DAY_HOURS = 24


@click.command("cost")
@click.option(
    "--hours",
    metavar="COUNT",
    type=click.IntRange(1, DAY_HOURS),
    default=DAY_HOURS,
    show_default=True,
    help="How far back the sum goes.",
)
@options.project("Only agents of this project, in the list.")
@json_option
def cost(hours: int, project: str | None, as_json: bool) -> None:
    """Show what was spent in the last hours, and what each agent cost, the dearest first.

    `~` marks what is worked out from prices, and was not reported by the harness.
    """
    since = int((time.time() - hours * 3600) * 1000)
    with session() as daemon:
        spent = daemon.call("athena/cost/get", since=since)
        agents = daemon.call("athena/agent/list", archived=True, project=project)["agents"]
    if as_json:
        tell_json(spent)
        return
    dear = sorted((a for a in agents if any(_spent(a))), key=_spent, reverse=True)
    if dear:
        made = table("agent", "harness", "turns", "tokens", "cost")
        for a in dear:
            made.add_row(
                escape(a["name"]),
                a["harness"],
                str(a["turns"]),
                words.tokens(a.get("usage")),
                words.money(a.get("cost")),
            )
        tell_table(made)
    total = words.money(spent.get("cost")) or "nothing"
    say(f"last {hours} h: {total}, {counted(spent['agents'], 'agent')}")


def _spent(agent: dict[str, Any]) -> tuple[float, int]:
    """By what agents are sorted: money, then tokens."""
    usage = words.part(agent, "usage")
    used = usage.get("inputTokens", 0) + usage.get("outputTokens", 0)
    return float(words.part(agent, "cost").get("amount", 0)), used


@click.command("compare")
@click.argument("agents", nargs=-1, required=True, shell_complete=completing.agents)
@json_option
def compare(agents: tuple[str, ...], as_json: bool) -> None:
    """Show two to four AGENTS side by side: what each did, changed and cost."""
    with session() as daemon:
        found = daemon.call("athena/comparison/get", agents=list(agents))
    if as_json:
        tell_json(found)
        return
    made = table("", *(escape(a["name"]) for a in found["agents"]))
    for label, cell in ROWS:
        made.add_row(f"[dim]{label}[/]", *(escape(cell(a)) for a in found["agents"]))
    tell_table(made)
    if found["sharedFiles"]:
        say(f"changed by several: {', '.join(found['sharedFiles'])}")


def _tests(a: dict[str, Any]) -> str:
    if not a["testRuns"]:
        return "none run"
    ended = {"True": "passed", "False": "failed"}.get(str(a.get("testsPassed")), "has no result")
    return f"{counted(a['testRuns'], 'run')}, the last {ended}"


ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("harness", lambda a: a["harness"]),
    ("model", lambda a: a.get("model") or ""),
    ("status", lambda a: words.status(a["status"]).plain),
    ("turns", lambda a: str(a["turns"])),
    ("time", lambda a: words.lasting(a["durationMs"] / 1000)),
    ("tool calls", lambda a: str(a["toolCalls"])),
    (
        "commands",
        lambda a: f"{a['commands']} ({a['failedCommands']} failed)" if a["commands"] else "none",
    ),
    ("tests", _tests),
    ("files", lambda a: f"{a['files']}  +{a['additions']} -{a['deletions']}"),
    ("tokens", words.tokens),
    ("cost", lambda a: words.money(a.get("cost"))),
)
