"""`athena/workspace/...`, `athena/rescue/...`, `athena/checkpoint/...`: trees and kept work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from athena.app import environment
from athena.app.agent import by
from athena.app.changeset import state_of
from athena.app.context import Context
from athena.app.ports import choose
from athena.app.review import record
from athena.app.scripts import chosen_scripts, tear_down
from athena.app.spawn import project_of
from athena.app.trees import checkout_of, everywhere, is_gone, project_checkout, seen_in
from athena.border import Connection
from athena.core import decide, finding
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol import workspace as w
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.protocol.remedy import Remedy
from athena.protocol.spec import OtherWorktree
from athena.worktree import (
    files,
    merge,
    orphans,
    remove,
    repository,
    rescue,
    restore,
    vanished,
)
from athena.worktree import standing as standing_of
from athena.worktree.errors import RemovalRefused, WorktreeError
from athena.worktree.paths import to_wire
from athena.worktree.repository import Checkout
from athena.worktree.standing import HAZARDS, Hazard, Standing

TEARDOWN = "teardown"
"""What one insists on to remove a worktree although its teardown script fails."""


async def list_(
    context: Context, connection: Connection, asked: w.ListWorkspaces
) -> w.WorkspaceList:
    """The workspaces of agents with their state on disk, then orphans of the project."""
    only = context.directory.resolve(asked.agent) if asked.agent else None
    project = project_of(asked.project, connection.cwd) if asked.project else None
    views = [
        v
        for v in context.directory.views()
        if v.workspace is not None
        and (only is None or v.id == only)
        and (project is None or v.project == str(project))
    ]
    states = [await state_of(context, v.id) for v in views]
    places = [place for state in states for place in everywhere(state)]
    found = list(await asyncio.gather(*(_state(context, place) for place in places)))
    if only is None:
        place = project or Path(connection.cwd)
        found += await _orphans(context, connection, place)
    return w.WorkspaceList(workspaces=found)


async def files_(context: Context, connection: Connection, asked: w.FindFiles) -> w.FileList:
    """The files of an agent's workspace that its prompt may name."""
    state = await state_of(context, asked.agent)
    place = state.workspace
    if place is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has no workspace yet.")
    root = Path(place.path)
    if place.repository is None:
        paths = await asyncio.to_thread(files.walked, root)
    else:
        paths = await files.listed(await checkout_of(context, state))
    elsewhere: dict[str, w.OtherFile] = {}
    for other in place.also:
        there = await files.listed(await checkout_of(context, seen_in(state, other.name)))
        for path in map(to_wire, there):
            known = w.OtherFile(repository=other.name, root=other.path, path=path)
            elsewhere[f"{other.name}/{path}"] = known

    def fitting(among: Collection[str]) -> list[str]:
        return finding.found(among, asked.find, asked.limit + 1)

    # A large repository has very many, and others are waiting.
    found, beside = await asyncio.to_thread(lambda: (fitting(paths), fitting(elsewhere)))
    return w.FileList(
        root=str(root),
        files=[to_wire(path) for path in found[: asked.limit]],
        others=[elsewhere[name] for name in beside[: asked.limit]],
        more=max(len(found), len(beside)) > asked.limit,
    )


async def _state(context: Context, view: AgentState) -> w.WorkspaceState:
    assert view.workspace is not None
    known = w.WorkspaceState(
        agent_id=view.id,
        agent_name=view.name,
        path=view.workspace.path,
        repository=view.workspace.repository,
        branch=view.workspace.branch,
    )
    if not Path(view.workspace.path).is_dir():
        return known.model_copy(update={"vanished": "its folder is gone"})
    if view.workspace.repository is None:
        return known
    env = environment.load(context.environments, view.id)
    try:
        checkout = (await repository.discover(Path(view.workspace.path), env)).checkout
        now = await standing_of.standing(checkout)
        ahead, behind = await _distance(checkout, now)
    except WorktreeError as error:
        return known.model_copy(update={"problem": str(error)})
    return _told(known, now).model_copy(update={"ahead": ahead, "behind": behind})


