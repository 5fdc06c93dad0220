"""What the agent asks the user: permissions, and questions in forms."""

from __future__ import annotations

import json

from athena.harness import forms
from athena.harness.acp.memory import Ask, Work
from athena.harness.acp.toolcalls import key_of, merged, readable, tool_update
from athena.harness.acp.updates import end_stream, history_is_over
from athena.harness.decode import Json, obj, objs, text
from athena.harness.driver import AnswerInquiry, AnswerPermission
from athena.protocol.items import ToolCall
from athena.protocol.request import (
    Inquiry,
    OptionKind,
    Permission,
    PermissionOption,
    Question,
    QuestionChoice,
)

INVALID_PARAMS = -32602
KINDS = {
    "allow_once": OptionKind.ALLOW_ONCE,
    "allow_always": OptionKind.ALLOW_ALWAYS,
    "reject_once": OptionKind.REJECT_ONCE,
    "reject_always": OptionKind.REJECT_ALWAYS,
}
LINK = "link"


def request_permission(work: Work, own_id: str, params: Json) -> None:
    """The agent wants to do something and waits for the user (`RequestPermissionRequest`)."""
    options = [
        PermissionOption(
            id=text(one.get("optionId")),
            name=text(one.get("name")) or text(one.get("optionId")),
            kind=KINDS.get(text(one.get("kind")), OptionKind.ALLOW_ONCE),
        )
        for one in objs(params.get("options"))
        if one.get("optionId")
    ]
    if not options:
        work.unrecognized("a permission request without options", json.dumps(params))
        work.refuse(own_id, INVALID_PARAMS, "options: at least one is needed")
        return
    history_is_over(work)
    end_stream(work)
    item_id, call = _asked_about(work, obj(params.get("toolCall")))
    work.open_request(
        own_id, Permission(title=call.title, tool_call=call, options=options), item_id
    )
    work.remember(asks={**work.memory.asks, own_id: Ask("permission")})


def _asked_about(work: Work, said: Json) -> tuple[str | None, ToolCall]:
    """The tool call that needs the permission. The request may name it in other words, or be the
    first to speak of it."""
    call_id = text(said.get("toolCallId"))
    opened = work.find(key_of(call_id))
    if opened is None or not isinstance(opened.item, ToolCall):
        item_id = tool_update(work, said) if call_id else None
        return item_id, readable(merged(ToolCall(title=""), said), work.memory.cwd)
    known = opened.item
    asked = readable(merged(known, said), work.memory.cwd)
    kept: dict[str, object] = {"title": known.title or asked.title, "status": known.status}
    if known.input is not None:
        kept["input"] = known.input
    if known.content:
        kept["content"] = known.content
    work.update(key_of(call_id), asked.model_copy(update=kept))
    return opened.item_id, asked.model_copy(update={"status": known.status})


def answer_permission(work: Work, answer: AnswerPermission) -> None:
    """Hand over the user's word."""
    own_id = work.take_request(answer.request_id)
    if own_id is None:
        return
    _forget(work, own_id)
    work.respond(own_id, _outcome(answer.option_id))


def _outcome(option_id: str | None) -> Json:
    if option_id is None:
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": option_id}}


def create_elicitation(work: Work, own_id: str, params: Json) -> None:
    """The agent asks questions (`CreateElicitationRequest`): a form, or a page to be visited."""
    message = text(params.get("message"))
    match params.get("mode"):
        case "form":
            schema = params.get("requestedSchema")
            questions = forms.questions_of(schema, message)
            ask = Ask("form", forms.fields_of(schema))
        case "url":
            url = text(params.get("url"))
            choices = [QuestionChoice(label=forms.YES), QuestionChoice(label=forms.NO)]
            shown = f"{message}\n\n{url}\n\nHave you done it?"
            questions = [Question(id=LINK, text=shown, choices=choices)]
            ask = Ask("link", {"elicitationId": text(params.get("elicitationId"))})
        case _:
            questions, ask = [], Ask("form")
    if not questions:
        work.unrecognized("questions of an unknown kind", json.dumps(params))
        work.refuse(own_id, INVALID_PARAMS, "mode: only form and url are understood")
        return
    end_stream(work)
    opened = work.find(key_of(text(params.get("toolCallId"))))
    work.open_request(own_id, Inquiry(questions=questions), opened.item_id if opened else None)
    work.remember(asks={**work.memory.asks, own_id: ask})


def answer_inquiry(work: Work, answer: AnswerInquiry) -> None:
    """Hand over the user's answers."""
    own_id = work.take_request(answer.request_id)
    if own_id is None:
        return
    ask = work.memory.asks.get(own_id, Ask("form"))
    _forget(work, own_id)
    if answer.answers is None:
        work.respond(own_id, {"action": "cancel"})
    elif ask.kind == "link":
        accepted = answer.answers.get(LINK) == [forms.YES]
        work.respond(own_id, {"action": "accept" if accepted else "decline"})
    else:
        content = forms.content_of(ask.fields, answer.answers)
        work.respond(own_id, {"action": "accept", "content": content})


def elicitation_complete(work: Work, params: Json) -> None:
    """The user was at the page (`elicitation/complete`): nobody needs to answer any more."""
    named = text(params.get("elicitationId"))
    for own_id, ask in work.memory.asks.items():
        if ask.kind == "link" and ask.fields.get("elicitationId") == named:
            _forget(work, own_id)
            work.void_request(own_id)
            work.respond(own_id, {"action": "accept"})


def withdraw(work: Work, own_id: str) -> bool:
    """The agent takes back its question; whether there was one."""
    if own_id not in work.memory.asks:
        return False
    _forget(work, own_id)
    work.void_request(own_id)
    return True


def give_up_all(work: Work) -> None:
    """Answer every open question with `cancelled`, as ACP wants it when a turn is cancelled."""
    for own_id, ask in work.memory.asks.items():
        work.respond(own_id, _outcome(None) if ask.kind == "permission" else {"action": "cancel"})
    work.remember(asks={})
    work.void_requests()


def _forget(work: Work, own_id: str) -> None:
    work.remember(asks={k: v for k, v in work.memory.asks.items() if k != own_id})
