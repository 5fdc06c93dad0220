"""`athena transcript`: what an agent said and did."""

from __future__ import annotations

from typing import Any

import click
from rich.markdown import Markdown
from rich.rule import Rule

from athena.cli import completing, options, words
from athena.cli.advice import quoted
from athena.cli.output import is_seen, json_option, out, say, tell_json
from athena.cli.session import session
from athena.cli.turns import turn_id

TYPES = ("userMessage", "message", "reasoning", "toolCall", "plan", "notice", "unrecognized")


@click.command("transcript")
@click.argument("agent", shell_complete=completing.agents)
@click.option(
    "--limit", "-n", metavar="COUNT", default=100, show_default=True, help="How many items at most."
)
@click.option(
    "--type",
    "-t",
    "types",
    metavar="TYPE",
    multiple=True,
    type=click.Choice(TYPES),
    help=f"Only items of this type: {', '.join(TYPES)}.",
)
@options.turn("Only this turn: its number, or its id.")
@click.option("--find", metavar="TEXT", help="Only items with this text.")
@click.option(
    "--before", metavar="VERSION", type=int, help="Only items before this one: the page before."
)
@click.option("--markdown", "-M", is_flag=True, help="Markdown, as it is in a pipe anyway.")
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
            turnId=turn_id(daemon, agent, turn),
            find=find,
            before=before,
        )
    if as_json:
        tell_json(page)
        return
    if page.get("before"):
        say(f"(before that: athena transcript {quoted(agent)} --before {page['before']})", "dim")
    if not page["items"]:
        say(f"Nothing of {agent} fits." if types or turn or find else f"{agent} said nothing yet.")
    plain = markdown or not is_seen()
    last_turn = None
    for entry in page["items"]:
        if entry.get("turnId") != last_turn and not plain:
            last_turn = entry.get("turnId")
            number = (last_turn or "").rpartition(".t")[2]
            out.print(Rule(f"turn {number}" if number else "", style="dim", align="left"))
        _show(entry, plain)


def _show(entry: dict[str, Any], plain: bool) -> None:
    text = words.markdown_item(entry["item"])
    if not text.strip():
        return
    if plain:
        out.print(text, markup=False, soft_wrap=True, end="\n\n")
    else:
        out.print(Markdown(text))