def _told(known: w.WorkspaceState, now: Standing) -> w.WorkspaceState:
    return known.model_copy(
        update={
            "branch": now.head.branch or known.branch,
            "head": now.head.commit,
            "changed": len(now.changed),
            "untracked": len(now.untracked),
            "unpushed": len(now.unpushed),
            "operation": now.operation,
            "vanished": now.vanished,
            "problem": now.problem,
            "hazards": {str(k): v for k, v in now.hazards.items()},
        }
    )


async def _distance(checkout: Checkout, now: Standing) -> tuple[int, int]:
    """Commits ahead of, and behind, the branch that the repository has checked out."""
    if now.head.commit is None or not checkout.linked:
        return 0, 0
    main = await repository.at_worktree(checkout, await repository.main_root(checkout))
    at = await repository.head(main)
    if at.commit is None:
        return 0, 0
    ahead = await merge.predict(checkout, now.head.commit, at.commit)
    return ahead.ahead, ahead.behind


async def _orphans(context: Context, connection: Connection, place: Path) -> list[w.WorkspaceState]:
    """What is left in the repository of agents that are not known here."""
    try:
        checkout = (await repository.discover(place, connection.environ)).checkout
        known = {v.id for v in context.directory.views()}
        left = await orphans.orphans(checkout, known)
    except WorktreeError:
        return []
    found: list[w.WorkspaceState] = []
    for orphan in left:
        state = w.WorkspaceState(
            path=str(orphan.root or checkout.root),
            repository=str(checkout.repository_root),
            branch=orphan.branch,
            problem=f"left by agent {orphan.agent}: {orphan.holds}",
        )
        if orphan.standing is not None:
            problem = state.problem
            state = _told(state, orphan.standing).model_copy(update={"problem": problem})
        found.append(state)
    return found


async def remove_(context: Context, connection: Connection, asked: w.RemoveWorkspace) -> w.Rescued:
    """Remove a worktree. Its files, index and commits are captured first."""
    insist = _hazards([word for word in asked.insist if word != TEARDOWN])
    if asked.agent is None:
        return await _remove_orphan(context, connection, asked, insist)
    state = await state_of(context, asked.agent)
    _need_alone(context, state)
    if state.workspace is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has no worktree to remove.")
    places = everywhere(state)
    there = [await checkout_of(context, place) for place in places if not is_gone(place)]
    with _may_insist(state, asked):
        for checkout in there:
            await remove.check(checkout, force=insist)
        if there:
            await _tear_down(context, state, asked)
        removed = [await _remove_one(context, place, asked, insist) for place in places]
    done, *others = removed
    kept = [one.rescue for one in others if one.rescue is not None]
    fact = e.WorkspaceRemoved(
        path=str(done.root),
        rescue=done.rescue.ref if done.rescue else None,
        moved_to=str(done.moved_to) if done.moved_to else None,
        also=[rescued.ref for rescued in kept] or None,
        by=by(connection),
    )
    await record(context, state, fact)
    return _removed(done).model_copy(update={"also": [_rescue(rescued) for rescued in kept]})


@contextmanager
def _may_insist(state: AgentState, asked: w.RemoveWorkspace) -> Generator[None]:
    """A refusal has the command that insists."""
    try:
        yield
    except RemovalRefused as refused:
        if refused.hazards:
            refused.remedies = (_insisting(state, asked, refused.hazards),)
        raise


def _insisting(state: AgentState, asked: w.RemoveWorkspace, hazards: Sequence[str]) -> Remedy:
    insist = list(dict.fromkeys([*asked.insist, *hazards]))
    return remedy("athena.workspace.remove", state, insist=insist)


async def _remove_one(
    context: Context, place: AgentState, asked: w.RemoveWorkspace, insist: Collection[Hazard]
) -> remove.Removed:
    """Remove the worktree in one repository of an agent."""
    if is_gone(place):
        return await _forget_vanished(context, place, insist)
    checkout = await checkout_of(context, place)
    return await remove.remove(
        checkout, place.id, force=insist, delete_branch=not asked.keep_branch
    )


async def _forget_vanished(
    context: Context, state: AgentState, insist: Collection[Hazard]
) -> remove.Removed:
    """Keep what is left of a worktree whose folder is gone, and let git forget it."""
    place = state.workspace
    if place is None or place.repository is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has no git worktree to remove.")
    project = await project_checkout(context, state)
    gone = await vanished.gone_at(project, Path(place.path), place.branch)
    return await vanished.remove_vanished(project, state.id, gone, force=insist)


