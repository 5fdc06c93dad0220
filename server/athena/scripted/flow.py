"""The flow of a scenario: blocks, branches, repetition, waiting and the end of a turn."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from athena.scripted.source import (
    VARIABLES,
    Statement,
    block_head,
    checked,
    needed,
    seconds,
    statements,
    whole,
)
from athena.scripted.verbs import VERBS, Step, verb

if TYPE_CHECKING:
    from athena.scripted.play import Play

STOP_REASONS = ("end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled")


class TurnEnds(Exception):
    """The turn ends here, with an ACP stop reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TurnFails(Exception):
    """The request being answered fails with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Branch(NamedTuple):
    """A condition on a variable and what is played when it holds. `test` None: otherwise."""

    variable: str
    test: str | None
    value: str
    negated: bool
    steps: list[Step]


def read_steps(found: Sequence[Statement], early: bool = False) -> list[Step]:
    """The steps of a block. `early` blocks may hold only what needs no session."""
    steps: list[Step] = []
    for statement in found:
        word, rest = statement.verb()
        if word in ("on", "otherwise:") and steps and _joins(steps[-1], word):
            steps[-1].args.append(_branch(statement, word, rest))
            continue
        if word == "otherwise:":
            statement.fail("'otherwise:' must follow an 'on' or an 'if'")
        known = VERBS.get(word)
        if known is None:
            close = difflib.get_close_matches(word, VERBS, 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            statement.fail(f"unknown step '{word}'{hint}")
        if early and not known.early:
            statement.fail(f"'{word}' needs a session and cannot stand in this block")
        steps.append(Step(statement.number, known, known.parse(statement, rest)))
    return steps


def _joins(last: Step, word: str) -> bool:
    if last.verb.name not in ("on", "if"):
        return False
    closed = last.args[-1].test is None
    return not closed and (word == "otherwise:" or last.verb.name == "on")


def block(statement: Statement) -> list[Step]:
    """The steps below a statement."""
    return read_steps(list(statements(statement.body, statement.origin)))


def _branch(statement: Statement, word: str, rest: str) -> Branch:
    head = block_head(statement, statement.head)
    steps = block(statement)
    if word == "otherwise:":
        return Branch("", None, "", False, steps)
    if word == "on":
        return Branch("outcome", "on", head.removeprefix("on").strip(), False, steps)
    if exists := re.fullmatch(r"if (not )?exists (.+)", head):
        return Branch("", "exists", exists[2], bool(exists[1]), steps)
    match = re.fullmatch(r"if (not )?(\w+) (is|contains) (.+)", head)
    if not match or match[2] not in VARIABLES:
        known = ", ".join(VARIABLES)
        statement.fail(f"write: if [not] NAME is|contains VALUE:, if exists PATH:; names: {known}")
    return Branch(match[2], match[3], match[4], bool(match[1]), steps)


def _branches(statement: Statement, rest: str) -> list[Branch]:
    return [_branch(statement, statement.verb()[0], rest)]


def _holds(play: Play, branch: Branch) -> bool:
    match branch.test:
        case None:
            return True
        case "exists":
            holds = play.path(branch.value).exists()
        case "contains":
            holds = branch.value in play.values[branch.variable]
        case "is":
            holds = play.values[branch.variable] == branch.value
        case _:
            # `on allow:` stands for both ways to allow, `on allow-once:` for one.
            outcome = play.values["outcome"]
            families = {"allow": ("allow-once", "allow-always")}
            families["reject"] = ("reject-once", "reject-always")
            holds = outcome == branch.value or outcome in families.get(branch.value, ())
    return holds is not branch.negated


@verb("on OUTCOME:", "Plays the block if the last outcome was this one.", "flow", _branches)
def on(play: Play, branches: list[Branch]) -> None:
    for branch in branches:
        if _holds(play, branch):
            play.run(branch.steps)
            return


@verb(
    "if [not] NAME is|contains VALUE:",
    "Plays the block if a variable is or holds the value; also `if [not] exists PATH:`.",
    "flow",
    _branches,
)
def if_(play: Play, branches: list[Branch]) -> None:
    on(play, branches)


class Repeat(NamedTuple):
    times: int
    steps: list[Step]


def _repeat(statement: Statement, rest: str) -> Repeat:
    return Repeat(whole(statement, block_head(statement, rest), "count"), block(statement))


@verb("repeat COUNT:", "Plays the block so many times; `${count}` is the round.", "flow", _repeat)
def repeat(play: Play, args: Repeat) -> None:
    outer = play.values["count"]
    for count in range(1, args.times + 1):
        play.values["count"] = str(count)
        play.run(args.steps)
    play.values["count"] = outer


def _duration(statement: Statement, rest: str) -> float:
    statement.no_body()
    return seconds(statement, needed(statement, rest, "a duration, such as 200ms"))


@verb("wait DURATION", "Does nothing for a while.", "flow", _duration, early=True)
def wait(play: Play, duration: float) -> None:
    play.pause(duration)


class Gate(NamedTuple):
    path: str
    patience: float


def _gate(statement: Statement, rest: str) -> Gate:
    statement.no_body()
    path, _, patience = needed(statement, rest, "a path").partition(" within ")
    return Gate(checked(statement, path), seconds(statement, patience or "10m"))


@verb(
    "gate PATH [within DURATION]",
    "Waits until the file exists (10 minutes at most, then the turn fails).",
    "flow",
    _gate,
    early=True,
)
def gate(play: Play, args: Gate) -> None:
    path = play.path(play.expand(args.path))
    if not play.until(path.exists, args.patience):
        raise TurnFails(-32603, f"the gate {path} did not open within {args.patience:g} s")


def _patience(statement: Statement, rest: str) -> float:
    statement.no_body()
    word, _, patience = rest.partition(" ")
    if rest and (word != "within" or not patience):
        statement.fail("write: listen, or listen within DURATION")
    return seconds(statement, patience or "10m")


@verb(
    "listen [within DURATION]",
    "Waits for a prompt that is steered into the turn; the outcome is `steered` or `timeout`.",
    "flow",
    _patience,
)
def listen(play: Play, patience: float) -> None:
    heard = play.until(lambda: bool(play.session.steered), patience)
    play.values["outcome"] = "steered" if heard else "timeout"
    if heard:
        play.values["steered"] = play.session.steered.pop(0)


def _path(statement: Statement, rest: str) -> str:
    statement.no_body()
    return checked(statement, needed(statement, rest, "a path"))


@verb(
    "mark PATH",
    "Makes an empty file, to show how far it is.",
    "flow",
    _path,
    early=True,
)
def mark(play: Play, name: str) -> None:
    path = play.path(play.expand(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@verb(
    "pace DURATION",
    "Sets the pause between pieces of text, for this turn.",
    "flow",
    _duration,
)
def pace(play: Play, duration: float) -> None:
    play.pace = duration


def _count(statement: Statement, rest: str) -> int:
    statement.no_body()
    return max(1, whole(statement, rest, "number of characters"))


@verb(
    "chunk COUNT",
    "Sets the size of the pieces of text, for this turn.",
    "flow",
    _count,
)
def chunk(play: Play, count: int) -> None:
    play.chunk = count


def _reason(statement: Statement, rest: str) -> str:
    statement.no_body()
    if rest not in STOP_REASONS:
        statement.fail(f"'{rest}' is no stop reason; there are: {', '.join(STOP_REASONS)}")
    return rest


@verb("stop REASON", "Ends the turn with an ACP stop reason (`refusal`).", "flow", _reason)
def stop(play: Play, reason: str) -> None:
    raise TurnEnds(reason)


class Error(NamedTuple):
    code: int
    message: str
    data: Any


def _error(statement: Statement, rest: str) -> Error:
    match = re.fullmatch(r"(?:(-?\d+)\s+)?(.+)", rest)
    if not match:
        statement.fail("write: error [CODE] MESSAGE")
    data = json_value(statement, statement.text("")) if statement.body else None
    return Error(int(match[1] or -32603), checked(statement, match[2]), data)


def json_value(statement: Statement, text: str) -> Any:
    """A JSON value of a scenario."""
    try:
        return json.loads(text)
    except ValueError as error:
        statement.fail(f"not JSON: {error}")


@verb(
    "error [CODE] MESSAGE",
    "Answers the request with a JSON-RPC error; indented lines are its data in JSON.",
    "flow",
    _error,
    early=True,
)
def error(play: Play, args: Error) -> None:
    raise TurnFails(args.code, play.expand(args.message), args.data)
