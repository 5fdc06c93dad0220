"""`athena/review/...`: verdicts, comments, and taking what was accepted."""

from __future__ import annotations

from pathlib import Path

from athena.app import environment
from athena.app.agent import by
from athena.app.changeset import ids_of, state_of, verdict_of
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.submodules import need_own_branch
from athena.app.trees import checkout_of, found_changes, project_checkout, seen_in
from athena.border import Connection
from athena.core import decide
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol import review as r
from athena.protocol.agent import Changed, Prompted
from athena.protocol.content import TextContent
from athena.protocol.errors import AthenaError, ErrorCode
from athena.worktree import apply, changeset, repository, taken
from athena.worktree import review as reviewing
from athena.worktree.changeset import Changeset
from athena.worktree.errors import PathEscapes
from athena.worktree.paths import from_wire, inside, to_wire
from athena.worktree.repository import Checkout
from athena.worktree.threeway import Conflict, Conflicted


async def verdict(context: Context, connection: Connection, asked: r.GiveVerdict) -> Changed:
    """Accept or reject hunks, a file, or all of a changeset."""
    state = await state_of(context, asked.agent, asked.repository)
    reopened = asked.verdict == "open" and asked.path is not None
    if asked.hunk_ids is not None and not reopened:
        ids = asked.hunk_ids
    else:
        checkout = await checkout_of(context, state)
        found = await found_changes(checkout, state, asked.scope, asked.turn_id)
        if not found.files:
            raise AthenaError(
                ErrorCode.WRONG_STATE, f"{state.name} changed nothing here, so there is no verdict."
            )
        paths = [asked.path] if asked.path is not None else None
        ids = await ids_of(context, state, found, paths)
        if asked.hunk_ids is not None:
            # The verdict on the whole file would go on holding for a hunk without one of its own.
            whole = {file.id for file in found.files}
            ids = [one for one in ids if one in whole] + asked.hunk_ids
    fact = e.VerdictGiven(path=asked.path, ids=ids, verdict=asked.verdict, by=by(connection))
    return await record(context, state, fact)


async def comment(context: Context, connection: Connection, asked: r.AddComment) -> r.CommentView:
    """Comment on a line; with `send` the agent is told at once."""
    state = await state_of(context, asked.agent, asked.repository)
    actor = await context.directory.actor(state.id)
    path = _inner_path(state, asked.path)

    def build(draft: Draft) -> str:
        name = f"{state.id}.c{len(draft.now.comments) + 1}"
        draft.record(
            e.CommentAdded(
                comment_id=name,
                repository=asked.repository,
                path=path,
                line=asked.line,
                end_line=asked.end_line,
                text=asked.text,
                turn_id=asked.turn_id,
                by=by(connection),
            )
        )
        if asked.send:
            _send(draft, [name], None, by(connection))
        return name

    name, _ = await actor.change(build)
    return next(c for c in actor.state.comments if c.comment_id == name)


def _inner_path(state: AgentState, given: str) -> str:
    """A path from the root of the workspace, in which it has to be."""
    if state.workspace is None:
        return given
    root = Path(state.workspace.path).resolve()
    try:
        path = inside(root, from_wire(given), follow=False)
    except PathEscapes as error:
        raise AthenaError(ErrorCode.INVALID_PARAMS, str(error), field="path") from error
    return to_wire(path.relative_to(root).as_posix())


async def resolve(context: Context, connection: Connection, asked: r.CommentRef) -> Changed:
    """Be done with a comment."""
    state = await state_of(context, asked.agent)
    if all(c.comment_id != asked.comment_id for c in state.comments):
        raise AthenaError(
            ErrorCode.NOT_FOUND, f"There is no comment {asked.comment_id}.", field="commentId"
        )
    fact = e.CommentResolved(comment_id=asked.comment_id, by=by(connection))
    return await record(context, state, fact)