def _removed(done: remove.Removed) -> w.Rescued:
    return w.Rescued(
        removed=True,
        rescue=_rescue(done.rescue) if done.rescue else None,
        moved_to=str(done.moved_to) if done.moved_to else None,
    )


def _need_alone(context: Context, state: AgentState) -> None:
    """Nobody may be at work in a worktree that is to be removed."""
    assert state.workspace is not None
    for view in context.directory.views():
        if view.run_id and view.workspace and view.workspace.path == state.workspace.path:
            end = remedy("athena.agent.stop", view)
            raise AthenaError(
                ErrorCode.WRONG_STATE,
                f"{view.name} is running there: stop it first ({end}).",
                remedies=[end],
            )


async def _tear_down(context: Context, state: AgentState, asked: w.RemoveWorkspace) -> None:
    """End what runs in the worktree, and let the project clean up after itself."""
    actor = await context.directory.actor(state.id)
    await actor.scripts.end("run", why="the worktree is removed")
    failed = await tear_down(actor.scripts, context, state) if state.workspace else None
    if failed is not None and TEARDOWN not in asked.insist:
        raise AthenaError(
            ErrorCode.REFUSED,
            f"Nothing was removed: {failed}. Repair it, or insist on `{TEARDOWN}`.",
            remedies=[_insisting(state, asked, [TEARDOWN])],
            hazards={TEARDOWN: failed},
        )


async def run_scripts(
    context: Context, connection: Connection, asked: w.RunScripts
) -> w.ScriptList:
    """Start the project's run scripts in a workspace, or end what runs."""
    state = await state_of(context, asked.agent)
    if state.workspace is None:
        raise AthenaError(ErrorCode.WRONG_STATE, f"{state.name} has no workspace to run it in.")
    actor = await context.directory.actor(state.id)
    if asked.stop:
        await actor.scripts.end("run", why="the user ended it")
    else:
        for command in [asked.command] if asked.command else _run_commands(context, state):
            actor.scripts.follow(await actor.scripts.begin("run", command))
    return w.ScriptList(scripts=list(actor.state.scripts.values()))


def _run_commands(context: Context, state: AgentState) -> list[str]:
    """The run scripts of the settings that do not run yet."""
    found = chosen_scripts(context, state)
    if not found.run and found.withheld:
        trust = remedy("athena.workspace.trust", project=state.spec.project)
        raise AthenaError(
            ErrorCode.REFUSED,
            f"{state.spec.project} is not trusted to name scripts. To let it: {trust}.",
            remedies=[trust],
            commands=list(found.withheld),
        )
    if not found.run:
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            "No run script is set: name a command, or set `run` in [workspace] of athena.toml.",
        )
    running = {s.command for s in state.scripts.values() if s.stage == "run"}
    return [command for command in found.run if command not in running]


async def _remove_orphan(
    context: Context,
    connection: Connection,
    asked: w.RemoveWorkspace,
    insist: Collection[Hazard],
) -> w.Rescued:
    if asked.path is None:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS, "Name an agent, or the path of an orphan.", field="agent"
        )
    path = Path(connection.cwd, asked.path).resolve()
    nearby = path if path.is_dir() else Path(connection.cwd)
    checkout = (await repository.discover(nearby, connection.environ)).checkout
    known = {v.id for v in context.directory.views()}
    left = await orphans.orphans(checkout, known)
    orphan = next((o for o in left if o.root == path), None)
    if orphan is None or orphan.root is None:
        raise _no_orphan(context, path)
    if orphan.kind == "vanished":
        gone = await vanished.gone_at(checkout, orphan.root, orphan.branch)
        done = await vanished.remove_vanished(checkout, orphan.agent, gone, force=insist)
        return _removed(done)
    own = await repository.at_worktree(checkout, orphan.root)
    done = await remove.remove(own, orphan.agent, force=insist, delete_branch=not asked.keep_branch)
    return _removed(done)


