"""Control requests of Claude Code: permissions, plans, questions; and the user's answers."""

from __future__ import annotations

import json

from athena.harness import forms
from athena.harness.claude.memory import Ask, Work
from athena.harness.claude.tools import EXIT_PLAN_TOOL, QUESTION_TOOL, tool_call
from athena.harness.decode import Json, maybe_text, obj, objs, text, texts
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

ALLOW = PermissionOption(id="allow", name="Allow", kind=OptionKind.ALLOW_ONCE)
DENY = PermissionOption(id="deny", name="Deny", kind=OptionKind.REJECT_ONCE)
PLAN_OPTIONS = [
    PermissionOption(id="acceptEdits", name="Yes, and accept edits", kind=OptionKind.ALLOW_ALWAYS),
    PermissionOption(id="allow", name="Yes, and ask for each edit", kind=OptionKind.ALLOW_ONCE),
    PermissionOption(id="deny", name="No, keep planning", kind=OptionKind.REJECT_ONCE),
]
DENIED = "The user does not want this to be done. Stop, and wait for the user's word."
DISMISSED = "The user dismissed the request."
SUGGESTED = "suggested"
PAGE = "page"


def control_request(work: Work, frame: Json) -> None:
    """Take a request; each is answered exactly once, now or when the user has answered."""
    request = obj(frame.get("request"))
    request_id = text(frame.get("request_id"))
    match request.get("subtype"):
        case "can_use_tool":
            _can_use_tool(work, request_id, request)
        case "elicitation":
            _elicitation(work, request_id, request)
        case "hook_callback":
            # No hook of ours was registered; what stands in its way must not stand.
            work.answer(request_id, {})
        case unknown:
            work.refuse(request_id, f"unsupported control request: {unknown}")
            work.unrecognized(f"control request {unknown!r}", json.dumps(frame))


def control_cancel(work: Work, frame: Json) -> None:
    """Claude Code waits no longer for an answer."""
    request_id = text(frame.get("request_id"))
    work.void_request(request_id)
    _forget(work, request_id)


def _can_use_tool(work: Work, request_id: str, request: Json) -> None:
    name, given = text(request.get("tool_name")), obj(request.get("input"))
    opened = work.find(work.call_key(text(request.get("tool_use_id"))))
    call = opened.item if opened is not None else None
    known = call if isinstance(call, ToolCall) else tool_call(name, given, work.memory.cwd)
    item_id = opened.item_id if opened is not None else None
    outlives = bool(request.get("agent_id"))
    if name == QUESTION_TOOL:
        _keep(work, request_id, Ask("questions", given))
        work.open_request(request_id, Inquiry(questions=_questions(given)), item_id, outlives)
        return
    if name == EXIT_PLAN_TOOL:
        _keep(work, request_id, Ask("plan", given))
        permission = Permission(title="Carry out the plan?", tool_call=known, options=PLAN_OPTIONS)
        work.open_request(request_id, permission, item_id, outlives)
        return
    suggestions = objs(request.get("permission_suggestions"))
    if request.get("suppress_always_allow_rule") is True:
        suggestions = []
    _keep(work, request_id, Ask("tool", given, suggestions))
    title = maybe_text(request.get("title")) or known.title
    options = [ALLOW, *_always(suggestions), DENY]
    permission = Permission(title=title, tool_call=known, options=options, editable=True)
    work.open_request(request_id, permission, item_id, outlives)


def _always(suggestions: list[Json]) -> list[PermissionOption]:
    """The option that also takes over the rules which Claude Code suggests."""
    if not suggestions:
        return []
    words = ", ".join(filter(None, (_rule_words(one) for one in suggestions)))
    return [
        PermissionOption(
            id=SUGGESTED, name=f"Allow, and from now on: {words}", kind=OptionKind.ALLOW_ALWAYS
        )
    ]


