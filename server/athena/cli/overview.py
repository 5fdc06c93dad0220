"""The list of agents, in as many columns as there is room for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from athena.cli import words
from athena.cli.output import is_seen, out, short, table

SPARED = ("tokens", "project", "harness", "cost")
"""Columns that make room where there is little, the first one first."""

ROOM = 16
"""Columns of a terminal that what an agent is doing should have."""


def agents_table(agents: list[dict[str, Any]]) -> Table:
    """Agents, a row each. Where there is little room, what they are doing is cut short.

    The project is shown when there is more than one.
    """
    names = ["agent", "status", "harness", "project", "doing", "tokens", "cost", "age"]
    if len({a["project"] for a in agents}) == 1:
        names.remove("project")
    rows = [_cells(agent) for agent in agents]
    if is_seen():
        for spared in SPARED:
            if spared in names and _taken(names, rows) + ROOM > out.width:
                names.remove(spared)
    made = table(*names, cut=("doing",))
    for cells in rows:
        made.add_row(*(cells[name] for name in names))
    return made


def _taken(names: list[str], rows: list[dict[str, Text]]) -> int:
    """How much room the columns take, but for what agents are doing."""
    others = [name for name in names if name != "doing"]
    widest = (max(cell_len(name), *(row[name].cell_len for row in rows)) for name in others)
    return sum(width + 2 for width in widest)


def _cells(agent: dict[str, Any]) -> dict[str, Text]:
    doing = agent.get("reason") or agent.get("activity") or agent.get("title") or ""
    return {
        "agent": Text(agent["name"]),
        "status": words.status(agent["status"], agent.get("stalled", False)),
        "harness": Text(agent["harness"]),
        "project": Text(Path(agent["project"]).name),
        "doing": short(doing.partition("\n")[0]),
        "tokens": Text(words.tokens(agent.get("usage"))),
        "cost": Text(words.money(agent.get("cost"))),
        "age": Text(words.ago(agent["createdAt"])),
    }
