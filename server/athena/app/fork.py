"""`athena/agent/fork`: a new agent that begins as a copy of another one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from athena.app import environment
from athena.app import spawn as making
from athena.app.agent import begun, by
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.trees import (
    all_of,
    checkout_of,
    edges,
    everywhere,
    need_folder,
    submodules_of,
)
from athena.app.user import need_user
from athena.border import Connection
from athena.core import decide
from athena.core import fork as forking
from athena.core.state import AgentState, has_tree
from athena.log import LogError
from athena.projections.agents import detail
from athena.protocol import agent as a
from athena.protocol import events as e
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.spec import Fork, StartingPoint, SubmoduleFiles, WorkspaceSpec
from athena.worktree import checkpoint, refs
from athena.worktree.checkpoint import Checkpoint
from athena.worktree.errors import WorktreeError
from athena.worktree.repository import Checkout

SUFFIX = "-fork"


async def fork(context: Context, connection: Connection, asked: a.ForkAgent) -> a.AgentDetail:
    """Record a copy of an agent; its workspace and process follow by themselves."""
    if asked.mode is not None:
        need_user(context, connection)
    agent_id = making.agent_id(asked.command_id)
    if context.directory.view(agent_id) is not None:
        return detail((await context.directory.actor(agent_id)).state)
    source = (await context.directory.actor(context.directory.resolve(asked.agent))).state
    turn_id = forking.last_turn(source, asked.turn_id)
    need_folder(source)
    async with _nothing_left_if_refused(context, source, agent_id):
        return await _copied(context, connection, asked, source, turn_id, agent_id)


async def _copied(
    context: Context,
    connection: Connection,
    asked: a.ForkAgent,
    source: AgentState,
    turn_id: str,
    agent_id: str,
) -> a.AgentDetail:
    harness = context.settings_of(source).harness(asked.harness or source.spec.harness)
    before = environment.kept(context.environments, source.id)
    surroundings = environment.of_client(connection, before.added, before.servers)
    content = making.content_of(asked.text, asked.content)
    version = await _version(context, source, turn_id)
    starts, missing = await _starts(context, source, turn_id, agent_id, asked)
    taken = Fork(
        agent_id=source.id,
        version=version,
        turn_id=turn_id,
        harness=harness.name,
        session_id=forking.session_to_copy(source, turn_id, harness.name),
        cwd=source.workspace.cwd if source.workspace else None,
        worktrees=starts,
    )
    spec = forking.spec_of(
        source,
        taken,
        _workspace(context, source, asked, starts),
        name=_name(context, source, asked),
        harness=harness.name,
        model=asked.model,
        mode=asked.mode,
    )
    making.check_startable(spec, harness, surroundings.all)
    environment.save(context.environments, agent_id, surroundings)
    note = forking.seam(source, taken, files=_files_in_words(source, starts, missing))

    def build(draft: Draft) -> None:
        draft.record(e.AgentSpawned(spec=spec, by=by(connection)))
        draft.record(e.ItemCompleted(item_id=f"{agent_id}.fork", item=note))
        if content:
            draft.record(*decide.prompt(draft.now, content, steer=False, by=by(connection)))

    return await begun(context, agent_id, spec.name, build, asked.command_id)


@asynccontextmanager
async def _nothing_left_if_refused(
    context: Context, source: AgentState, agent_id: str
) -> AsyncGenerator[None]:
    """Forget the files that were captured for a copy that there will not be: no settings would."""
    try:
        yield
    except (AthenaError, WorktreeError, LogError, OSError):
        if context.directory.view(agent_id) is None and has_tree(source):
            for place in all_of(source):
                with suppress(AthenaError, WorktreeError, OSError):
                    checkout = await checkout_of(context, place)
                    await refs.forget(checkout, await refs.kept(checkout, agent_id))
        raise


def _name(context: Context, source: AgentState, asked: a.ForkAgent) -> str:
    longest = a.NAME_LENGTH - len(SUFFIX)
    own = f"{source.name[:longest].rstrip()}{SUFFIX}"
    wanted = a.SpawnAgent(name=own if asked.name is None else asked.name)
    return making.name_of(wanted, [], context.directory.names())


async def _version(context: Context, source: AgentState, turn_id: str) -> int:
    """The agent's version at the end of a turn, which its copy begins with."""
    if forking.is_now(source, turn_id):
        return source.version
    before: int | None = None
    while found := await context.log.read_stream_back(
        source.id, before_version=before, kinds=[e.TurnEnded.KIND]
    ):
        for ended in found:
            if ended.data["turnId"] == turn_id:
                return ended.version
        before = found[-1].version
    number = turn_id.removeprefix(f"{source.id}.t")
    words = f"{source.name} has ended no turn {number}."
    raise AthenaError(ErrorCode.NOT_FOUND, words, field="turnId")


