"""`athena/request/...`: the inbox of permissions and questions over all agents."""

from __future__ import annotations

from pathlib import Path

from athena.app.agent import by
from athena.app.context import Context
from athena.app.draft import Draft
from athena.app.rule import add_to_file
from athena.app.user import need_user
from athena.border import Connection
from athena.core import decide
from athena.core.rules import remembered
from athena.protocol.agent import Changed
from athena.protocol.errors import AthenaError, ErrorCode
from athena.protocol.events import RequestClosed, RuleRemembered
from athena.protocol.request import OptionKind, Outcome, Permission
from athena.protocol.rule import Rule
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
    need_user(context, connection)
    actor = await context.directory.actor(agent_id)

    def build(draft: Draft) -> Rule | None:
        closed = decide.answer(
            draft.now,
            asked.request_id,
            option=asked.option,
            answers=asked.answers,
            cancel=asked.cancel,
            by=by(connection),
            note=asked.note,
        )
        _check_edit(draft, asked, closed)
        rule = _rule(draft, asked, closed)
        draft.answer(closed, asked.edited)
        if rule is not None and asked.remember == "session":
            draft.record(RuleRemembered(rule=rule.model_copy(update={"source": "session"})))
            draft.apply_rules(())
        return rule

    rule, appended = await actor.change(build)
    state = actor.state
    if rule is not None and asked.remember == "project":
        add_to_file(Path(state.spec.project), rule)
    return Changed(agent_id=state.id, version=state.version, seq=appended.last_seq)


def _check_edit(draft: Draft, asked: AnswerRequest, closed: RequestClosed) -> None:
    """An edited input goes with an allowance, to a harness that takes it."""
    if asked.edited is None:
        return
    request = draft.now.requests[closed.request_id].request
    why = None
    if not isinstance(request, Permission) or not request.editable:
        why = "The input of this request cannot be edited."
    elif not isinstance(asked.edited, dict):
        why = "The edited input has to be an object, as the tool's own input is."
    elif not _allows(request, closed):
        why = "An edited input goes only with an option that allows."
    if why is not None:
        raise AthenaError(ErrorCode.INVALID_PARAMS, why, field="edited")


def _allows(request: Permission, closed: RequestClosed) -> bool:
    allowing = (OptionKind.ALLOW_ONCE, OptionKind.ALLOW_ALWAYS)
    return any(o.id == closed.option_id and o.kind in allowing for o in request.options)


def _rule(draft: Draft, asked: AnswerRequest, closed: RequestClosed) -> Rule | None:
    """The rule that an answer is to be remembered as."""
    if asked.remember is None:
        return None
    state = draft.now
    request = state.requests[closed.request_id].request
    rule = None
    if isinstance(request, Permission) and closed.outcome == Outcome.SELECTED:
        root = state.workspace.cwd if state.workspace else state.spec.project
        rule = remembered(request, _allows(request, closed), root)
    if rule is None:
        raise AthenaError(
            ErrorCode.INVALID_PARAMS,
            "This request says too little of itself to be remembered.",
            field="remember",
        )
    return rule