def _no_orphan(context: Context, path: Path) -> AthenaError:
    for view in context.directory.views():
        if view.workspace is not None and Path(view.workspace.path) == path:
            helps = remedy("athena.workspace.remove", view)
            advice = f"It is that of {view.name}: {helps}."
            break
    else:
        helps = remedy("athena.workspace.list")
        advice = f"{helps} shows them; git removes its other worktrees."
    words = f"{path} is no worktree that an agent left. {advice}"
    return AthenaError(ErrorCode.NOT_FOUND, words, remedies=[helps], field="path")


def _hazards(words: list[str]) -> set[Hazard]:
    known: dict[str, Hazard] = {h: h for h in HAZARDS}
    for word in words:
        if word not in known:
            raise AthenaError(
                ErrorCode.INVALID_PARAMS,
                f"{word!r} is no hazard; they are {', '.join(HAZARDS)}.",
                field="insist",
            )
    return {known[word] for word in words}


async def restore_(
    context: Context, connection: Connection, asked: w.RestoreWorkspace
) -> w.Restored:
    """Bring captured work back into a worktree."""
    state = await state_of(context, asked.agent) if asked.agent else None
    project = Path(state.spec.project) if state else project_of(asked.project, connection.cwd)
    checkout = (await repository.discover(project, connection.environ)).checkout
    if state is None and asked.ref is not None:
        state = await _owner(context, checkout, asked.ref)
    if state is not None and asked.ref is None and not is_gone(state) and state.workspace:
        lost = [place for place in everywhere(state) if is_gone(place)]
        if lost:
            return await _lost_others_again(context, connection, state)
    homeless = state is not None and (state.workspace is None or is_gone(state))
    chosen = await _chosen(context, checkout, asked, state)
    done = await restore.restore(
        checkout, chosen, Path(connection.cwd, asked.path) if asked.path else None
    )
    notes = list(done.notes)
    if state is not None and homeless:
        before = await _told_before(context, state)
        others, said, _ = await _others_again(context, state, before)
        notes += [*said, *await _let_go(context, connection, state)]
        ready = _ready_again(context, checkout, done, state, chosen, before)
        await record(context, state, ready.model_copy(update={"also": others or None}))
    return w.Restored(path=str(done.checkout.root), ref=chosen.ref, branch=done.branch, notes=notes)


async def _owner(context: Context, checkout: Checkout, ref: str) -> AgentState | None:
    """The agent whose main worktree a ref keeps."""
    owner = (await rescue.rescue_at(checkout, ref)).agent
    if context.directory.view(owner) is None:
        return None
    state = await state_of(context, owner)
    main = (await project_checkout(context, state)).common_dir
    return state if main == checkout.common_dir else None


async def _lost_others_again(
    context: Context, connection: Connection, state: AgentState
) -> w.Restored:
    """Bring back worktrees of other repositories alone."""
    before = await _told_before(context, state)
    _, notes, brought = await _others_again(context, state, before)
    if not brought:
        raise AthenaError(ErrorCode.NOT_FOUND, "; ".join(notes))
    notes += await _let_go(context, connection, state)
    back = brought[0]
    return w.Restored(path=str(back.root), ref=back.ref, branch=back.branch, notes=notes)


async def _others_again(
    context: Context, state: AgentState, before: e.WorkspaceReady | None
) -> tuple[list[OtherWorktree], list[str], list[rescue.Rescue]]:
    """The agent's worktrees in other repositories, those that are gone brought back as well."""
    found: list[OtherWorktree] = []
    notes: list[str] = []
    brought: list[rescue.Rescue] = []
    env = environment.load(context.environments, state.id)
    for other in before.also or [] if before else []:
        try:
            checkout = (await repository.discover(Path(other.repository), env)).checkout
            if not Path(other.path).is_dir():
                gone = await vanished.gone_at(checkout, Path(other.path), other.branch)
                kept = [
                    k
                    for k in await rescue.rescues(checkout, state.id)
                    if k.root == Path(other.path)
                ]
                if state.workspace is not None or not kept:
                    removed = await vanished.remove_vanished(
                        checkout, state.id, gone, force=HAZARDS
                    )
                    kept += [removed.rescue] if removed.rescue is not None else []
                done = await restore.restore(checkout, kept[-1], Path(other.path))
                notes += [f"{other.name}: {note}" for note in done.notes]
                brought.append(kept[-1])
            found.append(other)
        except WorktreeError as error:
            notes.append(f"{other.name} could not be brought back: {error}")
    return found, notes, brought


