"""What a copy of an agent takes along, and from which moment on it is another one. Pure."""

from __future__ import annotations

from athena.core.decide import not_archived, not_read_only, wrong_state
from athena.core.state import AgentState
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import Notice
from athena.protocol.spec import AgentSpec, Fork, WorkspaceSpec


def last_turn(state: AgentState, wanted: str | None) -> str:
    """The last turn that a copy has. `AthenaError` where there can be no copy."""
    not_archived(state)
    not_read_only(state)
    if state.last_turn is None:
        raise wrong_state(
            state, "It has ended no turn yet, so there is nothing to take along. Spawn another one."
        )
    if wanted is not None and state.turn is not None and wanted == state.turn.turn_id:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{wanted} is running: wait for its end, or fork after {state.last_turn.turn_id}.",
            field="turnId",
        )
    return wanted or state.last_turn.turn_id


def is_now(state: AgentState, turn_id: str) -> bool:
    """Whether nothing was said since this turn ended."""
    last = state.last_turn
    return state.turn is None and last is not None and last.turn_id == turn_id


def session_to_copy(state: AgentState, turn_id: str, harness: str) -> str | None:
    """The session whose copy knows what was said up to a turn, if the harness has it."""
    own = state.session_harness == harness
    return state.session_id if own and is_now(state, turn_id) else None


def spec_of(
    state: AgentState,
    fork: Fork,
    workspace: WorkspaceSpec,
    *,
    name: str,
    harness: str,
    model: str | None,
    mode: str | None,
) -> AgentSpec:
    """The spec of a copy. Model, mode and options are each harness's own."""
    same = harness == state.spec.harness
    changes: dict[str, object] = {
        "name": name,
        "harness": harness,
        "model": model or (state.spec.model if same else None),
        "mode": mode or (state.spec.mode if same else None),
        "options": state.spec.options if same else {},
        "workspace": workspace,
        "fork": fork,
    }
    return state.spec.model_copy(update=changes)


def seam(state: AgentState, fork: Fork, *, files: str) -> Notice:
    """What the transcript of the copy begins with. `files` says which it has."""
    number = fork.turn_id.rpartition(".t")[2]
    after = f"turn {number}" if number.isdigit() else fork.turn_id
    words = f"A copy of {state.name} as it was after {after}. It knows the conversation. {files}"
    return Notice(text=words, topic="fork")


def told_of(state: AgentState) -> str | None:
    """What a copy has to know of the directories that its conversation names."""
    fork, place = state.spec.fork, state.workspace
    if fork is None or place is None or fork.cwd in (None, place.cwd):
        return None
    cwd = place.cwd
    return (
        f"You are a copy of another agent, which worked in {fork.cwd}. You work in {cwd}, which "
        f"began with the same files. Where the conversation so far says {fork.cwd}, {cwd} is "
        "meant for you: read and change files there, and leave those of the other one alone."
    )
