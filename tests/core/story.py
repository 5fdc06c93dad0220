"""A story of an agent as text: one event a line, and what is true after it.

    spawn                      | starting: making the workspace | MakeWorkspace
    workspace /tree            | starting: starting the harness | StartRun a.r1

Left of the first bar is the event, then the status and its reason, then what is due next.
"""

from __future__ import annotations

import shlex
from dataclasses import fields

from athena.core.evolve import evolve
from athena.core.state import AgentState
from athena.core.status import status
from athena.core.step import NextStep, next_step
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import ToolCall
from athena.protocol.request import (
    Inquiry,
    OptionKind,
    Outcome,
    Permission,
    PermissionOption,
    Question,
)
from athena.protocol.spec import AgentSpec
from athena.protocol.usage import Cost, CostSource, Usage

AGENT = "a"
OPTIONS = [
    PermissionOption(id="once", name="Allow", kind=OptionKind.ALLOW_ONCE),
    PermissionOption(id="no", name="Reject", kind=OptionKind.REJECT_ONCE),
]


def tell(story: str, can_steer: bool = False) -> str:
    """The story with what is true after each event; equal to the story when it is right."""
    told: list[str] = []
    state: AgentState | None = None
    for version, line in enumerate(story.strip().splitlines(), 1):
        event = line.split("|")[0].strip()
        state = evolve(state, AGENT, version, version * 1000, fact(event))
        now, reason = status(state)
        said = f"{now.value}: {reason}" if reason else now.value
        due = next_step(state, can_steer=can_steer)
        told.append(" | ".join([event, said, words(due)]).rstrip(" |"))
    return "\n".join(told)


def squeezed(story: str) -> str:
    """A story without the white space that lines it up."""
    return "\n".join(
        " | ".join(part.strip() for part in line.split("|")).rstrip(" |")
        for line in story.strip().splitlines()
    )


def words(step: NextStep | None) -> str:
    """What is due, as a class and its values."""
    if step is None:
        return ""
    told = {f.name: getattr(step, f.name) for f in fields(step)}
    values = [told[f.name] for f in fields(step) if told[f.name] != f.default]
    shown = [v.prompt_id if hasattr(v, "prompt_id") else str(v) for v in values]
    return " ".join([type(step).__name__, *shown])


def fact(line: str) -> e.EventData:
    """The event that a line means."""
    word, *rest = shlex.split(line)
    return FACTS[word](*rest)


def _spawn(harness: str = "scripted") -> e.EventData:
    return e.AgentSpawned(spec=AgentSpec(name="story", harness=harness, project="/project"))


def _workspace(path: str, repository: str | None = None) -> e.EventData:
    return e.WorkspaceReady(path=path, cwd=path, kind="new", repository=repository)


def _prompt(name: str, delivery: str = "queue") -> e.EventData:
    content = [TextContent(text="do it")]
    return e.PromptQueued(prompt_id=name, content=content, delivery=delivery)


def _end(reason: str = "endTurn", error: str | None = None) -> e.EventData:
    told = e.TurnError(message=error) if error else None
    return e.TurnEnded(turn_id="a.t1", stop_reason=reason, error=told)


def _gone(reason: str, code: str | None = None, error: str | None = None) -> e.EventData:
    return e.RunEnded(run_id="a.r1", reason=reason, code=int(code) if code else None, error=error)


def _usage(response: str, tokens: str, cost: str | None = None) -> e.EventData:
    amount = Cost(amount=float(cost), source=CostSource.REPORTED) if cost else None
    return e.UsageReported(
        turn_id="a.t1", response_id=response, usage=Usage(input_tokens=int(tokens)), cost=amount
    )


FACTS = {
    "spawn": _spawn,
    "workspace": _workspace,
    "no-workspace": lambda why: e.WorkspaceFailed(error=why),
    "run": lambda name="a.r1", harness="scripted": e.RunStarted(
        run_id=name, harness=harness, argv=[], cwd="/"
    ),
    "session": lambda name="s1", run="a.r1": e.SessionOpened(run_id=run, session_id=name),
    "given-up": lambda why: e.RunGivenUp(run_id="a.r1", error=why),
    "gone": _gone,
    "prompt": _prompt,
    "withdraw": lambda name: e.PromptWithdrawn(prompt_id=name),
    "steered": lambda name: e.PromptSteered(prompt_id=name, turn_id="a.t1"),
    "turn": lambda name="a.t1", prompt="p1": e.TurnStarted(
        turn_id=name, run_id="a.r1", prompt_id=prompt
    ),
    "interrupt": lambda: e.TurnInterrupted(turn_id="a.t1"),
    "end": _end,
    "checkpoint": lambda turn, edge: e.CheckpointTaken(
        turn_id=turn, edge=edge, ref="refs/x", commit="c", tree="t"
    ),
    "tool": lambda title: e.ItemStarted(item_id="i1", item=ToolCall(title=title)),
    "ask": lambda title, name="q1": e.RequestOpened(
        request_id=name, request=Permission(title=title, options=OPTIONS)
    ),
    "question": lambda text: e.RequestOpened(
        request_id="q1", request=Inquiry(questions=[Question(id="1", text=text)])
    ),
    "answer": lambda name="q1": e.RequestClosed(
        request_id=name, outcome=Outcome.SELECTED, option_id="once"
    ),
    "usage": _usage,
    "stop": lambda: e.AgentStopped(how="stop"),
    "kill": lambda: e.AgentStopped(how="kill"),
    "resume": lambda: e.AgentResumed(),
    "move": lambda harness: e.AgentMoved(harness=harness),
    "stall": lambda: e.AgentStalled(seconds=300),
    "recover": lambda: e.AgentRecovered(),
    "archive": lambda: e.AgentArchived(),
    "restore": lambda: e.AgentRestored(),
    "newer": lambda: e.UnknownEvent(),
}
