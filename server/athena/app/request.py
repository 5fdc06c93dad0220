"""`athena/request/...`: the inbox of permissions and questions over all agents."""

from __future__ import annotations

from athena.app.agent import by
from athena.app.context import Context
from athena.app.draft import Draft
from athena.border import Connection
from athena.core import decide
from athena.protocol.agent import Changed
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.transcript import AnswerRequest, ListRequests, RequestList


async def list_(context: Context, connection: Connection, asked: ListRequests) -> RequestList:
    """Open requests, oldest first."""
    agent = context.directory.resolve(asked.agent) if asked.agent else None
    found = [
        r for v in context.directory.views() if agent is None or v.id == agent for r in v.requests
    ]
    return RequestList(requests=sorted(found, key=lambda r: r.at), cursor=context.log.head)


async def answer(context: Context, connection: Connection, asked: AnswerRequest) -> Changed:
    """Answer a request; the first answer counts."""
    agent_id = asked.request_id.split(".", 1)[0]
    if context.directory.view(agent_id) is None:
        raise AthenaError(
            ErrorCode.NOT_FOUND, f"There is no request {asked.request_id}.", field="requestId"
        )
    actor = await context.directory.actor(agent_id)

    def build(draft: Draft) -> None:
        closed = decide.answer(
            draft.now,
            asked.request_id,
            option=asked.option,
            answers=asked.answers,
            cancel=asked.cancel,
            by=by(connection),
            note=asked.note,
        )
        draft.answer(closed, asked.edited)

    _, appended = await actor.change(build)
    state = actor.state
    return Changed(agent_id=state.id, version=state.version, seq=appended.last_seq)
