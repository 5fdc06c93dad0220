"""`athena archetype …`, `athena event …`: what there is and what happened."""

from __future__ import annotations

import click

from athena.cli import completing, options
from athena.cli.groups import Suggesting, meant
from athena.cli.output import (
    Exit,
    Failure,
    interruptible,
    json_option,
    short,
    table,
    tell_json,
    tell_json_line,
    tell_table,
)
from athena.cli.session import session
from athena.cli.watch import batches


@click.group("archetype", cls=Suggesting)
def archetype() -> None:
    """Archetypes: kinds of agents."""


@archetype.command("list")
@json_option
def list_archetypes(as_json: bool) -> None:
    """Show the archetypes that agents here can have."""
    with session() as daemon:
        found = daemon.call("athena/archetype/list")
    if as_json:
        tell_json(found)
        return
    made = table("archetype", "from", "harness", "model", "what it does", cut=("what it does",))
    for a in found["archetypes"]:
        made.add_row(
            a["name"],
            a["source"],
            a.get("harness") or "",
            a.get("model") or "",
            short(a["description"]),
        )
    tell_table(made)


def _check(kinds: tuple[str, ...]) -> None:
    """Refuse kinds that no event has: following them would show nothing for ever."""
    if not kinds:
        return
    from athena.protocol.events import EVENTS

    known = [one.KIND for one in EVENTS]
    for kind in kinds:
        if kind not in known:
            words = meant(kind, known) or f" There are: {', '.join(known)}."
            raise Failure(f"There is no kind of event {kind!r}.{words}", Exit.USAGE)


@click.group("event", cls=Suggesting)
def event() -> None:
    """Events: the log itself."""


@event.command("list")
@options.agent("Only events of this agent.")
@click.option(
    "--kind",
    "-k",
    "kinds",
    metavar="KIND",
    multiple=True,
    shell_complete=completing.kinds,
    help="Only events of this kind.",
)
@click.option(
    "--after", metavar="POSITION", type=int, default=0, help="Only events after this position."
)
@click.option(
    "--limit", "-n", metavar="COUNT", default=200, show_default=True, help="How many at most."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens next.")
@json_option
def list_events(
    agent: str | None, kinds: tuple[str, ...], after: int, limit: int, follow: bool, as_json: bool
) -> None:
    """Show events, a line of JSON each."""
    _check(kinds)
    with session() as daemon, interruptible():
        if follow:
            for method, params in batches(daemon, [agent] if agent else None, cursor=after):
                for one in params["events"] if method == "athena/event/batch" else ():
                    if not kinds or one["kind"] in kinds:
                        tell_json_line(one)
            return
        page = daemon.call(
            "athena/event/list", agent=agent, kinds=list(kinds) or None, after=after, limit=limit
        )
    if as_json:
        tell_json(page)
        return
    for one in page["events"]:
        tell_json_line(one)
