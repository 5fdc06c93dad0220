"""The table of user commands fits the methods, and offers only what the core accepts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from athena.core import decide
from athena.core import fork as forking
from athena.core.evolve import evolve
from athena.core.state import AgentState
from athena.core.status import status
from athena.protocol import events as e
from athena.protocol.command import OFFERS, Command, Source
from athena.protocol.commands import COMMANDS
from athena.protocol.content import TextContent
from athena.protocol.errors import AthenaError
from athena.protocol.methods import BY_NAME, METHODS
from athena.protocol.request import OptionKind, Permission, PermissionOption
from athena.protocol.spec import AgentSpec, WorkspaceSpec
from tests.protocol.samples import model, words_of

VALUES: dict[Source, Any] = {
    **dict.fromkeys(Source, "text"),
    Source.AGENTS: ["one", "two"],
    Source.ANSWERS: {"q1": ["yes"]},
    Source.CHANGED_FILES: ["src/a.py"],
    Source.FIRST_LINE: 1,
    Source.FLAG: True,
    Source.HAZARDS: ["dirty"],
    Source.HUNKS: ["h1"],
    Source.LAST_LINE: 2,
    Source.RULE: {"decision": "allow", "tool": "read"},
    Source.RULE_INDEX: 0,
    Source.SELECTION: [{"type": "resource_link", "uri": "file:///a", "name": "a", "line": 1}],
    Source.WORKSPACE: {"kind": "new"},
}
"""What a client makes of what it offers."""

each = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)


@each
def test_a_command_fits_its_method(command: Command) -> None:
    if command.method is None:
        return
    assert command.method in BY_NAME
    params = BY_NAME[command.method].params
    fields = {field.name: field for field in model().structure(params.__name__).fields}
    names = [argument.name for argument in command.arguments]
    assert not {*names} & {*command.preset}
    required = {a.name for a in command.arguments if a.required} | {*command.preset}
    assert {name for name, field in fields.items() if field.required} <= required
    everything = dict(command.preset)
    for argument in command.arguments:
        choices = list(words_of(fields[argument.name].type))
        assert bool(choices) == (argument.source is Source.CHOICE)
        everything[argument.name] = choices[0] if choices else VALUES[argument.source]
    params.model_validate(everything)
    params.model_validate({name: everything[name] for name in required})


@each
def test_a_command_is_named_as_its_method(command: Command) -> None:
    assert re.fullmatch(r"athena\.[a-z][A-Za-z]*\.[a-z][A-Za-z]*", command.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)?", command.word)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", command.icon)
    assert command.summary.endswith(".")
    if command.method and not command.preset:
        assert command.id == command.method.replace("/", ".")


@each
def test_a_command_on_an_agent_says_when(command: Command) -> None:
    needs_agent = any(a.source is Source.AGENT and a.required for a in command.arguments)
    assert (command.when is not None) == needs_agent or command.id == "athena.comparison.get"


def test_identities_are_unique() -> None:
    for names in ([c.id for c in COMMANDS], [c.word for c in COMMANDS]):
        assert not [name for name, count in Counter(names).items() if count > 1]
    keys = [c.key for c in COMMANDS if c.key is not None]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch("[a-z]", key) for key in keys)


def test_whatever_acts_has_a_command() -> None:
    called = {command.method for command in COMMANDS}
    assert {o.name for o in METHODS if o.lane == "write"} <= called


def test_every_source_is_used_and_explained() -> None:
    used = {argument.source for command in COMMANDS for argument in command.arguments}
    assert used == set(Source) == OFFERS.keys()


# The agents for which commands are offered, as their events make them.

SPAWNED = e.AgentSpawned(spec=AgentSpec(name="ada", harness="scripted", project="/p"))
RUNNING = (SPAWNED, e.RunStarted(run_id="r", harness="scripted", argv=["x"], cwd="/p"))
IDLE = (*RUNNING, e.SessionOpened(run_id="r", session_id="s"))
WORKING = (*IDLE, e.TurnStarted(turn_id="t", run_id="r"))
ASKING = (
    *WORKING,
    e.RequestOpened(
        request_id="q",
        turn_id="t",
        request=Permission(
            title="May I?",
            options=[PermissionOption(id="yes", name="Yes", kind=OptionKind.ALLOW_ONCE)],
        ),
    ),
)
ASKED_AGAIN = (
    *WORKING,
    e.TurnEnded(turn_id="t", stop_reason="endTurn"),
    e.TurnStarted(turn_id="u", run_id="r"),
)
CANCELLED = (*WORKING, e.TurnEnded(turn_id="t", stop_reason="cancelled"))
DONE = (*IDLE, e.AgentStopped(how="stop"), e.RunEnded(run_id="r", reason="stopped", code=0))
DEAD = (*IDLE, e.RunEnded(run_id="r", reason="killed", signal="SIGKILL"))
ARCHIVED = (*DONE, e.AgentArchived())
IMPORTED = (
    SPAWNED,
    e.SessionImported(harness="claude", session_id="s", path="/s.jsonl", cwd="/p"),
)
HERE = WorkspaceSpec(kind="none")
ADOPTED = (*IMPORTED, e.SessionAdopted(session_id="s", workspace=HERE))

HISTORIES: dict[str, tuple[e.EventData, ...]] = {
    "starting": (SPAWNED,),
    "running": RUNNING,
    "idle": IDLE,
    "working": WORKING,
    "asking": ASKING,
    "asked again": ASKED_AGAIN,
    "cancelled": CANCELLED,
    "done": DONE,
    "dead": DEAD,
    "archived": ARCHIVED,
    "imported": IMPORTED,
    "adopted": ADOPTED,
}

RULES = {
    "athena.agent.prompt": lambda s: decide.prompt(s, [TextContent(text="x")], False, "me"),
    "athena.agent.steer": lambda s: decide.prompt(s, [TextContent(text="x")], True, "me"),
    "athena.agent.interrupt": lambda s: decide.interrupt(s, "me"),
    "athena.agent.stop": lambda s: decide.stop(s, "me"),
    "athena.agent.kill": lambda s: decide.kill(s, "me"),
    "athena.agent.resume": lambda s: decide.resume(s, "me"),
    "athena.agent.rename": lambda s: decide.rename(s, "grace"),
    "athena.agent.archive": decide.archive,
    "athena.agent.restore": decide.restore,
    "athena.agent.move": lambda s: decide.move(s, e.AgentMoved(harness="codex")),
    "athena.agent.fork": lambda s: forking.last_turn(s, None),
    "athena.session.adopt": lambda s: decide.adopt(s, (), HERE, None, None, "me"),
}

ALSO_ACCEPTED = {
    # A steering prompt without a turn is an ordinary one; no client need offer that.
    ("athena.agent.steer", "starting"),
    ("athena.agent.steer", "running"),
    ("athena.agent.steer", "idle"),
    ("athena.agent.steer", "cancelled"),
    ("athena.agent.steer", "done"),
    ("athena.agent.steer", "dead"),
    ("athena.agent.steer", "adopted"),
    # Nothing is lost by moving an agent before it ran, but nobody asks for it.
    ("athena.agent.move", "starting"),
    ("athena.agent.move", "adopted"),
    ("athena.agent.move", "running"),
}

ALSO_OFFERED = {
    # Clients do not know whether a turn has ended; the refusal says so.
    ("athena.agent.fork", history)
    for history in ("idle", "working", "asking", "done", "dead")
}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("command_id", RULES)
def test_what_is_offered_is_what_the_core_accepts(command_id: str, history: str) -> None:
    state = _folded(HISTORIES[history])
    command = next(c for c in COMMANDS if c.id == command_id)
    assert command.when is not None
    now, _ = status(state)
    offered = command.when.fits(now, running=state.run is not None, archived=state.archived)
    try:
        accepted = bool(RULES[command_id](state))
    except AthenaError:
        accepted = False
    agree = offered == accepted
    assert agree or (command_id, history) in (ALSO_ACCEPTED if accepted else ALSO_OFFERED)


def _folded(history: tuple[e.EventData, ...]) -> AgentState:
    state: AgentState | None = None
    for version, event in enumerate(history, 1):
        state = evolve(state, "a", version, 0, event)
    assert state is not None
    return state
