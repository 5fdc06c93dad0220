"""`athena/session/...`: sessions that the plain command lines of harnesses made."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from athena.app import environment
from athena.app import spawn as making
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.outside import Outside
from athena.app.user import need_user
from athena.border import Connection
from athena.core import decide
from athena.harness.outside.files import SessionFile, Wanted, find_sessions
from athena.projections.agents import detail
from athena.protocol import session as s
from athena.protocol.agent import AgentDetail
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.remedies import remedy
from athena.protocol.spec import WorkspaceSpec

ID = re.compile(r"[0-9A-Za-z_-]+")
"""What an id of a session is made of."""


async def list_(context: Context, connection: Connection, asked: s.ListSessions) -> s.SessionList:
    """The sessions below the client's home, and what Athena has of each."""
    project = making.project_of(asked.project, connection.cwd) if asked.project else None
    wanted = Wanted(harness=asked.harness, since=asked.since or 0)
    found = await asyncio.to_thread(find_sessions, connection.environ, wanted)
    fitting = [one for one in found if project is None or _is_in(one, project)]
    shown = [await _view(context, one) for one in fitting[: asked.limit]]
    return s.SessionList(sessions=shown, more=len(fitting) > asked.limit)


def _is_in(session: SessionFile, project: Path) -> bool:
    return bool(session.cwd) and Path(session.cwd).is_relative_to(project)


async def _view(context: Context, session: SessionFile) -> s.SessionView:
    outside = Outside(context, session)
    agent = outside.agent
    return s.SessionView(
        harness=session.harness,
        session_id=session.session_id,
        path=str(session.path),
        cwd=session.cwd,
        title=session.title,
        modified_at=session.modified_at,
        bytes=session.bytes,
        state=await outside.state(),
        agent_id=agent.id if agent else None,
        agent_name=agent.name if agent else None,
    )


async def import_(
    context: Context, connection: Connection, asked: s.ImportSession
) -> s.SessionReport:
    """Read what is new in a session file."""
    session = await _find(context, connection, asked.session)
    async with context.importing:
        return await Outside(context, session).bring()


async def adopt(context: Context, connection: Connection, asked: s.AdoptSession) -> AgentDetail:
    """Read a session to its end, and go on with it in the environment of the client that asks."""
    if asked.mode is not None:
        need_user(context, connection)
    session = await _find(context, connection, asked.session)
    if not Path(session.cwd).is_dir():
        raise AthenaError(
            ErrorCode.NOT_FOUND,
            f"The session was made in {session.cwd or 'no directory'}, which is not there any "
            "more. Make it again, or read the session without adopting it.",
        )
    content = making.content_of(asked.text, asked.content)
    by = connection.client.name
    workspace = WorkspaceSpec(kind="new" if asked.worktree else "none")
    async with context.importing:
        outside = Outside(context, session)
        report = await outside.bring()
        actor = await context.directory.actor(report.agent_id)
        open_work = await outside.open_work(report.agent_id)

        def build(draft: Draft) -> None:
            draft.record(
                *decide.adopt(draft.now, open_work, workspace, asked.model, asked.mode, by)
            )
            if content:
                draft.record(*decide.prompt(draft.now, content, steer=False, by=by))

        # Asked beforehand too, so that nothing is saved for an agent that cannot be adopted.
        decide.adopt(actor.state, open_work, workspace, asked.model, asked.mode, by)
        surroundings = environment.of_client(connection, {})
        environment.save(context.environments, actor.agent_id, surroundings)
        await actor.change(build)
        await outside.forget(actor.agent_id)
    return detail(actor.state)


async def _find(context: Context, connection: Connection, name: str) -> SessionFile:
    """The session that a name means: its id, the agent that it became, or a beginning of its id."""
    beginning = await _search(connection, name)
    for session_id in (name, _imported(context, name)):
        found = beginning if session_id == name else await _search(connection, session_id or "")
        exact = [one for one in found if one.session_id == session_id]
        if exact:
            return exact[0]
    ids = list(dict.fromkeys(one.session_id for one in beginning))
    if len(ids) == 1:
        return beginning[0]
    if ids:
        raise AthenaError(
            ErrorCode.AMBIGUOUS, f"{name!r} fits {', '.join(ids[:5])}.", candidates=ids
        )
    shows = remedy("athena.session.list")
    raise AthenaError(
        ErrorCode.NOT_FOUND,
        f"There is no session {name!r} in your home; {shows} shows them. (Where "
        "CLAUDE_CONFIG_DIR or CODEX_HOME is set, it is looked for there.)",
        remedies=[shows],
        field="session",
    )


async def _search(connection: Connection, beginning: str) -> list[SessionFile]:
    """The sessions whose id begins so."""
    if not ID.fullmatch(beginning):
        return []
    wanted = Wanted(session_id=beginning)
    return await asyncio.to_thread(find_sessions, connection.environ, wanted)


def _imported(context: Context, name: str) -> str | None:
    """The session of the agent that a name means, if it was imported."""
    try:
        view = context.directory.view(context.directory.resolve(name))
    except AthenaError:
        return None
    return view.imported.session_id if view is not None and view.imported is not None else None
