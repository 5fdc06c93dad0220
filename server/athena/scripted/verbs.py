"""The table of verbs: what a step may be, how it is read and how it is performed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from athena.scripted.source import Statement

if TYPE_CHECKING:
    from athena.scripted.play import Play

A = TypeVar("A")
Parse = Callable[[Statement, str], A]
Perform = Callable[["Play", A], None]


class Verb(NamedTuple):
    """A kind of step. `early` verbs may also stand in an `at start:` or `at initialize:` block."""

    name: str
    usage: str
    about: str
    group: str
    parse: Parse[Any]
    perform: Perform[Any]
    early: bool


class Step(NamedTuple):
    """One step of a scenario, read and checked."""

    line: int
    verb: Verb
    args: Any


VERBS: dict[str, Verb] = {}


def verb(
    usage: str, about: str, group: str, parse: Parse[A], early: bool = False
) -> Callable[[Perform[A]], Perform[A]]:
    """Enter the decorated function into the table under the first word of its usage."""

    def enter(perform: Perform[A]) -> Perform[A]:
        name = usage.split()[0]
        VERBS[name] = Verb(name, usage, about, group, parse, perform, early)
        return perform

    return enter


def nothing(statement: Statement, rest: str) -> None:
    """The arguments of a verb that has none."""
    statement.no_body()
    if rest:
        statement.fail(f"'{statement.verb()[0]}' takes no words")
