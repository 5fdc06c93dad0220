"""Requests of Codex: approvals, questions; and the user's answers.

A request's id may be any JSON value, and 0 is one; the ledger knows it by its JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from athena.harness import forms
from athena.harness.codex.items import tool_call
from athena.harness.codex.memory import Ask, Work
from athena.harness.decode import Json, items, maybe_text, obj, objs, text, texts
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

METHOD_NOT_FOUND = -32601
PAGE = "page"
VERIFICATION = "openai/userVerification"

ALLOW = "accept"
DECISIONS: Mapping[str, tuple[str, OptionKind]] = {
    ALLOW: ("Allow", OptionKind.ALLOW_ONCE),
    "acceptForSession": ("Allow for this session", OptionKind.ALLOW_ALWAYS),
    "decline": ("Deny", OptionKind.REJECT_ONCE),
    "cancel": ("Deny, and end the turn", OptionKind.REJECT_ONCE),
}
"""The decisions that are plain words (`CommandExecutionApprovalDecision`)."""


def request(work: Work, message: Json) -> None:
    """Take a request; each is answered exactly once, now or when the user has answered."""
    own_name = json.dumps(message.get("id"))
    method, params = text(message.get("method")), obj(message.get("params"))
    handler = REQUESTS.get(method)
    if handler is not None:
        handler(work, own_name, params)
        return
    error = {"code": METHOD_NOT_FOUND, "message": f"Athena does not offer {method}"}
    work.send({"id": message.get("id"), "error": error})
    work.unrecognized(f"request {method!r}", json.dumps(message))


def _command(work: Work, own_name: str, params: Json) -> None:
    given = items(params.get("availableDecisions")) or [ALLOW, "acceptForSession"]
    decisions = [one for one in given if one not in ("decline", "cancel")]
    call = _known(work, params, "commandExecution")
    reason = maybe_text(params.get("reason"))
    title = f"{call.title} ({reason})" if reason else call.title
    _choice(work, own_name, params, title, call, [*decisions, "decline", "cancel"])


def _file_change(work: Work, own_name: str, params: Json) -> None:
    call = _known(work, params, "fileChange")
    root, reason = maybe_text(params.get("grantRoot")), maybe_text(params.get("reason"))
    more = reason or (f"and write below {root} from now on" if root else None)
    title = f"{call.title} ({more})" if more else call.title
    decisions = [ALLOW, "acceptForSession", "decline", "cancel"]
    _choice(work, own_name, params, title, call, decisions)


def _known(work: Work, params: Json, kind: str) -> ToolCall:
    """The call that the request is about: as it was begun, or made out of the request."""
    opened = work.find(work.key_of(params.get("itemId")))
    if opened is not None and isinstance(opened.item, ToolCall):
        return opened.item
    made = tool_call({**params, "type": kind}, work.memory.cwd, None)
    return made if made is not None else ToolCall(title=kind)


def _choice(
    work: Work, own_name: str, params: Json, title: str, call: ToolCall, decisions: list[Any]
) -> None:
    options: list[PermissionOption] = []
    answers: dict[str, dict[str, Any]] = {}
    for index, decision in enumerate(decisions):
        option = _option(index, decision)
        options.append(option)
        answers[option.id] = {"decision": decision}
    ask = Ask("choice", answers, {"decision": "cancel"})
    permission = Permission(title=title, tool_call=call, options=options)
    _open(work, own_name, ask, permission, text(params.get("itemId")))


def _option(index: int, decision: Any) -> PermissionOption:
    if isinstance(decision, str):
        name, kind = DECISIONS.get(decision, (decision, OptionKind.ALLOW_ONCE))
        return PermissionOption(id=decision, name=name, kind=kind)
    [(name, about)] = obj(decision).items() or [("", None)]
    command = texts(obj(about).get("execpolicy_amendment"))
    network = obj(obj(about).get("network_policy_amendment"))
    kind = OptionKind.ALLOW_ALWAYS
    if network:
        denies = network.get("action") == "deny"
        kind = OptionKind.REJECT_ALWAYS if denies else kind
        words = f"{'Deny' if denies else 'Allow'} {text(network.get('host'))} from now on"
    else:
        words = f"Allow, and from now on: {' '.join(command)}" if command else name
    return PermissionOption(id=f"{name}-{index}", name=words, kind=kind)


def _permissions(work: Work, own_name: str, params: Json) -> None:
    """More rights than the sandbox gives (`item/permissions/requestApproval`)."""
    wanted = {key: value for key, value in obj(params.get("permissions")).items() if value}
    answers: dict[str, dict[str, Any]] = {
        "turn": {"permissions": wanted, "scope": "turn"},
        "session": {"permissions": wanted, "scope": "session"},
        "decline": {"permissions": {}, "scope": "turn"},
    }
    options = [
        PermissionOption(id="turn", name="Allow in this turn", kind=OptionKind.ALLOW_ONCE),
        PermissionOption(id="session", name="Allow for this session", kind=OptionKind.ALLOW_ALWAYS),
        PermissionOption(id="decline", name="Deny", kind=OptionKind.REJECT_ONCE),
    ]
    title = maybe_text(params.get("reason")) or f"More rights: {json.dumps(wanted)}"
    ask = Ask("choice", answers, answers["decline"])
    permission = Permission(title=title, options=options)
    _open(work, own_name, ask, permission, text(params.get("itemId")))


def _user_input(work: Work, own_name: str, params: Json) -> None:
    questions = [
        Question(
            id=text(one.get("id")),
            text=text(one.get("question")),
            header=maybe_text(one.get("header")),
            choices=[
                QuestionChoice(
                    label=text(option.get("label")),
                    description=maybe_text(option.get("description")),
                )
                for option in objs(one.get("options"))
            ],
            secret=one.get("isSecret") is True or None,
        )
        for one in objs(params.get("questions"))
    ]
    ask = Ask("questions", refusal={"answers": {}})
    _open(work, own_name, ask, Inquiry(questions=questions), text(params.get("itemId")))


def _elicitation(work: Work, own_name: str, params: Json) -> None:
    """A question of an MCP server: a form whose fields become questions, or an address."""
    message = maybe_text(params.get("message")) or text(params.get("description"))
    if params.get("mode") == VERIFICATION:
        # The proof that it wants can only be made by OpenAI's own programs.
        declined = {"action": "decline", "content": None, "_meta": None}
        work.send({"id": json.loads(own_name), "result": declined})
        work.notice(f"Declined, since it wants a proof by a device: {message}", "warning", "mcp")
        return
    schema = params.get("requestedSchema")
    questions = forms.questions_of(schema, message)
    if not questions:
        choices = [QuestionChoice(label="Accept"), QuestionChoice(label="Decline")]
        words = f"{message} {text(params.get('url'))}".strip()
        questions = [Question(id=PAGE, text=words, choices=choices)]
    refusal = {"action": "cancel", "content": None, "_meta": None}
    ask = Ask("elicitation", refusal=refusal, fields=forms.fields_of(schema))
    _open(work, own_name, ask, Inquiry(questions=questions), "")


def _no_tool(work: Work, own_name: str, params: Json) -> None:
    """Athena offers no tools of its own this way."""
    said = [{"type": "inputText", "text": f"There is no tool {text(params.get('tool'))}."}]
    work.send({"id": json.loads(own_name), "result": {"contentItems": said, "success": False}})


REQUESTS: Mapping[str, Callable[[Work, str, Json], None]] = {
    "item/commandExecution/requestApproval": _command,
    "item/fileChange/requestApproval": _file_change,
    "item/permissions/requestApproval": _permissions,
    "item/tool/call": _no_tool,
    "item/tool/requestUserInput": _user_input,
    "mcpServer/elicitation/request": _elicitation,
}


def _open(
    work: Work, own_name: str, ask: Ask, request: Permission | Inquiry, item_key: str
) -> None:
    opened = work.find(work.key_of(item_key))
    work.remember(asks={**work.memory.asks, own_name: ask})
    work.open_request(own_name, request, opened.item_id if opened is not None else None)


def resolved(work: Work, params: Json) -> None:
    """Codex waits no longer: it was answered, or the turn is over (`serverRequest/resolved`)."""
    own_name = json.dumps(params.get("requestId"))
    work.void_request(own_name)
    _forget(work, own_name)


def answer_permission(work: Work, intent: AnswerPermission) -> None:
    """Pass on the user's choice."""
    taken = _take(work, intent.request_id)
    if taken is not None:
        own_name, ask = taken
        result = ask.answers.get(intent.option_id or "", ask.refusal)
        work.send({"id": json.loads(own_name), "result": result})


def answer_inquiry(work: Work, intent: AnswerInquiry) -> None:
    """Pass on the user's answers to questions."""
    taken = _take(work, intent.request_id)
    if taken is None:
        return
    own_name, ask = taken
    result: Json = dict(ask.refusal)
    if intent.answers is not None and ask.kind == "questions":
        result = {"answers": {name: {"answers": said} for name, said in intent.answers.items()}}
    elif intent.answers is not None:
        declined = not ask.fields and intent.answers.get(PAGE) == ["Decline"]
        content = forms.content_of(ask.fields, intent.answers) if ask.fields else None
        result = {
            "action": "decline" if declined else "accept",
            "content": content,
            "_meta": None,
        }
    work.send({"id": json.loads(own_name), "result": result})


def _take(work: Work, request_id: str) -> tuple[str, Ask] | None:
    own_name = work.take_request(request_id)
    ask = work.memory.asks.get(own_name or "")
    if own_name is None or ask is None:
        return None
    _forget(work, own_name)
    return own_name, ask


def _forget(work: Work, own_name: str) -> None:
    left = {key: value for key, value in work.memory.asks.items() if key != own_name}
    work.remember(asks=left)
