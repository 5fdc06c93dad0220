"""The working tree of an agent, its turns as spans of checkpoints, and what lies between."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from athena.app import environment
from athena.app.context import Context
from athena.core.state import AgentState, has_tree
from athena.core.status import status
from athena.protocol.counted import counted
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.protocol.review import Scope
from athena.protocol.spec import OtherWorktree
from athena.worktree import apply, changeset, checkpoint, repository, snapshot
from athena.worktree.blame import Turn
from athena.worktree.checkpoint import Checkpoint
from athena.worktree.repository import Checkout


async def checkout_of(context: Context, state: AgentState) -> Checkout:
    """The working tree of an agent. WRONG_STATE when it has none in a repository."""
    place = state.workspace
    if place is None or place.repository is None:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{state.name} has no git working tree, so there is nothing to review or to merge.",
        )
    need_folder(state)
    env = environment.load(context.environments, state.id)
    return (await repository.discover(Path(place.path), env)).checkout


def seen_in(state: AgentState, name: str) -> AgentState:
    """The state of an agent as if one of its other repositories were its only one."""
    place = state.workspace
    others = [*place.also, *place.submodules] if place is not None else []
    found = next((o for o in others if o.name == name), None)
    if place is not None and found is None and name == Path(place.repository or "").name:
        return state
    if found is None:
        known = [o.name for o in others]
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"{state.name} has no worktree of {name!r}. "
            + (f"It has: {', '.join(known)}." if known else "It works in one repository."),
            field="repository",
            candidates=known,
        )
    return seen_at(state, found)


def seen_at(state: AgentState, other: OtherWorktree) -> AgentState:
    """The state of an agent as if it worked in another one of its working trees alone."""
    assert state.workspace is not None
    there = state.workspace.model_copy(
        update={
            "path": other.path,
            "cwd": other.path,
            "repository": other.repository,
            "branch": other.branch,
            "base_commit": other.base_commit,
            "also": [],
            "submodules": [o for o in state.workspace.submodules if _is_inside(o, other.path)],
        }
    )
    spec = state.spec.model_copy(update={"project": other.repository})
    return state.model_copy(update={"workspace": there, "spec": spec, "checkpoint": None})


def _is_inside(one: OtherWorktree, path: str) -> bool:
    return one.path != path and Path(one.path).is_relative_to(path)


def everywhere(state: AgentState) -> list[AgentState]:
    """The state as it is in each of the agent's own worktrees, the main one first."""
    others = state.workspace.also if state.workspace is not None else []
    return [state, *(seen_at(state, other) for other in others)]


def all_of(state: AgentState) -> list[AgentState]:
    """The state as it is in each of its worktrees and in each submodule, the main one first."""
    inside = state.workspace.submodules if state.workspace is not None else []
    there = [seen_at(state, o) for o in inside if Path(o.path, ".git").exists()]
    return [*everywhere(state), *there]


def submodules_of(state: AgentState) -> list[AgentState]:
    """The state as it is in each submodule of its working tree, inner ones before outer ones."""
    place = state.workspace
    if place is None:
        return []
    inside = [o for o in place.submodules if _is_inside(o, place.path)]
    return [seen_at(state, o) for o in reversed(inside) if Path(o.path, ".git").exists()]


def is_gone(state: AgentState) -> bool:
    """Whether the folder of the agent's workspace vanished."""
    return state.workspace is not None and not Path(state.workspace.path).is_dir()


def need_folder(state: AgentState) -> None:
    """WRONG_STATE where the folder of the workspace vanished, with what brings it back."""
    gone = next((place for place in everywhere(state) if is_gone(place)), None)
    if gone is None or gone.workspace is None:
        return
    words = f"{gone.workspace.path} is gone."
    if not has_tree(state):
        nothing = "It was in no repository, so nothing of it was kept."
        raise AthenaError(ErrorCode.WRONG_STATE, f"{words} {nothing}")
    back = remedy("athena.workspace.restore", state)
    raise AthenaError(ErrorCode.WRONG_STATE, f"{words} {back} brings it back.", remedies=[back])


