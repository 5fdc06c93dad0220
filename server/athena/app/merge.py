"""`athena/merge/...`, `athena/publish/...` and committing: bringing an agent's work home."""

from __future__ import annotations

from pathlib import Path

from athena.app.agent import by
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.follow import event_of
from athena.app.review import conflicts_of, record, with_verdict
from athena.app.submodules import bring_submodules, loose_submodules, need_own_branch
from athena.app.trees import (
    checkout_of,
    found_changes,
    need_rest,
    project_checkout,
    submodules_of,
)
from athena.border import Connection
from athena.core import decide
from athena.core.heading import heading
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol import review as r
from athena.protocol.content import TextContent, plain_text
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import Item, UserMessage
from athena.protocol.remedies import remedy
from athena.protocol.remedy import Remedy
from athena.worktree import changeset, commit, merge, publish, repository, resolve, standing
from athena.worktree import review as reviewing
from athena.worktree.errors import NothingToDo, ToolMissing, UnknownRevision
from athena.worktree.objects import empty_tree, passing_commit
from athena.worktree.paths import to_wire
from athena.worktree.repository import Checkout
from athena.worktree.threeway import Conflicted

TITLE_LENGTH = 72


async def run(context: Context, connection: Connection, asked: r.MergeWork) -> r.Applied:
    """Bring the agent's branch into another one; `dry_run` predicts the conflicts."""
    need_own_branch(await state_of(context, asked.agent), asked.repository)
    state = await state_of(context, asked.agent, asked.repository)
    checkout = await checkout_of(context, state)
    branch = await _branch(checkout, state)
    into = asked.into or await _target(context, state, branch)
    if asked.dry_run:
        return await _predicted(context, checkout, state, branch, into)
    need_rest(state)
    message = asked.message or await _message(context, state)
    _, notes, remedies = await _commit(context, connection, state, message, hooks=asked.hooks)
    request = merge.MergeRequest(
        agent=state.id,
        source=branch,
        target=into,
        strategy=asked.how,
        message=asked.message or (message if asked.how == "squash" else None),
        turns=_turns(state),
        hooks=asked.hooks,
    )
    try:
        done = await merge.merge(checkout, request)
    except Conflicted as conflicted:
        if asked.resolve:
            return await _hand_over(context, connection, state, checkout, into, conflicted)
        return r.Applied(done=False, conflicts=conflicts_of(conflicted.conflicts), branch=into)
    found = await changeset.changeset(checkout, done.old, done.new)
    files = [to_wire(f.path) for f in found.files]
    fact = e.ChangesApplied(
        what="merge", target=into, files=files, commit=done.new, undo=done.ref, by=by(connection)
    )
    await record(context, state, fact)
    notes += await bring_submodules(context, state, done.new, done.updated)
    return r.Applied(
        done=True,
        files=files,
        commit=done.new,
        branch=into,
        undo=done.ref,
        notes=notes,
        remedies=remedies,
    )


async def _predicted(
    context: Context, checkout: Checkout, state: AgentState, branch: str, into: str
) -> r.Applied:
    """What `run` would meet: it commits loose work first, without what was rejected."""
    now = await found_changes(checkout, state, "base", None)
    rejected = await with_verdict(checkout, state, now, "rejected")
    tree = await reviewing.tree_left(checkout, now, rejected)
    parents = [await repository.commit_of(checkout, branch), *await resolve.merging(checkout)]
    source = await passing_commit(checkout.git, tree, parents)
    ahead = await merge.predict(checkout, source, into)
    found = await changeset.changeset(checkout, ahead.target, ahead.tree)
    loose_files = await standing.status(checkout)
    loose = len(loose_files.changed) + len(loose_files.untracked)
    files = "1 uncommitted file" if loose == 1 else f"{loose} uncommitted files"
    notes = [f"{files} will be committed first."] if loose else []
    paths = {f.path for f in found.files} | await loose_submodules(context, state)
    return r.Applied(
        done=False,
        files=[to_wire(path) for path in sorted(paths)],
        conflicts=conflicts_of(ahead.conflicts),
        branch=into,
        notes=notes,
    )


async def _hand_over(
    context: Context,
    connection: Connection,
    state: AgentState,
    checkout: Checkout,
    into: str,
    conflicted: Conflicted,
) -> r.Applied:
    """Begin the merge in the agent's own worktree and ask it to resolve what conflicts."""
    begun = await resolve.begin(checkout, state.id, into)
    files = sorted({to_wire(c.path) for c in begun.conflicts})
    text = (
        f"I merged {into} into your branch in {checkout.root}, and these files conflict: "
        f"{', '.join(files)}. "
        "Resolve the conflict markers so that both sides' intent is kept, and run the tests. "
        "Do not commit."
    )
    actor = await context.directory.actor(state.id)

    def build(draft: Draft) -> None:
        content = [TextContent(text=text)]
        draft.record(*decide.prompt(draft.now, content, steer=False, by=by(connection)))

    await actor.change(build)
    back = remedy("athena.revert.undo", state)
    return r.Applied(
        done=False,
        files=files,
        conflicts=conflicts_of(conflicted.conflicts),
        branch=into,
        undo=begun.rescue.ref,
        notes=[
            "The agent was asked to resolve the conflicts; merge again when it is done, or give it "
            f"up: {back}"
        ],
        remedies=[back],
    )