def _rule_words(update: Json) -> str:
    match update.get("type"):
        case "addRules" | "replaceRules":
            return ", ".join(_rule(rule) for rule in objs(update.get("rules")))
        case "setMode":
            return f"mode {text(update.get('mode'))}"
        case "addDirectories":
            return ", ".join(texts(update.get("directories")))
        case other:
            return text(other)


def _rule(rule: Json) -> str:
    content = text(rule.get("ruleContent"))
    name = text(rule.get("toolName"))
    return f"{name}({content})" if content else name


def _questions(given: Json) -> list[Question]:
    return [
        Question(
            id=text(one.get("question")),
            text=text(one.get("question")),
            header=maybe_text(one.get("header")),
            choices=[
                QuestionChoice(
                    label=text(choice.get("label")),
                    description=maybe_text(choice.get("description")),
                )
                for choice in objs(one.get("options"))
            ],
            several=one.get("multiSelect") is True,
        )
        for one in objs(given.get("questions"))
    ]


def _elicitation(work: Work, request_id: str, request: Json) -> None:
    """A question of an MCP server: a form whose fields become questions, or an address to open."""
    message, schema = text(request.get("message")), request.get("requested_schema")
    questions = forms.questions_of(schema, message)
    if not questions:
        where = text(request.get("url"))
        choices = [QuestionChoice(label="Done"), QuestionChoice(label="Decline")]
        questions = [Question(id=PAGE, text=f"{message} {where}".strip(), choices=choices)]
    _keep(work, request_id, Ask("elicitation", forms.fields_of(schema)))
    work.open_request(request_id, Inquiry(questions=questions), None)


def answer_permission(work: Work, intent: AnswerPermission) -> None:
    """Pass on the user's answer to a permission request or a plan."""
    request_id = work.take_request(intent.request_id)
    ask = work.memory.asks.get(request_id or "")
    if request_id is None or ask is None:
        return
    _forget(work, request_id)
    if intent.option_id in (None, DENY.id):
        words = intent.note or (DISMISSED if intent.option_id is None else DENIED)
        refusal: Json = {"behavior": "deny", "message": words}
        work.answer(request_id, refusal)
        return
    edited = obj(intent.edited) if intent.edited is not None else ask.input
    allowed: Json = {"behavior": "allow", "updatedInput": edited}
    if intent.option_id == SUGGESTED:
        allowed["updatedPermissions"] = ask.suggestions
    if ask.kind == "plan" and intent.option_id == "acceptEdits":
        mode = {"type": "setMode", "mode": "acceptEdits", "destination": "session"}
        allowed["updatedPermissions"] = [mode]
    work.answer(request_id, allowed)


def answer_inquiry(work: Work, intent: AnswerInquiry) -> None:
    """Pass on the user's answers to questions."""
    request_id = work.take_request(intent.request_id)
    ask = work.memory.asks.get(request_id or "")
    if request_id is None or ask is None:
        return
    _forget(work, request_id)
    if ask.kind == "elicitation":
        work.answer(request_id, _elicited(ask, intent.answers))
    elif intent.answers is None:
        work.answer(request_id, {"behavior": "deny", "message": DISMISSED})
    else:
        answers = {name: ", ".join(given) for name, given in intent.answers.items()}
        given = {**ask.input, "answers": answers}
        work.answer(request_id, {"behavior": "allow", "updatedInput": given})


def _elicited(ask: Ask, answers: dict[str, list[str]] | None) -> Json:
    if answers is None:
        return {"action": "cancel"}
    if not ask.input:
        return {"action": "decline" if answers.get(PAGE) == ["Decline"] else "accept"}
    return {"action": "accept", "content": forms.content_of(ask.input, answers)}


def _keep(work: Work, request_id: str, ask: Ask) -> None:
    work.remember(asks={**work.memory.asks, request_id: ask})


def _forget(work: Work, request_id: str) -> None:
    left = {key: value for key, value in work.memory.asks.items() if key != request_id}
    work.remember(asks=left)
