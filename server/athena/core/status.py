"""The status of an agent, a function of its state."""

from __future__ import annotations

from athena.core.state import AgentState, has_tree, is_read_only
from athena.protocol.agent import Status
from athena.protocol.request import Inquiry


def status(state: AgentState) -> tuple[Status, str | None]:
    """The status and, where it is not plain, the reason in words."""
    if state.run is None:
        return _without_run(state)
    if state.ending:
        return Status.WORKING, "stopping"
    if state.requests:
        first = next(iter(state.requests.values())).request
        if isinstance(first, Inquiry):
            return Status.NEEDS_INPUT, first.questions[0].text if first.questions else None
        return Status.NEEDS_PERMISSION, first.title
    if not state.run.ready:
        return Status.STARTING, "stalled" if state.stalled else "waiting for the harness"
    if state.turn is not None:
        reason = "stalled" if state.stalled else state.activity
        return Status.WORKING, "interrupting" if state.turn.interrupted else reason
    if state.uncaptured is not None and has_tree(state):
        return Status.WORKING, "capturing what changed"
    if state.queue:
        return Status.WORKING, "next prompt"
    last = state.last_turn
    if last is not None and last.stop_reason == "cancelled":
        return Status.INTERRUPTED, "the turn was interrupted"
    if last is not None and last.stop_reason == "failed":
        return Status.FAILED, last.error.message if last.error else "the turn failed"
    return Status.IDLE, None


def _without_run(state: AgentState) -> tuple[Status, str | None]:
    if is_read_only(state):
        return Status.IMPORTED, None
    if state.workspace_error is not None:
        return Status.FAILED, state.workspace_error
    if state.wanted:
        return Status.STARTING, _before_a_run(state)
    end = state.last_run
    if end is None:
        return Status.DONE, "stopped before it started"
    match end.reason:
        case "failed":
            return Status.FAILED, end.error
        case "lost":
            return Status.INTERRUPTED, end.error or "its process is gone; resume to go on"
        case "killed":
            return Status.DEAD, "killed"
        case "stopped" | "idle":
            return _after_orderly_end(state)
        case "exited":
            cut_short = state.last_turn is not None and state.last_turn.stop_reason == "failed"
            if end.code == 0 and not cut_short:
                return _after_orderly_end(state)
            how = f"signal {end.signal}" if end.signal else f"exit code {end.code}"
            return Status.DEAD, end.error or f"the harness ended with {how}"


def _before_a_run(state: AgentState) -> str:
    if state.workspace is None:
        return "making the workspace"
    return f"setting up: {state.setup[0]}" if state.setup else "starting the harness"


def _after_orderly_end(state: AgentState) -> tuple[Status, str | None]:
    last = state.last_turn
    if last is not None and last.stop_reason == "failed":
        return Status.FAILED, last.error.message if last.error else "the turn failed"
    if last is not None and last.stop_reason == "cancelled":
        return Status.INTERRUPTED, "the turn was interrupted"
    return Status.DONE, None