async def list_comments(
    context: Context, connection: Connection, asked: r.ListComments
) -> r.CommentList:
    """The comments of one agent, or of all."""
    ids = (
        [context.directory.resolve(asked.agent)]
        if asked.agent
        else [v.id for v in context.directory.views() if v.comments]
    )
    found = [
        c
        for agent_id in ids
        for c in (await context.directory.actor(agent_id)).state.comments
        if asked.path is None or c.path == asked.path
    ]
    return r.CommentList(comments=sorted(found, key=lambda c: c.at))


async def send(context: Context, connection: Connection, asked: r.SendComments) -> Prompted:
    """Send the pending comments to the agent as one prompt."""
    state = await state_of(context, asked.agent)
    actor = await context.directory.actor(state.id)

    def build(draft: Draft) -> str:
        pending = [c.comment_id for c in draft.now.comments if c.state == "pending"]
        if not pending:
            raise AthenaError(ErrorCode.WRONG_STATE, "No comment waits to be sent.")
        return _send(draft, pending, asked.text, by(connection))

    prompt_id, appended = await actor.change(build)
    return Prompted(
        agent_id=state.id,
        prompt_id=prompt_id,
        version=actor.state.version,
        seq=appended.last_seq,
    )


def _send(draft: Draft, ids: list[str], text: str | None, sender: str) -> str:
    """Turn comments into a prompt that names file and line."""
    chosen = [c for c in draft.now.comments if c.comment_id in ids]
    lines = [text or "Please address these review comments:", ""]
    for c in chosen:
        path = _told_path(draft.now, c)
        place = path if not c.line else f"{path}:{c.line}"
        if c.end_line and c.end_line != c.line:
            place += f"-{c.end_line}"
        lines.append(f"- {place}: {c.text}")
    prompt_id = draft.now.next_prompt_id()
    content = [TextContent(text="\n".join(lines))]
    draft.record(*decide.prompt(draft.now, content, steer=False, by=sender))
    draft.record(e.CommentsSent(comment_ids=ids, prompt_id=prompt_id))
    return prompt_id


def _told_path(state: AgentState, comment: r.CommentView) -> str:
    """The path as the agent finds it: from its root, absolute in another repository."""
    if comment.repository is None:
        return comment.path
    there = seen_in(state, comment.repository).workspace
    return comment.path if there is None else f"{there.path}/{comment.path}"


async def apply_(context: Context, connection: Connection, asked: r.ApplyReview) -> r.Applied:
    """Put accepted changes into the project's working tree, or a branch that is checked out."""
    need_own_branch(await state_of(context, asked.agent), asked.repository)
    state = await state_of(context, asked.agent, asked.repository)
    source = await checkout_of(context, state)
    target = await target_of(context, state, asked.target)
    found = await found_changes(source, state, asked.scope, asked.turn_id)
    selection = await selected(source, state, found, asked)
    texts = [
        taken.Edited(found.file(each.path).path, each.before, each.after)
        for each in asked.texts or ()
    ]
    edited = [*(found.file(path).path for path in asked.edited or ()), *(t.path for t in texts)]
    tree = await reviewing.tree_taken(source, found, selection)
    delta = apply.Delta(found.base, tree)
    ahead = await apply.preview(target, [delta])
    files = [to_wire(path) for path in (*edited, *(f.path for f in ahead.changes.files))]
    if ahead.conflicts or asked.dry_run:
        return r.Applied(done=False, files=files, conflicts=conflicts_of(ahead.conflicts))
    undo: str | None = None
    if ahead.changes.files or not edited:
        try:
            undo = (await apply.apply(target, state.id, [delta], "accepted changes")).ref
        except Conflicted as conflicted:
            return r.Applied(done=False, conflicts=conflicts_of(conflicted.conflicts))
    kept = (await taken.keep_edited(target, state.id, texts)).ref if texts else None
    fact = e.ChangesApplied(
        what="apply",
        target=str(target.root),
        files=files,
        undo=undo,
        taken=kept,
        by=by(connection),
    )
    await record(context, state, fact)
    return r.Applied(done=True, files=files, undo=undo)


