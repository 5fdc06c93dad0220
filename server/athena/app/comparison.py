"""`athena/comparison/...`: agents side by side."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from athena.app.changeset import changed_text, state_of
from athena.app.context import Context
from athena.app.follow import event_of
from athena.app.trees import all_of, checkout_of, found_changes
from athena.border import Connection
from athena.core.rules import command_of
from athena.core.state import AgentState
from athena.core.testing import is_test_run
from athena.projections.agents import view
from athena.projections.transcript import KINDS, Transcript
from athena.protocol import review as r
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import ItemStatus, Message, ToolCall, ToolKind
from athena.protocol.transcript import TurnView
from athena.worktree import files
from athena.worktree.changeset import Changeset
from athena.worktree.errors import PathEscapes
from athena.worktree.paths import from_wire, inside, to_wire

OWN = ""
"""An agent's own repository, beside the names of its others."""

Place = tuple[str, str]
"""A repository, and a path in it."""


async def get(context: Context, connection: Connection, asked: r.CompareAgents) -> r.Comparison:
    """Two to four agents with what they did, used and changed."""
    states = [await state_of(context, name) for name in asked.agents]
    columns = await asyncio.gather(*(_column(context, s) for s in states))
    times = Counter(place for _, changed in columns for place in changed)
    shared = sorted(place for place, n in times.items() if n > 1)
    return r.Comparison(
        agents=[column for column, _ in columns],
        shared_files=[path for name, path in shared if name == OWN],
        shared_elsewhere=[r.SharedFile(repository=n, path=path) for n, path in shared if n != OWN],
    )


async def text(context: Context, connection: Connection, asked: r.DiffAgents) -> r.ChangedText:
    """A file as one agent has it now."""
    state = await state_of(context, asked.agent, asked.repository)
    place = state.workspace
    if place is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has no workspace.")
    try:
        path = inside(Path(place.path), from_wire(asked.path))
        content = await asyncio.to_thread(files.content, path)
    except PathEscapes as error:
        raise AthenaError(ErrorCode.INVALID_PARAMS, str(error), field="path") from error
    except OSError:
        content = None
    return changed_text(asked.path, content)


async def _column(context: Context, state: AgentState) -> tuple[r.ComparedAgent, set[Place]]:
    folded = Transcript()
    position = 0
    while chunk := await context.log.read(position, streams=[state.id], kinds=KINDS):
        folded.add(map(event_of, chunk))
        position = chunk[-1].seq
    calls = [i.item for i in folded.items.values() if isinstance(i.item, ToolCall)]
    commands = [c for c in calls if c.tool == ToolKind.EXECUTE]
    tests = [c for c in commands if is_test_run(command_of(c))]
    ended = [c for c in tests if c.status in (ItemStatus.COMPLETED, ItemStatus.FAILED)]
    said = [i.item.text for i in folded.items.values() if isinstance(i.item, Message)]
    shown = view(state)
    found = await _changes(context, state)
    column = r.ComparedAgent(
        agent_id=state.id,
        name=state.name,
        harness=state.spec.harness,
        model=shown.model,
        status=shown.status,
        turns=state.turns,
        tool_calls=len(calls),
        commands=len(commands),
        failed_commands=sum(c.status == ItemStatus.FAILED for c in commands),
        test_runs=len(tests),
        last_test=command_of(ended[-1]) if ended else None,
        tests_passed=ended[-1].status == ItemStatus.COMPLETED if ended else None,
        duration_ms=sum(map(_duration, folded.turns.values())),
        input_tokens=shown.usage.input_tokens,
        output_tokens=shown.usage.output_tokens,
        cost=shown.cost,
        files=sum(len(changes.files) for changes in found.values()),
        additions=sum(changes.added for changes in found.values()),
        deletions=sum(changes.deleted for changes in found.values()),
        last_message=said[-1] if said else "",
    )
    return column, {(name, to_wire(f.path)) for name, c in found.items() for f in c.files}


def _duration(turn: TurnView) -> int:
    return turn.ended_at - turn.started_at if turn.ended_at is not None else 0


async def _changes(context: Context, state: AgentState) -> dict[str, Changeset]:
    """What the agent changed, by repository."""
    place = state.workspace
    if place is None or place.repository is None:
        return {}
    names = {other.path: other.name for other in (*place.also, *place.submodules)}
    return {
        names.get(there.workspace.path, OWN): await found_changes(
            await checkout_of(context, there), there, "base", None
        )
        for there in all_of(state)
        if there.workspace is not None
    }
