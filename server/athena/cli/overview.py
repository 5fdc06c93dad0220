"""The list of agents, in as many columns as there is room for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from athena.cli import words
from athena.cli.output import is_seen, out

FROM_WIDTH = {"harness": 70, "project": 100, "tokens": 80}
"""Columns that a narrower terminal has no room for."""


def agents_table(agents: list[dict[str, Any]]) -> Table:
    """Agents, a row each. Where there is little room, what they are doing is cut short.

    The project is shown when there is more than one.
    """
    columns = ["agent", "status", "harness", "project", "doing", "tokens", "cost", "age"]
    if len({a["project"] for a in agents}) == 1:
        columns.remove("project")
    if is_seen():
        columns = [name for name in columns if FROM_WIDTH.get(name, 0) <= out.width]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=column != "doing")
    for agent in agents:
        cells = _cells(agent)
        table.add_row(*(cells[name] for name in columns))
    return table


def _cells(agent: dict[str, Any]) -> dict[str, Text | str]:
    doing = agent.get("reason") or agent.get("activity") or agent.get("title") or ""
    return {
        "agent": Text(agent["name"]),
        "status": words.status(agent["status"], agent.get("stalled", False)),
        "harness": agent["harness"],
        "project": Text(Path(agent["project"]).name),
        "doing": Text(doing.partition("\n")[0], no_wrap=True, overflow="ellipsis"),
        "tokens": words.tokens(agent.get("usage")),
        "cost": words.money(agent.get("cost")),
        "age": words.ago(agent["createdAt"]),
    }
