"""The directory that an agent works in: making it, or finding what was made before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from athena.app import environment
from athena.app.context import Context
from athena.app.ports import choose
from athena.app.scripts import chosen_scripts
from athena.core.state import AgentState
from athena.protocol import events as e
from athena.protocol.errors import AthenaError
from athena.protocol.items import Notice
from athena.protocol.remedies import remedy
from athena.protocol.spec import OtherWorktree, StartingPoint
from athena.worktree import create, repository, unfinished
from athena.worktree.errors import LocationTaken, WorktreeError
from athena.worktree.ports import PortRange
from athena.worktree.submodules import Inside


async def make_workspace(context: Context, state: AgentState) -> list[e.EventData]:
    """The events that say where the agent works, or why it cannot."""
    try:
        made, *others = await _all_made(context, state)
        setup, told = _setup(context, state, made)
        root = str(made.checkout.root if made.checkout else made.cwd)
        ports = _ports(context, state, made, root)
    except (WorktreeError, AthenaError, OSError) as error:
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
        also=_also(others) or None,
    )
    notes = [Notice(text=n, topic="workspace") for one in (made, *others) for n in one.notes]
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
    trust = remedy("athena.workspace.trust", project=state.spec.project)
    words = (
        f"This project names scripts that were not run: {'; '.join(found.withheld)}. "
        f"To let it: {trust}."
    )
    note = Notice(level="warning", text=words, topic="workspace", remedies=[trust])
    return found.setup, [note]


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


def _requests(context: Context, state: AgentState) -> list[create.Request]:
    """The worktrees wanted in all repositories of the agent, the main one first."""
    first = _request(context, state)
    if starts := _starts(state):
        return [
            replace(
                first,
                path=Path(at.place),
                base=at.commit,
                files=at.files,
                inside=tuple(Inside(s.path, Path(s.place), s.files) for s in at.submodules or ()),
            )
            for at in starts
        ]
    also = (state.spec.workspace.also or []) if first.kind == "new" else []
    # Base and sub-folder are those of the main repository.
    others = [replace(first, path=Path(path), base="HEAD", subfolder="") for path in also]
    return [first, *others]


def _starts(state: AgentState) -> list[StartingPoint]:
    """Where the worktrees of a copy of another agent begin."""
    fork = state.spec.fork
    return fork.worktrees if fork is not None and state.spec.workspace.kind == "new" else []


async def _all_made(context: Context, state: AgentState) -> tuple[create.Worktree, ...]:
    """The worktrees in all repositories of the agent; all of them, or none."""
    requests = _requests(context, state)
    await _need_apart(requests)
    known = [await _made_before(request) for request in requests]
    missing = [request for request, found in zip(requests, known, strict=True) if found is None]
    fresh = iter(await create.create_all(missing))
    made = [found or next(fresh) for found in known]
    bases = [at.base for at in _starts(state)] or [one.base for one in made]
    return tuple(replace(one, base=base) for one, base in zip(made, bases, strict=True))


async def _need_apart(requests: list[create.Request]) -> None:
    """Refuse two worktrees of one repository for one agent."""
    if len(requests) < 2:
        return
    seen: set[Path] = set()
    for request in requests:
        common = (await repository.discover(request.path, request.environ)).checkout.common_dir
        if common in seen:
            raise LocationTaken(
                f"{request.path} is in a repository that was named already.",
                advice="Name each repository once.",
            )
        seen.add(common)


def _also(others: list[create.Worktree]) -> list[OtherWorktree]:
    """The other worktrees, each with a name that is its alone."""
    found: list[OtherWorktree] = []
    for made in others:
        assert made.checkout is not None
        root = made.checkout.repository_root
        taken = {other.name for other in found}
        name = root.name if root.name not in taken else f"{root.parent.name}/{root.name}"
        found.append(
            OtherWorktree(
                name=name,
                path=str(made.checkout.root),
                repository=str(root),
                branch=made.branch,
                base_commit=made.base,
            )
        )
    return found


async def _made_before(request: create.Request) -> create.Worktree | None:
    """The worktree that a daemon made for this agent and died before it could say so."""
    if request.kind != "new":
        return None
    place = await repository.discover(request.path, request.environ)
    if unfinished.pending(place.checkout, request.agent):
        return None
    own = {
        root
        for admin, root in repository.linked(place.checkout)
        if create.owner_in(admin) == request.agent
    }
    for listed in await repository.worktrees(place.checkout) if own else ():
        if listed.root in own and not listed.vanished and listed.root.is_dir():
            checkout = await repository.at_worktree(place.checkout, listed.root)
            subfolder = place.prefix if request.subfolder is None else request.subfolder
            return create.Worktree(
                kind="new",
                agent=request.agent,
                cwd=checkout.root / subfolder,
                checkout=checkout,
                branch=listed.branch,
                base=listed.head,
            )
    return None
