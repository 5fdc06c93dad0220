"""All agents: who they are, how they look now, and the actor of each one that is at work."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from weakref import WeakValueDictionary

from athena.app.actor import AgentActor
from athena.core.state import AgentState
from athena.projections.agents import view
from athena.protocol.agent import AgentView
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy

LoadState = Callable[[str], Awaitable[AgentState | None]]
MakeActor = Callable[[str, AgentState | None], AgentActor]


class Directory:
    """Finds agents by id or name, and holds one actor for each that was asked for.

    The views of all agents are kept, since every client's first question is the list; the states
    behind them live in the cache and come and go.
    """

    def __init__(self, load: LoadState, make: MakeActor) -> None:
        self._load = load
        self._make = make
        self._views: dict[str, AgentView] = {}
        self._sessions: dict[str, dict[str, None]] = {}
        self._actors: dict[str, AgentActor] = {}
        # There is never a second actor of an agent: the first one's state would fall behind.
        self._resting: WeakValueDictionary[str, AgentActor] = WeakValueDictionary()
        self._loading: dict[str, asyncio.Lock] = {}
        self._promised: dict[str, str] = {}

    def changed(self, state: AgentState) -> None:
        """Take over an agent's newest state."""
        self._views[state.id] = view(state)
        for session_id in state.sessions:
            self._sessions.setdefault(session_id, {})[state.id] = None

    def views(self) -> list[AgentView]:
        """All agents, oldest first."""
        return list(self._views.values())

    def view(self, agent_id: str) -> AgentView | None:
        """One agent, if there is one."""
        return self._views.get(agent_id)

    def of_session(self, session_id: str) -> list[AgentView]:
        """The agents that have or had a session of a harness, oldest first."""
        return [self._views[agent_id] for agent_id in self._sessions.get(session_id, {})]

    def actors(self) -> list[AgentActor]:
        """The actors that exist now."""
        return list(self._actors.values())

    def resolve(self, name: str) -> str:
        """The id of the agent that `name` means: an id, a name, or a unique beginning of either.

        Agents that are not archived go first. `AthenaError`: NOT_FOUND or AMBIGUOUS.
        """
        if name in self._views:
            return name
        views = self._views.values()
        for fits in (
            [v for v in views if v.name == name and not v.archived],
            [v for v in views if v.name == name],
            [v for v in views if not v.archived and (v.id + "\0" + v.name).startswith(name)],
            [v for v in views if not v.archived and v.name.startswith(name)],
        ):
            if name and len(fits) == 1:
                return fits[0].id
            if name and fits:
                raise AthenaError(
                    ErrorCode.AMBIGUOUS,
                    f"{name!r} fits {', '.join(f'{v.name} ({v.id})' for v in fits[:5])}.",
                    candidates=[v.id for v in fits],
                )
        names = sorted({v.name for v in views if not v.archived})
        close = difflib.get_close_matches(name, names, n=3)
        meant = f" Did you mean {' or '.join(close)}?" if close else ""
        shows = remedy("athena.agent.list")
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"There is no agent {name!r}.{meant} {shows} shows them.",
            remedies=[shows],
            candidates=close,
        )

    def names(self) -> set[str]:
        """The names that a new agent must not have."""
        return {v.name for v in self._views.values() if not v.archived} | self._promised.keys()

    @contextmanager
    def promised(self, name: str, agent_id: str) -> Generator[None]:
        """Keep a name for an agent until it has it. `AthenaError` when it is another one's."""
        others = [v.id for v in self._views.values() if v.name == name and not v.archived]
        if other := next((o for o in (*others, self._promised.get(name)) if o != agent_id), None):
            raise AthenaError(
                ErrorCode.CONFLICT,
                f"There is another agent called {name} ({other}); choose another name, or "
                "rename that one first.",
                field="name",
            )
        self._promised[name] = agent_id
        try:
            yield
        finally:
            self._promised.pop(name, None)

    async def actor(self, agent_id: str) -> AgentActor:
        """The actor of an agent, made when it is needed."""
        found = self._known(agent_id)
        if found is not None:
            return found
        lock = self._loading.setdefault(agent_id, asyncio.Lock())
        async with lock:
            found = self._known(agent_id)
            if found is None:
                found = self._make(agent_id, await self._load(agent_id))
                self._actors[agent_id] = found
        self._loading.pop(agent_id, None)
        return found

    def _known(self, agent_id: str) -> AgentActor | None:
        """The actor that there is already, also one that a long command still holds."""
        found = self._actors.get(agent_id)
        if found is None and (found := self._resting.get(agent_id)) is not None:
            self._actors[agent_id] = found
        return found

    def written(self, agent_id: str) -> Mapping[str, str]:
        """The text so far of the items that an agent is writing, by item id."""
        actor = self._actors.get(agent_id)
        return actor.written() if actor is not None else {}

    def release_idle(self) -> None:
        """Let go of the actors of agents at rest; their states stay in the cache."""
        for agent_id, actor in list(self._actors.items()):
            if actor.at_rest:
                self._resting[agent_id] = self._actors.pop(agent_id)