async def _starts(
    context: Context, source: AgentState, turn_id: str, agent_id: str, asked: a.ForkAgent
) -> tuple[list[StartingPoint], list[str]]:
    """Where the worktrees of the copy begin: none where there is no repository, or no worktree.
    And the files that are too large to be captured."""
    if not asked.worktree or not has_tree(source):
        return [], []
    starts: list[StartingPoint] = []
    missing: list[str] = []
    for place in everywhere(source):
        start, skipped = await _start(context, place, source, turn_id, agent_id)
        starts.append(start)
        missing += skipped
    return starts, missing


async def _start(
    context: Context, place: AgentState, source: AgentState, turn_id: str, agent_id: str
) -> tuple[StartingPoint, tuple[str, ...]]:
    """The files of one repository as they are, or as they were captured at the end of the turn."""
    assert place.workspace is not None
    checkout = await checkout_of(context, place)
    found = await _files_of(context, checkout, source, turn_id, agent_id)
    if found.head is None:
        raise AthenaError(
            ErrorCode.WRONG_STATE,
            f"{checkout.root} has no commit yet, so no branch can begin there. Commit something "
            "first, or fork without a worktree.",
        )
    own = place.workspace.kind == "new"
    inside, skipped = await _inside(context, place, source, turn_id, agent_id)
    start = StartingPoint(
        place=place.workspace.cwd,
        commit=found.head,
        files=found.commit,
        base=(place.workspace.base_commit if own else None) or found.head,
        submodules=inside or None,
    )
    return start, (*found.skipped, *skipped)


async def _inside(
    context: Context, place: AgentState, source: AgentState, turn_id: str, agent_id: str
) -> tuple[list[SubmoduleFiles], list[str]]:
    """The files of the submodules in a worktree, outer ones first, and what is too large there."""
    assert place.workspace is not None
    found: list[SubmoduleFiles] = []
    skipped: list[str] = []
    for there in reversed(submodules_of(place)):
        checkout = await checkout_of(context, there)
        path = checkout.root.relative_to(place.workspace.path).as_posix()
        files = await _files_of(context, checkout, source, turn_id, agent_id)
        found.append(SubmoduleFiles(path=path, place=str(checkout.git_dir), files=files.commit))
        skipped += [f"{path}/{name}" for name in files.skipped]
    return found, skipped


async def _files_of(
    context: Context, checkout: Checkout, source: AgentState, turn_id: str, agent_id: str
) -> Checkpoint:
    if forking.is_now(source, turn_id):
        found = await checkpoint.take(checkout, agent_id)
        if forking.is_now((await context.directory.actor(source.id)).state, turn_id):
            return found
        # Another turn began meanwhile, and may have changed what was captured.
        taken = await refs.kept_at(checkout, found.ref)
        await refs.forget(checkout, [taken] if taken is not None else [])
    return _captured(source, turn_id, await checkpoint.checkpoints(checkout, source.id))


def _captured(source: AgentState, turn_id: str, known: tuple[Checkpoint, ...]) -> Checkpoint:
    ends = {turn: end for turn, _, end in edges(known) if end is not None}
    if turn_id not in ends:
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"The files of {source.name} were not captured, or are not kept any more, from the end "
            f"of {turn_id}. Fork a later turn, or without a worktree of its own.",
            field="turnId",
            turns=list(ends),
        )
    return ends[turn_id]


def _workspace(
    context: Context, source: AgentState, asked: a.ForkAgent, starts: list[StartingPoint]
) -> WorkspaceSpec:
    if starts:
        return WorkspaceSpec(kind="new")
    if source.workspace is None:
        return source.spec.workspace
    if not has_tree(source):
        return source.spec.workspace
    host = context.directory.view(source.id)
    assert host is not None
    return making.workspace_of(host)


def _files_in_words(source: AgentState, starts: list[StartingPoint], missing: list[str]) -> str:
    if starts:
        left_out = f" Too large to be copied: {', '.join(missing)}." if missing else ""
        return f"It has the same files, in a worktree of its own.{left_out}"
    if source.workspace is not None:
        return f"It works in the same directory: {Path(source.workspace.cwd)}."
    return "The other one's worktree was removed, so it begins where new agents do."
