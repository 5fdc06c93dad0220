"""Reading a session made outside into the log, portion by portion.

What a portion of the file says and how far it was read are one transaction, so an import that was
broken off goes on where it stopped, and nothing is imported twice.
"""

from __future__ import annotations

import asyncio

from athena.app import spawn as making
from athena.app.context import Context
from athena.harness.outside import bookmark
from athena.harness.outside.bookmark import Bookmark, Portion, Replaced
from athena.harness.outside.files import SessionFile
from athena.log import Ingest
from athena.protocol import events as e
from athena.protocol.agent import AgentView, SpawnAgent
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.items import Notice
from athena.protocol.remedies import remedy
from athena.protocol.session import SessionReport, SessionState, import_run
from athena.protocol.spec import AgentSpec, WorkspaceSpec

ID_LENGTH = 8
"""How much of a session's id names an agent whose session has no words."""


class Outside:
    """One session file and the agent that it becomes. Used by one task at a time."""

    def __init__(self, context: Context, session: SessionFile) -> None:
        self._context = context
        self.session = session

    @property
    def agent(self) -> AgentView | None:
        """The agent that has the session. Where its file was replaced, that of the newest file."""
        imported = self._imported()
        if imported:
            return self._context.directory.view(self._id(len(imported) - 1))
        found = self._context.directory.of_session(self.session.session_id)
        return found[0] if found else None

    def _imported(self) -> list[AgentView]:
        found = self._context.directory.of_session(self.session.session_id)
        return [view for view in found if view.imported is not None]

    def _id(self, number: int) -> str:
        """The id of the agent of the session's first file, of the one that replaced it, …"""
        session = self.session
        return making.agent_id(f"session {session.harness} {session.session_id} {number}")

    async def state(self) -> SessionState:
        """What Athena has of the session."""
        agent = self.agent
        if agent is None:
            return SessionState.NEW
        if agent.imported is None:
            return SessionState.OWN
        if agent.imported.adopted:
            return SessionState.ADOPTED
        if agent.archived:
            return SessionState.ARCHIVED
        mark = await self._bookmark(agent.id)
        is_whole = mark is not None and mark.position == self.session.bytes
        return SessionState.IMPORTED if is_whole else SessionState.CHANGED

    async def bring(self) -> SessionReport:
        """Read all that is new. A session that was adopted, or is ours, has its news elsewhere."""
        agent = self.agent
        state = await self.state()
        if agent is not None and state in (SessionState.OWN, SessionState.ARCHIVED):
            raise _refused(agent, state)
        if agent is not None and state is SessionState.ADOPTED:
            return self._report(agent.id, False, 0)
        if agent is None:
            return await self._read(self._id(0), created=True)
        try:
            return await self._read(agent.id, created=False)
        except Replaced:
            return await self._begin_again(agent)

    async def _begin_again(self, before: AgentView) -> SessionReport:
        """The file is another one than before: what it said stays, and what it says is new."""
        report = await self._read(self._id(len(self._imported())), created=True)
        note = Notice(
            level="warning",
            text="The file of this session was replaced or cut. What it says now is in "
            f"{report.agent_name} ({report.agent_id}).",
            topic="import",
        )
        actor = await self._context.directory.actor(before.id)
        item_id = f"{before.id}.v{actor.state.version + 1}"
        await actor.record(e.ItemCompleted(item_id=item_id, item=note))
        return report.model_copy(update={"replaced": before.id})

    async def _read(self, agent_id: str, created: bool) -> SessionReport:
        run_id = import_run(agent_id)
        mark = await self._bookmark(agent_id) or bookmark.begin(self.session, run_id)
        actor = await self._context.directory.actor(agent_id)
        first = self._first() if created else []
        count, seq, more = 0, self._context.log.head, True
        while more:
            portion = await self._portion(mark)
            events = [(one.at, one.event) for one in portion.events]
            if first:
                begun = next((at for at, _ in events if at), self.session.modified_at)
                events = [*((begun, event) for event in first), *events]
                first = []
            if events or portion.bookmark != mark:
                ingest = Ingest(run_id, portion.bookmark.position, bookmark.dump(portion.bookmark))
                seq = (await actor.take_in(events, ingest)).last_seq
            count += len(events)
            mark, more = portion.bookmark, not portion.at_end
        return self._report(agent_id, created, count, seq)

    async def _portion(self, mark: Bookmark) -> Portion:
        # A file may be large; the daemon has others to serve meanwhile.
        try:
            return await asyncio.to_thread(bookmark.read_on, self.session.path, mark)
        except OSError as error:
            raise AthenaError(
                ErrorCode.NOT_FOUND, f"{self.session.path} cannot be read: {error.strerror}."
            ) from error

    def _first(self) -> list[e.EventData]:
        session, directory = self.session, self._context.directory
        taken = directory.names()
        fallback = f"{session.harness}-{session.session_id[:ID_LENGTH]}"
        asked = SpawnAgent(archetype=fallback)
        content = making.content_of(session.title, None)
        spec = AgentSpec(
            name=making.name_of(asked, content, taken),
            harness=session.harness,
            project=session.cwd,
            workspace=WorkspaceSpec(kind="none"),
        )
        imported = e.SessionImported(
            harness=session.harness,
            session_id=session.session_id,
            path=str(session.path),
            cwd=session.cwd,
        )
        title = [e.TitleChanged(title=session.title)] if session.title else []
        return [e.AgentSpawned(spec=spec, by="import"), imported, *title]

    def _report(self, agent_id: str, created: bool, events: int, seq: int = 0) -> SessionReport:
        view = self._context.directory.view(agent_id)
        assert view is not None
        return SessionReport(
            agent_id=agent_id,
            agent_name=view.name,
            session_id=self.session.session_id,
            created=created,
            events=events,
            seq=seq or self._context.log.head,
        )

    async def open_work(self, agent_id: str) -> list[e.EventData]:
        """What closes the work that was open where the file ends."""
        mark = await self._bookmark(agent_id)
        return [one.event for one in bookmark.close(mark)] if mark is not None else []

    async def forget(self, agent_id: str) -> None:
        """The file is not read any more."""
        await self._context.log.forget_run(import_run(agent_id))

    async def _bookmark(self, agent_id: str) -> Bookmark | None:
        kept = await self._context.log.ingest_state(import_run(agent_id))
        return bookmark.load(kept.memory) if kept is not None else None


def _refused(agent: AgentView, state: SessionState) -> AthenaError:
    if state is SessionState.OWN:
        words = f"Athena made this session itself: it is of the agent {agent.name}."
        return AthenaError(ErrorCode.REFUSED, words, reason=state.value, agent=agent.id)
    back = remedy("athena.agent.restore", agent)
    return AthenaError(
        ErrorCode.REFUSED,
        f"It was imported as {agent.name}, which is archived: restore that first ({back}).",
        remedies=[back],
        reason=state.value,
        agent=agent.id,
    )
