"""Scenarios: the text read into steps, and the ways in which a scenario is chosen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, NoReturn

from athena.scripted.flow import read_steps
from athena.scripted.profile import Profile, read_profile
from athena.scripted.source import (
    ScenarioError,
    Statement,
    block_head,
    lines_of,
    statements,
    whole,
)
from athena.scripted.verbs import Step

FOLDER = Path(__file__).parent / "scenarios"
MOMENTS = ("start", "initialize", "session", "cancel")

_FENCE = re.compile(r"^```scenario[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_PLAY = re.compile(r"^[ \t]*/play[ \t]+(\S+)", re.MULTILINE)


class Scenario(NamedTuple):
    """A scenario. `turns` by number; `other` is played on turns that have no section."""

    origin: str
    text: str
    about: str
    turns: dict[int, list[Step]]
    other: list[Step] | None
    moments: dict[str, list[Step]]
    profile: Profile | None

    def turn(self, number: int) -> list[Step] | None:
        """The steps of a turn, counted from 1."""
        return self.turns.get(number, self.other)


class Source(NamedTuple):
    """A scenario's text and where it comes from."""

    origin: str
    text: str


def parse(source: Source) -> Scenario:
    """Read a scenario; `ScenarioError` says what is wrong and in which line."""
    turns: dict[int, list[Step]] = {}
    moments: dict[str, list[Step]] = {}
    other: list[Step] | None = None
    profile: Profile | None = None
    loose: list[Statement] = []
    for statement in statements(lines_of(source.text), source.origin):
        word, rest = statement.verb()
        if statement.head == "harness:":
            profile = read_profile(statement)
        elif statement.head == "other turns:":
            other = _section(statement)
        elif word == "turn":
            number = whole(statement, block_head(statement, rest), "turn number")
            if not number or number in turns:
                statement.fail("turns are counted from 1 and written once each")
            turns[number] = _section(statement)
        elif word == "at":
            moment = block_head(statement, rest)
            if moment not in MOMENTS:
                statement.fail(f"no moment '{moment}'; there are: {', '.join(MOMENTS)}")
            moments[moment] = _section(statement, early=True)
        else:
            loose.append(statement)
    if loose and 1 in turns:
        loose[0].fail("steps outside of a turn are turn 1, which is written below as well")
    if loose:
        turns[1] = read_steps(loose)
    if not (turns or other or moments):
        raise ScenarioError(source.origin, 1, "the scenario has no steps")
    about = source.text.lstrip().partition("\n")[0].removeprefix("#").strip()
    return Scenario(source.origin, source.text, about, turns, other, moments, profile)


def _section(statement: Statement, early: bool = False) -> list[Step]:
    block_head(statement, statement.head)
    return read_steps(list(statements(statement.body, statement.origin)), early)


def builtin_names() -> list[str]:
    """The names of the scenarios that come with the harness."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def find(name: str, cwd: Path) -> Source:
    """A built-in scenario by its name, or a scenario file by its path."""
    builtin = FOLDER / f"{name}.txt"
    if re.fullmatch(r"[\w-]+", name) and builtin.is_file():
        return Source(name, builtin.read_text(encoding="utf-8"))
    path = cwd / name
    try:
        return Source(name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        _not_found(name, error)


def _not_found(name: str, error: OSError | UnicodeDecodeError) -> NoReturn:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    known = ", ".join(builtin_names())
    raise ScenarioError(name, 0, f"no such scenario ({reason}); built in are: {known}")


def in_prompt(prompt: str, cwd: Path) -> Source | None:
    """The scenario that a prompt chooses: a fenced block of it, or `/play NAME`."""
    if fence := _FENCE.search(prompt):
        # Line numbers then count from the prompt's first line.
        above = prompt.count("\n", 0, fence.start(1))
        return Source("prompt", "\n" * above + fence[1])
    if play := _PLAY.search(prompt):
        return find(play[1], cwd)
    return None
