"""What errors advise can be typed: each remedy in the code is understood by the command line."""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass

import click
import pytest

from athena.cli.app import app
from athena.protocol.command import Command
from athena.protocol.commands import COMMANDS
from athena.protocol.remedies import BY_ID, remedy
from tests.architecture.source import dotted, modules
from tests.cli.tree import verbs

VERBS = dict(verbs())

WRITTEN = {
    f"{module.path}:{node.lineno}": node
    for module in modules()
    if module.is_in("athena")
    for node in ast.walk(module.tree)
    if isinstance(node, ast.Call) and dotted(node.func) == "remedy"
}


@dataclass(frozen=True)
class Agent:
    id: str = "kq3v7xw2"
    name: str = "painter"


@pytest.mark.parametrize("row", [c for c in COMMANDS if c.verb], ids=lambda c: c.id)
def test_a_verb_is_one(row: Command) -> None:
    assert row.verb in VERBS


def test_there_are_remedies() -> None:
    assert len(WRITTEN) > 10


@pytest.mark.parametrize("place", WRITTEN)
def test_a_remedy_is_understood(place: str) -> None:
    first, *agent = WRITTEN[place].args
    given = {k.arg: "value" for k in WRITTEN[place].keywords if k.arg}
    assert isinstance(first, ast.Constant) and isinstance(first.value, str)
    row = BY_ID[first.value]
    assert row.verb and given.keys() <= {a.name for a in row.arguments}
    line = remedy(row.id, Agent() if agent else None, **given).command_line
    words = shlex.split(line)[1 + len(row.verb.split()) :]
    whole = click.Context(app, **app.context_settings)
    told = VERBS[row.verb].make_context(row.verb, words, parent=whole).params.values()
    assert not agent or "painter" in told