async def project_checkout(context: Context, state: AgentState) -> Checkout:
    """The user's own working tree: that of the project."""
    env = environment.load(context.environments, state.id)
    return (await repository.discover(Path(state.spec.project), env)).checkout


async def turns_of(checkout: Checkout, state: AgentState) -> list[Turn]:
    """The agent's turns with their checkpoints, old to new; the running one ends now."""
    found: list[Turn] = []
    for turn_id, start, end in edges(await checkpoint.checkpoints(checkout, state.id)):
        if end is not None:
            found.append(Turn(turn_id, start.tree, end.tree))
        elif state.turn is not None and state.turn.turn_id == turn_id:
            found.append(Turn(turn_id, start.tree, await snapshot.tree_now(checkout)))
    return found


def no_turn(state: AgentState, turn_id: str | None) -> str:
    """That a turn is not known, in words."""
    if turn_id is None:
        return f"No turn of {state.name} is captured."
    number = turn_id.removeprefix(f"{state.id}.t")
    return f"{state.name} has no captured turn {number}; it had {counted(state.turns, 'turn')}."


def edges(taken: Iterable[Checkpoint]) -> list[tuple[str, Checkpoint, Checkpoint | None]]:
    """The turns of one agent with the checkpoints of their start and end, old to new."""
    starts: dict[str, Checkpoint] = {}
    ends: dict[str, Checkpoint] = {}
    for each in taken:
        if each.turn is not None and each.edge == "end":
            ends[each.turn] = each
        elif each.turn is not None and each.edge == "start":
            # A turn interrupted by a crash may have been captured twice: the first is its start.
            starts.setdefault(each.turn, each)
    return [(turn_id, start, ends.get(turn_id)) for turn_id, start in starts.items()]


async def trees_between(
    checkout: Checkout, state: AgentState, scope: Scope, turn_id: str | None
) -> tuple[str, str]:
    """The two trees that a scope lies between."""
    if scope == "base":
        assert state.workspace is not None
        base = state.workspace.base_commit
        old = await repository.tree_of(checkout, base) if base else await _empty(checkout)
        return old, await snapshot.tree_now(checkout)
    turns = await turns_of(checkout, state)
    if scope == "turn":
        wanted = [t for t in turns if turn_id is None or t.id == turn_id]
        if not wanted:
            raise AthenaError(
                ErrorCode.NOT_FOUND,
                no_turn(state, turn_id),
                field="turnId",
                turns=[t.id for t in turns],
            )
        return wanted[-1].start, wanted[-1].end
    if not turns:
        now = await snapshot.tree_now(checkout)
        return now, now
    deltas = [apply.Delta(t.start, t.end) for t in turns]
    merged = await apply.merged_in_turn(checkout.git, turns[0].start, deltas)
    return turns[0].start, merged.tree if merged.clean else turns[-1].end


async def found_changes(
    checkout: Checkout, state: AgentState, scope: Scope, turn_id: str | None
) -> changeset.Changeset:
    """The changeset of a scope."""
    old, new = await trees_between(checkout, state, scope, turn_id)
    return await changeset.changeset(checkout, old, new)


async def _empty(checkout: Checkout) -> str:
    from athena.worktree.objects import empty_tree

    return await empty_tree(checkout.git)


def need_rest(state: AgentState) -> None:
    """What changes files must not run beside a turn that does the same."""
    is_captured = state.uncaptured is None or not has_tree(state)
    if state.turn is not None or not is_captured or (state.wanted and state.queue):
        asks = bool(state.requests)
        now = (
            "waits for your answer: give it" if asks else "is at work: wait for the end of its turn"
        )
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{state.name} {now}, or interrupt it.",
            remedies=[
                *([remedy("athena.request.list")] if asks else []),
                remedy("athena.agent.interrupt", state),
            ],
            status=status(state)[0].value if asks else "working",
        )
