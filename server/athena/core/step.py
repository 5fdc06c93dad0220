"""What an agent needs next: the one rule that starts and stops things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from athena.core.state import AgentState, has_tree, is_read_only
from athena.protocol.agent import QueuedPrompt


@dataclass(frozen=True, slots=True)
class MakeWorkspace:
    """Make the working directory."""


@dataclass(frozen=True, slots=True)
class RunSetup:
    """Run the next script that sets the workspace up."""

    command: str


@dataclass(frozen=True, slots=True)
class EndSetup:
    """End the script that sets the workspace up: the user wants no run any more."""


@dataclass(frozen=True, slots=True)
class StartRun:
    """Start a harness process. `resume` is the session to go on with, or to begin with a copy of
    where it is a `fork`; `primed` asks for a primer made out of the log, for when there is none or
    it cannot be restored."""

    run_id: str
    resume: str | None
    primed: bool
    fork: bool = False


@dataclass(frozen=True, slots=True)
class TakeCheckpoint:
    """Capture the working tree at an edge of a turn."""

    turn_id: str
    edge: Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class StartTurn:
    """Hand the next prompt to the idle harness."""

    turn_id: str
    prompt: QueuedPrompt


@dataclass(frozen=True, slots=True)
class SteerTurn:
    """Hand a steering prompt to the running turn."""

    prompt: QueuedPrompt


@dataclass(frozen=True, slots=True)
class InterruptTurn:
    """End the turn so that a steering prompt, or the stop, can follow."""

    by: str


@dataclass(frozen=True, slots=True)
class CloseRun:
    """End the harness process in order."""


@dataclass(frozen=True, slots=True)
class KillRun:
    """End the harness process and all its children now."""


NextStep = (
    MakeWorkspace
    | RunSetup
    | EndSetup
    | TakeCheckpoint
    | StartRun
    | StartTurn
    | SteerTurn
    | InterruptTurn
    | CloseRun
    | KillRun
)


def next_step(state: AgentState, *, can_steer: bool) -> NextStep | None:
    """What to do now, or nothing. Asked again after each event, so it says one thing at a time."""
    if is_read_only(state):
        return None
    if state.ending == "kill" or (state.run is not None and state.run.given_up):
        return KillRun() if state.run else None
    if state.turn is not None:
        return _during_a_turn(state, can_steer)
    if state.uncaptured is not None and has_tree(state):
        return TakeCheckpoint(state.uncaptured, "end")
    if state.run is None:
        return _towards_a_run(state)
    if state.ending == "stop":
        return CloseRun()
    if state.run.harness != state.spec.harness:
        return CloseRun()
    if state.run.ready and state.queue:
        turn_id = state.next_turn_id()
        if has_tree(state) and state.captured != turn_id:
            return TakeCheckpoint(turn_id, "start")
        return StartTurn(turn_id, state.queue[0])
    return None


def _towards_a_run(state: AgentState) -> NextStep | None:
    if state.archived or not state.wanted or state.workspace_error is not None:
        return EndSetup() if setting_up(state) else None
    if state.workspace is None:
        return MakeWorkspace()
    if state.setup:
        return RunSetup(state.setup[0])
    return _start(state)


def _start(state: AgentState) -> StartRun:
    run_id, fork = state.next_run_id(), state.spec.fork
    primed = state.turns > 0 or fork is not None
    if fork is not None and not state.sessions and fork.harness == state.spec.harness:
        copied = fork.session_id
        return StartRun(run_id, resume=copied, primed=primed, fork=copied is not None)
    own = state.session_harness == state.spec.harness
    return StartRun(run_id, resume=state.session_id if own else None, primed=primed)


def setting_up(state: AgentState) -> bool:
    """Whether a script that sets the workspace up runs now."""
    return any(script.stage == "setup" for script in state.scripts.values())


def _during_a_turn(state: AgentState, can_steer: bool) -> NextStep | None:
    assert state.turn is not None
    if state.ending == "stop":
        return None if state.turn.interrupted else InterruptTurn("athena")
    if state.queue and state.queue[0].delivery == "steer" and not state.turn.interrupted:
        return SteerTurn(state.queue[0]) if can_steer else InterruptTurn("athena")
    return None
