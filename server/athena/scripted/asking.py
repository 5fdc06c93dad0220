"""Asking the user: permissions, and questions where the client can show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from athena.scripted.flow import TurnFails
from athena.scripted.peer import RpcError
from athena.scripted.source import Statement, checked, needed
from athena.scripted.verbs import verb

if TYPE_CHECKING:
    from athena.scripted.play import Play

_NAMES = {
    "allow-once": "Allow once",
    "allow-always": "Always allow",
    "reject-once": "Reject",
    "reject-always": "Always reject",
}
_OPTION = re.compile(r"\b(allow-once|allow-always|reject-once|reject-always)\b(?:\s+\"([^\"]+)\")?")


class PermissionOption(NamedTuple):
    """One answer to a permission request; its `kind` is its identifier too."""

    kind: str
    name: str


PermissionOptions = list[PermissionOption]

USUAL: PermissionOptions = [
    PermissionOption(kind, _NAMES[kind]) for kind in ("allow-once", "allow-always", "reject-once")
]


def split_options(statement: Statement, text: str) -> tuple[str, PermissionOptions]:
    """Cut `| allow-once, reject-once "No"` off a text; the usual options where there are none.

    A bar that is followed by anything else belongs to the text, as in a shell's pipe.
    """
    before, bar, after = text.rpartition("|")
    options = [PermissionOption(m[1], m[2] or _NAMES[m[1]]) for m in _OPTION.finditer(after)]
    if not bar or not options:
        return text, USUAL
    if _OPTION.sub("", after).replace(",", "").strip():
        statement.fail(f'an option is one of {", ".join(_NAMES)}, perhaps with a "Name"')
    if len({option.kind for option in options}) < len(options):
        statement.fail("an option is there twice")
    return before.strip(), options


def ask_permission(play: Play, tool_call: dict[str, Any], options: PermissionOptions) -> str:
    """Ask, wait, and leave the outcome in the variables: an option's kind or `cancelled`."""
    call = {k: v for k, v in tool_call.items() if v is not None}
    play.values["outcome"] = "cancelled"
    outcome = _outcome(
        play,
        {**call, "status": "pending"},
        [{"optionId": o.kind, "name": o.name, "kind": o.kind.replace("-", "_")} for o in options],
    )
    play.values["outcome"] = outcome
    return outcome


def _outcome(play: Play, tool_call: dict[str, Any], options: list[dict[str, str]]) -> str:
    params = {"toolCall": tool_call, "options": options}
    try:
        outcome: dict[str, Any] = play.ask("session/request_permission", params)["outcome"]
        if outcome["outcome"] == "cancelled":
            return "cancelled"
        chosen = str(outcome["optionId"])
    except (KeyError, TypeError) as error:
        raise TurnFails(
            -32603, f"session/request_permission was answered wrongly: {error}"
        ) from None
    except RpcError as error:
        raise TurnFails(-32603, f"the client refused session/request_permission: {error}") from None
    if chosen not in (option["optionId"] for option in options):
        raise TurnFails(-32603, f"'{chosen}' was not among the options of the permission request")
    return chosen


class Ask(NamedTuple):
    title: str
    options: PermissionOptions


def _ask(statement: Statement, rest: str) -> Ask:
    statement.no_body()
    title, options = split_options(statement, needed(statement, rest, "what to ask permission for"))
    return Ask(checked(statement, title), options)


@verb(
    "ask WHAT | OPTION, OPTION",
    "Asks a permission; options are allow-once, allow-always, reject-once, reject-always, each "
    'perhaps with a `"Name"`.',
    "asking",
    _ask,
)
def ask(play: Play, args: Ask) -> None:
    call_id, title = play.next_call(), play.expand(args.title)
    play.update("tool_call", toolCallId=call_id, title=title, kind="other", status="pending")
    try:
        outcome = ask_permission(
            play, {"toolCallId": call_id, "title": title, "kind": "other"}, args.options
        )
    finally:
        allowed = play.values["outcome"].startswith("allow")
        status = "completed" if allowed else "failed"
        play.update("tool_call_update", toolCallId=call_id, status=status)
    if outcome == "cancelled":
        play.heed()


class Question(NamedTuple):
    text: str
    choices: list[str]


def _question(statement: Statement, rest: str) -> Question:
    statement.no_body()
    text, _, choices = needed(statement, rest, "a question").partition("|")
    return Question(
        checked(statement, text.strip()), [c.strip() for c in choices.split(",") if c.strip()]
    )


@verb(
    "question TEXT | CHOICE, CHOICE",
    "Asks the user something; without choices any text is an answer. The outcome is `answered`, "
    "`declined` or `cancelled`, and a choice can be named after `on` too.",
    "asking",
    _question,
)
def question(play: Play, args: Question) -> None:
    text = play.expand(args.text)
    play.values["answer"] = ""
    if play.agent.client_can("elicitation", "form"):
        outcome = _elicit(play, text, args.choices)
    elif args.choices:
        # A client without elicitation can still show the choices, as adapters do it.
        options = [{"optionId": c, "name": c, "kind": "allow_once"} for c in args.choices]
        call = {"toolCallId": play.next_call(), "title": text, "kind": "other", "status": "pending"}
        outcome = _outcome(play, call, options)
        play.values["answer"] = outcome if outcome != "cancelled" else ""
    else:
        play.stream("agent_message_chunk", text)
        outcome = "declined"
    play.values["outcome"] = outcome


def _elicit(play: Play, text: str, choices: list[str]) -> str:
    field: dict[str, object] = {"type": "string", "title": text}
    if choices:
        field["enum"] = choices
    schema = {"type": "object", "properties": {"answer": field}, "required": ["answer"]}
    try:
        reply = play.ask(
            "elicitation/create", {"mode": "form", "message": text, "requestedSchema": schema}
        )
        action = reply["action"]
        if action != "accept":
            return {"decline": "declined", "cancel": "cancelled"}[action]
        play.values["answer"] = str(reply["content"]["answer"])
    except (KeyError, TypeError) as error:
        raise TurnFails(-32603, f"elicitation/create was answered wrongly: {error}") from None
    except RpcError as error:
        raise TurnFails(-32603, f"the client refused elicitation/create: {error}") from None
    return play.values["answer"] if choices else "answered"
