"""`athena transcript`: what an agent said and did."""

from __future__ import annotations

from typing import Any

import click
from rich.markdown import Markdown
from rich.rule import Rule

from athena.cli import completing, words
from athena.cli.output import json_option, out, tell_json
from athena.cli.session import session


@click.command("transcript")
@click.argument("agent", shell_complete=completing.agents)
@click.option("--last", "-n", "limit", default=100, show_default=True, help="How many items.")
@click.option("--type", "-t", "types", multiple=True, help="Only items of this type.")
@click.option("--turn", help="Only this turn.")
@click.option("--find", help="Only items with this text.")
@click.option("--before", type=int, help="Only items before this version: the page before.")
@click.option("--markdown", "-M", is_flag=True, help="Markdown instead of a display.")
@json_option
def transcript(
    agent: str,
    limit: int,
    types: tuple[str, ...],
    turn: str | None,
    find: str | None,
    before: int | None,
    markdown: bool,
    as_json: bool,
) -> None:
    """Show what AGENT said and did."""
    with session() as daemon:
        page = daemon.call(
            "athena/transcript/page",
            agent=agent,
            limit=limit,
            types=list(types) or None,
            turnId=turn,
            find=find,
            before=before,
        )
    if as_json:
        tell_json(page)
        return
    if page.get("before"):
        out.print(f"(more: --before {page['before']})", style="dim")
    last_turn = None
    for entry in page["items"]:
        if entry.get("turnId") != last_turn and not markdown:
            last_turn = entry.get("turnId")
            out.print(Rule(last_turn or "", style="dim", align="left"))
        _show(entry, markdown)


def _show(entry: dict[str, Any], markdown: bool) -> None:
    text = words.markdown_item(entry["item"])
    if not text.strip():
        return
    if markdown:
        out.print(text, markup=False, soft_wrap=True, end="\n\n")
    else:
        out.print(Markdown(text))
