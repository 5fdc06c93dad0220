"""`athena/revert/...`: undoing what a turn or an agent changed, a merge, and nothing else."""

from __future__ import annotations

from pathlib import Path

from athena.app.agent import by
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.review import conflicts_of, record
from athena.app.trees import checkout_of, is_gone, need_rest, no_turn, project_checkout, turns_of
from athena.border import Connection
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol import review as r
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.worktree import apply, changeset, moving, repository, rescue, resolve, revert
from athena.worktree import review as reviewing
from athena.worktree.blame import Turn
from athena.worktree.moving import Moved
from athena.worktree.paths import to_wire
from athena.worktree.refs import kept_at
from athena.worktree.repository import Checkout
from athena.worktree.threeway import Conflicted

LOOKED_AT = 200
"""How many changes back one is looked for that can be undone."""


async def run(context: Context, connection: Connection, asked: r.RevertWork) -> r.Applied:
    """Take back what one turn, or all turns, changed. `dry_run` only shows it."""
    state = await state_of(context, asked.agent, asked.repository)
    need_rest(state)
    checkout = await checkout_of(context, state)
    turns = await turns_of(checkout, state)
    chosen = [t for t in turns if asked.turn_id is None or t.id == asked.turn_id]
    if not chosen:
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            no_turn(state, asked.turn_id),
            field="turnId",
        )
    spans = await _spans(checkout, chosen, asked.paths)
    ahead = await revert.preview_revert(checkout, spans)
    files = [to_wire(f.path) for f in ahead.changes.files]
    if ahead.conflicts or asked.dry_run:
        return r.Applied(done=False, files=files, conflicts=conflicts_of(ahead.conflicts))
    what = f"turn {asked.turn_id}" if asked.turn_id else f"all turns of {state.name}"
    try:
        done = await revert.revert(checkout, state.id, spans, what)
    except Conflicted as conflicted:
        return r.Applied(done=False, conflicts=conflicts_of(conflicted.conflicts))
    fact = e.ChangesApplied(
        what="revert",
        target=str(checkout.root),
        files=files,
        undo=done.ref,
        turn_id=asked.turn_id,
        by=by(connection),
    )
    await record(context, state, fact)
    return r.Applied(done=True, files=files, undo=done.ref)


async def undo(context: Context, connection: Connection, asked: r.UndoRevert) -> r.Applied:
    """Take back what a result's `undo` names, or the last, in the tree in which that was done."""
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await _any_checkout(context, state)
    ref = asked.ref or await _last(context, state, checkout)
    if await _handed_over(checkout, state, ref):
        return await _give_up(context, connection, state, checkout)
    if (merged := await moving.moved_at(checkout, ref)) is not None:
        return await _unmerge(context, connection, state, checkout, merged)
    what = await apply.applied_at(checkout, ref)
    if state.workspace is not None and what.root == Path(state.workspace.path):
        need_rest(state)
    try:
        done = await apply.undo(checkout, state.id, what)
    except Conflicted as conflicted:
        return r.Applied(done=False, conflicts=conflicts_of(conflicted.conflicts))
    found = await changeset.changeset(checkout, done.before, done.after)
    files = [to_wire(f.path) for f in found.files]
    fact = e.ChangesApplied(
        what="undo", target=str(done.root), files=files, undo=done.ref, by=by(connection)
    )
    await record(context, state, fact)
    return r.Applied(done=True, files=files, undo=done.ref)


async def _last(context: Context, state: AgentState, checkout: Checkout) -> str:
    """The ref of what was done last in this repository, unless that was to undo something."""
    captured = await rescue.rescues(checkout, state.id)
    if captured and await _handed_over(checkout, state, captured[-1].ref):
        return captured[-1].ref
    kinds = (e.ChangesApplied.KIND,)
    for stored in await context.log.read_stream_back(state.id, kinds=kinds, limit=LOOKED_AT):
        fact = e.ChangesApplied.model_validate(stored.data)
        if fact.undo is None or await kept_at(checkout, fact.undo) is None:
            continue
        if fact.what == "undo":
            again = remedy("athena.revert.undo", state, ref=fact.undo)
            raise AthenaError(
                ErrorCode.WRONG_STATE,
                f"The last was undone already. To have it again: {again}.",
                remedies=[again],
                field="ref",
            )
        return fact.undo
    raise AthenaError(
        ErrorCode.WRONG_STATE, f"Nothing of {state.name} was applied, reverted or merged."
    )


async def _handed_over(checkout: Checkout, state: AgentState, ref: str) -> bool:
    """Whether a ref is the state before the merge that the agent is resolving now."""
    if state.workspace is None or str(checkout.root) != state.workspace.path:
        return False
    found = await kept_at(checkout, ref)
    if found is None or found.purpose != rescue.PURPOSE or not await resolve.merging(checkout):
        return False
    before = rescue.rescue_of(found)
    at = await repository.head(checkout)
    return (before.root, before.head) == (checkout.root, at.commit)


async def _give_up(
    context: Context, connection: Connection, state: AgentState, checkout: Checkout
) -> r.Applied:
    """End a merge that waits to be resolved; what was resolved so far is kept."""
    need_rest(state)
    kept = await resolve.abandon(checkout, state.id)
    fact = e.ChangesApplied(what="undo", target=str(checkout.root), by=by(connection))
    await record(context, state, fact)
    return r.Applied(done=True, notes=[f"What was resolved so far is kept as {kept.ref}."])


async def _unmerge(
    context: Context, connection: Connection, state: AgentState, checkout: Checkout, what: Moved
) -> r.Applied:
    """Move the branch back to where it was before a merge; the agent's own branch stays."""
    done = await moving.undo(checkout, state.id, what)
    found = await changeset.changeset(checkout, done.old, done.new)
    files = [to_wire(f.path) for f in found.files]
    fact = e.ChangesApplied(
        what="undo",
        target=done.branch,
        files=files,
        commit=done.new,
        undo=done.ref,
        by=by(connection),
    )
    await record(context, state, fact)
    return r.Applied(done=True, files=files, commit=done.new, branch=done.branch, undo=done.ref)


async def _any_checkout(context: Context, state: AgentState) -> Checkout:
    """A working tree of the agent's repository: what was taken outlives the agent's own."""
    if state.workspace is None or is_gone(state):
        return await project_checkout(context, state)
    return await checkout_of(context, state)


async def _spans(
    checkout: Checkout, turns: list[Turn], paths: list[str] | None
) -> list[revert.Span]:
    """The spans of turns, narrowed to some files where they are named."""
    if paths is None:
        return [revert.Span(t.start, t.end) for t in turns]
    spans: list[revert.Span] = []
    for turn in turns:
        found = await changeset.changeset(checkout, turn.start, turn.end, paths)
        selection = reviewing.Selection(files=frozenset(f.id for f in found.files))
        spans.append(
            revert.Span(turn.start, await reviewing.tree_taken(checkout, found, selection))
        )
    return spans