async def _chosen(
    context: Context, checkout: Checkout, asked: w.RestoreWorkspace, state: AgentState | None
) -> rescue.Rescue:
    """What is named, or the worktree of the agent as it was."""
    named = await rescue.rescue_at(checkout, asked.ref) if asked.ref is not None else None
    last = named is None or (state is not None and named.commit == state.checkpoint)
    if named is not None and not last:
        return named
    if state is not None and is_gone(state):
        removed = await _forget_vanished(context, state, HAZARDS)
        if removed.rescue is not None:
            return removed.rescue
    if named is not None:
        return named
    main = await repository.main_root(checkout)
    kept = await rescue.rescues(checkout, state.id if state else None)
    # What was kept of the user's own files, before changes were taken into them, is not meant.
    of_worktrees = [k for k in kept if k.root != main]
    if not of_worktrees:
        raise AthenaError(ErrorCode.NOT_FOUND, "Nothing was captured that could be restored.")
    return of_worktrees[-1]


async def _let_go(context: Context, connection: Connection, state: AgentState) -> list[str]:
    """End a harness whose directory vanished under it."""
    if state.run is None:
        return []
    actor = await context.directory.actor(state.id)
    await actor.change(lambda draft: draft.record(*decide.stop(draft.now, by(connection))))
    return [f"{state.name} was stopped, as its directory was gone; the next prompt resumes it"]


async def _told_before(context: Context, state: AgentState) -> e.WorkspaceReady | None:
    """The workspace as it was told of last."""
    told = await context.log.read_stream_back(
        state.id, before_version=state.version + 1, limit=1, kinds=[e.WorkspaceReady.KIND]
    )
    return e.WorkspaceReady.model_validate(told[0].data) if told else None


def _ready_again(
    context: Context,
    checkout: Checkout,
    done: restore.Restored,
    state: AgentState,
    chosen: rescue.Rescue,
    before: e.WorkspaceReady | None,
) -> e.WorkspaceReady:
    """The workspace as it was, at the place where it is now."""
    root = done.checkout.root
    inner = os.path.relpath(before.cwd, before.path) if before else "."
    ports = choose(context, state, str(root), context.settings_of(state).workspace.ports)
    return e.WorkspaceReady(
        path=str(root),
        cwd=str(root / inner),
        kind=before.kind if before else "new",
        repository=str(checkout.repository_root),
        branch=done.branch,
        base_commit=before.base_commit if before else chosen.head,
        first_port=ports.first if ports else None,
        ports=ports.count if ports else None,
    )


async def rescues(context: Context, connection: Connection, asked: w.ListRescues) -> w.RescueList:
    """Captured work of a project, newest first; first of all what vanished with its folder."""
    state = await state_of(context, asked.agent) if asked.agent else None
    project = Path(state.spec.project) if state else project_of(asked.project, connection.cwd)
    checkout = (await repository.discover(project, connection.environ)).checkout
    kept = await rescue.rescues(checkout, state.id if state else None)
    lost = [
        k for k in await _last_of_vanished(context, checkout) if not state or k.agent == state.id
    ]
    return w.RescueList(rescues=[_rescue(k) for k in (*lost, *reversed(kept))])


async def _last_of_vanished(context: Context, checkout: Checkout) -> list[rescue.Rescue]:
    """The last checkpoint of each worktree of the repository whose folder is gone."""
    gone = [
        view.id
        for view in context.directory.views()
        if view.workspace is not None
        and view.workspace.repository == str(checkout.repository_root)
        and not Path(view.workspace.path).is_dir()
    ]
    found: list[rescue.Rescue] = []
    for agent_id in gone:
        last = (await state_of(context, agent_id)).checkpoint
        known = await rescue.restorable(checkout, agent_id)
        found += [
            replace(k, reason="its folder vanished; its last checkpoint")
            for k in known
            if k.commit == last
        ]
    return found


def _rescue(kept: rescue.Rescue) -> w.RescueView:
    return w.RescueView(
        ref=kept.ref,
        agent_id=kept.agent,
        commit=kept.commit,
        reason=kept.reason,
        path=str(kept.root),
        branch=kept.branch,
        at=int(kept.time.timestamp() * 1000),
    )
