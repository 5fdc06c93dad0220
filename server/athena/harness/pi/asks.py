"""What pi's extensions ask and tell the user (`extension_ui_request`)."""

from __future__ import annotations

import json

from athena.harness.decode import Json, maybe_number, text, texts
from athena.harness.driver import AnswerInquiry, AnswerPermission
from athena.harness.ledger import OpenItem
from athena.harness.pi.memory import Work
from athena.protocol.items import ItemStatus, ToolCall
from athena.protocol.request import (
    Inquiry,
    OptionKind,
    Permission,
    PermissionOption,
    Question,
    QuestionChoice,
)

ANSWER = "answer"
YES, NO = "yes", "no"
OPTIONS = [
    PermissionOption(id=YES, name="Yes", kind=OptionKind.ALLOW_ONCE),
    PermissionOption(id=NO, name="No", kind=OptionKind.REJECT_ONCE),
]
SILENT = ("setStatus", "setTitle", "setWidget")
"""Decoration of pi's own interface, on purpose not recorded."""


def dialog(work: Work, message: Json) -> None:
    """Take a request; each that waits is answered exactly once."""
    own_name, method = text(message.get("id")), text(message.get("method"))
    title = text(message.get("title"))
    match method:
        case "confirm":
            _permission(work, own_name, message)
        case "select":
            choices = [QuestionChoice(label=one) for one in texts(message.get("options"))]
            _question(work, own_name, message, Question(id=ANSWER, text=title, choices=choices))
        case "input":
            words = _joined(title, message.get("placeholder"))
            _question(work, own_name, message, Question(id=ANSWER, text=words))
        case "editor":
            words = _joined(title, message.get("prefill"))
            _question(work, own_name, message, Question(id=ANSWER, text=words))
        case "notify":
            kind = message.get("notifyType")
            level = kind if kind in ("warning", "error") else "info"
            work.notice(text(message.get("message")), level, "extension")
        case "set_editor_text":
            work.notice(f"Suggested prompt: {text(message.get('text'))}", topic="extension")
        case _ if method in SILENT:
            pass
        case _:
            work.unrecognized(f"request {method!r}", json.dumps(message))
            _cancel(work, own_name)


def _permission(work: Work, own_name: str, message: Json) -> None:
    opened = _asking(work)
    call = opened.item if opened is not None and isinstance(opened.item, ToolCall) else None
    title = " ".join(_joined(message.get("title"), message.get("message")).split())
    _open(work, own_name, message, Permission(title=title, tool_call=call, options=OPTIONS), opened)


def _question(work: Work, own_name: str, message: Json, question: Question) -> None:
    _open(work, own_name, message, Inquiry(questions=[question]), _asking(work))


def _asking(work: Work) -> OpenItem | None:
    """The call that is asked about: pi prepares one call after the other, and tells each before."""
    running = [
        one
        for one in work.ledger.open_items.values()
        if isinstance(one.item, ToolCall) and one.item.status is ItemStatus.IN_PROGRESS
    ]
    return running[-1] if running else None


def _open(
    work: Work,
    own_name: str,
    message: Json,
    request: Permission | Inquiry,
    opened: OpenItem | None,
) -> None:
    # What has no time limit waits for ever, also behind the end of a turn. Where one is over, pi
    # does not say so.
    waits = not maybe_number(message.get("timeout"))
    work.open_request(own_name, request, opened.item_id if opened else None, outlives=waits)


def _joined(*words: object) -> str:
    return "\n\n".join(one for one in words if isinstance(one, str) and one)


def answer_permission(work: Work, intent: AnswerPermission) -> None:
    """Pass on the user's choice."""
    if own_name := work.take_request(intent.request_id):
        if intent.option_id is None:
            _cancel(work, own_name)
        else:
            _respond(work, own_name, {"confirmed": intent.option_id == YES})


def answer_inquiry(work: Work, intent: AnswerInquiry) -> None:
    """Pass on the user's answer."""
    if own_name := work.take_request(intent.request_id):
        words = (intent.answers or {}).get(ANSWER)
        if words:
            _respond(work, own_name, {"value": words[0]})
        else:
            _cancel(work, own_name)


def give_up_all(work: Work) -> None:
    """Dismiss every dialog: an extension that waits for one holds up the end of the turn."""
    for ask in work.ledger.requests.values():
        _cancel(work, ask.own_name)
    work.void_requests()


def _cancel(work: Work, own_name: str) -> None:
    _respond(work, own_name, {"cancelled": True})


def _respond(work: Work, own_name: str, answer: Json) -> None:
    work.send({"type": "extension_ui_response", "id": own_name, **answer})