async def edits(context: Context, connection: Connection, asked: r.ReadEdits) -> r.FileEdits:
    """Hunks as edits of an editor's text, which may have gone on since."""
    state = await state_of(context, asked.agent, asked.repository)
    source = await checkout_of(context, state)
    found = await found_changes(source, state, asked.scope, asked.turn_id)
    file = found.file(asked.path)
    if not file.has_hunks:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{asked.path} has no lines to take one by one; apply it as a whole.",
            field="path",
        )
    ids = asked.hunk_ids
    if ids is None:
        (listed,) = await changeset.hunks_of(source, [file], 0)
        ids = [h.id for h in listed.hunks if verdict_of(state, h.id, file.id) != "rejected"]
    chosen = reviewing.Selection(hunks=frozenset(ids))
    try:
        made = await reviewing.edits(source, found, chosen, asked.path, asked.text)
    except Conflicted as conflicted:
        return r.FileEdits(path=asked.path, conflicts=conflicts_of(conflicted.conflicts))
    told = [r.LineEdit(start=e.start + 1, lines=e.end - e.start, text=e.text) for e in made]
    return r.FileEdits(path=asked.path, edits=told)


async def selected(
    source: Checkout, state: AgentState, found: Changeset, asked: r.ApplyReview
) -> reviewing.Selection:
    """What is to be taken: as named, or all that was accepted."""
    if any(
        chosen is not None for chosen in (asked.hunk_ids, asked.paths, asked.edited, asked.texts)
    ):
        files = frozenset(found.file(p).id for p in asked.paths or ())
        return reviewing.Selection(files=files, hunks=frozenset(asked.hunk_ids or ()))
    accepted = await with_verdict(source, state, found, "accepted")
    if not accepted.files and not accepted.hunks:
        raise AthenaError(
            ErrorCode.WRONG_STATE, "Nothing is accepted yet; name paths or hunks to take those."
        )
    return accepted


async def with_verdict(
    source: Checkout, state: AgentState, found: Changeset, wanted: r.Verdict
) -> reviewing.Selection:
    """The files and hunks of a changeset that have a verdict."""
    with_hunks = await changeset.hunks_of(source, [f for f in found.files if f.has_hunks], 0)
    files = frozenset(f.id for f in found.files if verdict_of(state, f.id) == wanted)
    hunks = frozenset(
        h.id
        for d in with_hunks
        for h in d.hunks
        if d.file.id not in files and verdict_of(state, h.id) == wanted
    )
    return reviewing.Selection(files, hunks)


async def target_of(context: Context, state: AgentState, target: str) -> Checkout:
    """The working tree that `project`, or a branch that is checked out somewhere, means."""
    project = await project_checkout(context, state)
    if target == "project":
        return project.need_files()
    env = environment.load(context.environments, state.id)
    for listed in await repository.worktrees(project):
        if listed.branch == target and not listed.vanished:
            return (await repository.discover(Path(listed.root), env)).checkout
    raise AthenaError(
        ErrorCode.WRONG_STATE,
        f"The branch {target!r} is not checked out anywhere, so it has no files to change. "
        "Merge instead, or check it out.",
        field="target",
    )


def conflicts_of(conflicts: tuple[Conflict, ...]) -> list[r.FileConflict]:
    """Conflicts for clients: one for each region, or one for the file."""
    found: list[r.FileConflict] = []
    for c in conflicts:
        path = to_wire(c.path)
        if not c.regions:
            found.append(r.FileConflict(path=path, reason=c.message or c.kind))
        found += [
            r.FileConflict(
                path=path,
                reason=c.kind,
                start=region.line,
                end=max(region.line, region.line + region.lines - 1),
                ours=region.ours.splitlines(),
                theirs=region.theirs.splitlines(),
            )
            for region in c.regions
        ]
    return found


async def record(context: Context, state: AgentState, fact: e.EventData) -> Changed:
    """Add an event to an agent's log."""
    actor = await context.directory.actor(state.id)
    _, appended = await actor.change(lambda draft: draft.record(fact))
    return Changed(agent_id=state.id, version=actor.state.version, seq=appended.last_seq)