async def commit_(context: Context, connection: Connection, asked: r.CommitWork) -> r.Applied:
    """Commit what is uncommitted in the agent's worktree."""
    state = await state_of(context, asked.agent, asked.repository)
    need_rest(state)
    checkout = await checkout_of(context, state)
    message = asked.message or await _message(context, state)
    made, notes, remedies = await _commit(context, connection, state, message, hooks=asked.hooks)
    if made is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has nothing to commit.")
    found = await changeset.changeset(checkout, await _before(checkout, made), made)
    files = [to_wire(f.path) for f in found.files]
    at = await repository.head(checkout)
    fact = e.ChangesApplied(
        what="commit", target=at.branch or "HEAD", files=files, commit=made, by=by(connection)
    )
    await record(context, state, fact)
    return r.Applied(
        done=True, files=files, commit=made, branch=at.branch, notes=notes, remedies=remedies
    )


async def _before(checkout: Checkout, made: str) -> str:
    """The tree that a commit changed; an empty one before the first commit."""
    try:
        return await repository.tree_of(checkout, f"{made}^")
    except UnknownRevision:
        return await empty_tree(checkout.git)


async def publish_(context: Context, connection: Connection, asked: r.PublishWork) -> r.Published:
    """Push the agent's branch, and open a pull request when asked."""
    state = await state_of(context, asked.agent, asked.repository)
    need_rest(state)
    checkout = await checkout_of(context, state)
    branch = await _branch(checkout, state)
    message = await _message(context, state)
    title = asked.title or message
    _, notes, remedies = await _commit(context, connection, state, title, hooks=asked.hooks)
    pushed = await publish.push(
        checkout, branch, remote=asked.remote or "origin", force=asked.force, hooks=asked.hooks
    )
    fact = e.ChangesApplied(
        what="publish",
        target=f"{pushed.remote.name}/{pushed.branch}",
        commit=pushed.commit,
        by=by(connection),
    )
    await record(context, state, fact)
    url = None
    if asked.pull_request:
        try:
            url = await publish.open_request(
                checkout,
                pushed,
                target=asked.into or await _target(context, state, branch),
                title=asked.title or message.splitlines()[0],
                body=asked.body or "",
                draft=asked.draft,
                forge=asked.forge,
            )
        except ToolMissing as missing:
            notes.append(f"{missing.message} {missing.advice}".strip())
    return r.Published(
        branch=branch,
        remote=pushed.remote.name,
        commit=pushed.commit,
        url=url,
        notes=notes,
        remedies=remedies,
    )


async def _commit(
    context: Context, connection: Connection, state: AgentState, message: str, *, hooks: bool
) -> tuple[str | None, list[str], list[Remedy]]:
    """Commit all loose work but what was rejected, in submodules first, and what is to be told.

    That is notes, and the commands that they name. The commit is null when there was nothing to
    commit in the agent's own working tree.
    """
    notes: list[str] = []
    remedies: list[Remedy] = []
    made: str | None = None
    told = commit.Message(message, agent=state.id, turns=_turns(state))
    for place in (*submodules_of(state), state):
        checkout = await checkout_of(context, place)
        said, back = await _take_back_rejected(context, connection, place, checkout)
        notes += said
        remedies += back
        try:
            made = await commit.commit_all(checkout, told, hooks=hooks)
        except NothingToDo:
            made = None
    return made, notes, remedies


async def _take_back_rejected(
    context: Context, connection: Connection, state: AgentState, checkout: Checkout
) -> tuple[list[str], list[Remedy]]:
    """What was rejected is not to be merged: it is taken out of the worktree, and kept in a ref."""
    found = await found_changes(checkout, state, "base", None)
    selection = await with_verdict(checkout, state, found, "rejected")
    if not selection.files and not selection.hunks:
        return [], []
    done = await reviewing.reject(checkout, state.id, found, selection)
    count = len(selection.files) + len(selection.hunks)
    await record(
        context,
        state,
        e.ChangesApplied(
            what="reject", target=str(checkout.root), undo=done.ref, by=by(connection)
        ),
    )
    changes = "1 rejected change was" if count == 1 else f"{count} rejected changes were"
    back = remedy("athena.revert.undo", state, ref=done.ref)
    return [f"{changes} taken out first. Back: {back}"], [back]


def _turns(state: AgentState) -> tuple[str, ...]:
    return tuple(f"{state.id}.t{n}" for n in range(1, state.turns + 1))


async def _branch(checkout: Checkout, state: AgentState) -> str:
    at = await repository.head(checkout)
    if at.branch is None:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{state.name} works on a detached HEAD. Give it a branch: "
            f"git -C {checkout.root} switch -c NAME.",
        )
    return at.branch


async def _target(context: Context, state: AgentState, branch: str) -> str:
    """The branch that the project has checked out."""
    at = await repository.head(await project_checkout(context, state))
    if at.branch is None or at.branch == branch:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            f"Name the branch to merge {branch} into: the project itself has no other one.",
            field="into",
        )
    return at.branch


async def _message(context: Context, state: AgentState) -> str:
    """A commit message from the agent's first prompt."""
    for event in map(event_of, await context.log.read_stream(state.id, limit=40)):
        if event.kind == e.ItemCompleted.KIND:
            item: Item = e.ItemCompleted.model_validate(event.data).item
            if isinstance(item, UserMessage):
                lines = plain_text(item.content).splitlines()
                told = (line for line in lines if not line.lstrip().startswith("/"))
                text = heading("\n".join(told)) or state.name
                return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1] + "…"
    return f"Work of {state.name} in {Path(state.spec.project).name}"
