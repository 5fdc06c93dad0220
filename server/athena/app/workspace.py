"""The directory that an agent works in: making it, and capturing it at the edges of turns."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Literal

from athena.app import environment
from athena.app.context import Context
from athena.app.ports import choose
from athena.app.scripts import chosen_scripts
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.items import Notice
from athena.worktree import checkpoint, create, repository, unfinished
from athena.worktree.errors import WorktreeError
from athena.worktree.ports import PortRange


async def make_workspace(context: Context, state: AgentState) -> list[e.EventData]:
    """The events that say where the agent works, or why it cannot."""
    try:
        made = await _made_before(context, state) or await create.create(_request(context, state))
        setup, told = _setup(context, state, made)
        root = str(made.checkout.root if made.checkout else made.cwd)
        ports = _ports(context, state, made, root)
    except WorktreeError as error:
        return [e.WorkspaceFailed(error=str(error))]
    checkout = made.checkout
    ready = e.WorkspaceReady(
        path=root,
        cwd=str(made.cwd),
        kind=made.kind,
        repository=str(checkout.repository_root) if checkout else None,
        branch=made.branch,
        base_commit=made.base,
        setup=list(setup) or None,
        first_port=ports.first if ports else None,
        ports=ports.count if ports else None,
    )
    notes = [Notice(text=note, topic="workspace") for note in made.notes]
    return [
        ready,
        *(
            e.ItemCompleted(item_id=f"{state.id}.w{n}", item=note)
            for n, note in enumerate([*notes, *told], 1)
        ),
    ]


def _setup(
    context: Context, state: AgentState, made: create.Worktree
) -> tuple[tuple[str, ...], list[Notice]]:
    """The scripts that set a new worktree up, and a word on those that may not run."""
    if made.kind != "new":
        return (), []
    found = chosen_scripts(context, state)
    if not found.withheld:
        return found.setup, []
    words = (
        f"This project names scripts that were not run: {'; '.join(found.withheld)}. To let it: "
        f"athena workspace trust --project {shlex.quote(state.spec.project)}"
    )
    return found.setup, [Notice(level="warning", text=words, topic="workspace")]


def _ports(
    context: Context, state: AgentState, made: create.Worktree, root: str
) -> PortRange | None:
    if made.kind == "none" or made.checkout is None:
        return None
    return choose(context, state, root, context.settings_of(state).workspace.ports)


def _request(context: Context, state: AgentState) -> create.Request:
    wanted = state.spec.workspace
    defaults = context.settings_of(state).workspace
    request = create.Request(
        kind=wanted.kind,
        path=Path(wanted.path or state.spec.project),
        agent=state.id,
        name=state.spec.name,
        base=wanted.base or defaults.base or "HEAD",
        branch=wanted.branch,
        subfolder=wanted.subfolder,
        patterns=tuple(defaults.bring),
        environ=environment.load(context.environments, state.id),
    )
    changes: dict[str, str] = {}
    if defaults.branch:
        changes["template"] = defaults.branch
    if defaults.location:
        changes["location"] = defaults.location
    return replace(request, **changes) if changes else request


async def _made_before(context: Context, state: AgentState) -> create.Worktree | None:
    """The worktree that a daemon made for this agent and died before it could say so."""
    wanted = state.spec.workspace
    if wanted.kind != "new":
        return None
    env = environment.load(context.environments, state.id)
    place = await repository.discover(Path(wanted.path or state.spec.project), env)
    if unfinished.pending(place.checkout, state.id):
        return None
    for listed in await repository.worktrees(place.checkout):
        if listed.bare or listed.vanished or not listed.root.is_dir():
            continue
        checkout = await repository.at_worktree(place.checkout, listed.root)
        if create.owner(checkout) == state.id:
            subfolder = place.prefix if wanted.subfolder is None else wanted.subfolder
            return create.Worktree(
                kind="new",
                agent=state.id,
                cwd=checkout.root / subfolder,
                checkout=checkout,
                branch=listed.branch,
                base=listed.head,
            )
    return None


async def take_checkpoint(
    context: Context, state: AgentState, turn_id: str, edge: Literal["start", "end"]
) -> e.EventData:
    """Capture the agent's working tree. A failure is told and does not stop the agent."""
    assert state.workspace is not None
    env = environment.load(context.environments, state.id)
    try:
        place = await repository.discover(Path(state.workspace.path), env)
        taken = await checkpoint.take(
            place.checkout, state.id, turn=turn_id, edge=edge, previous=state.checkpoint
        )
    except (WorktreeError, OSError) as error:
        return e.CheckpointFailed(turn_id=turn_id, edge=edge, error=str(error))
    return e.CheckpointTaken(
        turn_id=turn_id,
        edge=edge,
        ref=taken.ref,
        commit=taken.commit,
        tree=taken.tree,
        skipped=list(taken.skipped),
    )
