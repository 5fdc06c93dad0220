"""Commands on what waits for the user: permissions, questions, and the rules that answer."""

from __future__ import annotations

from athena.protocol.command import Argument, Command, Source

_REQUEST = Argument("requestId", Source.REQUEST, "Request", required=True)
_NOTE = Argument("note", Source.LINE, "Note to the agent")

REQUEST_COMMANDS: tuple[Command, ...] = (
    Command(
        id="athena.request.list",
        word="inbox",
        verb="inbox",
        title="Open Inbox",
        method="athena/request/list",
        icon="inbox",
        key="b",
        about="Show the permissions and questions that wait for you.",
    ),
    Command(
        id="athena.request.answer",
        word="answer",
        verb="answer",
        title="Answer Request",
        method="athena/request/answer",
        arguments=(
            _REQUEST,
            Argument("option", Source.PERMISSION_OPTION, "Answer"),
            Argument("answers", Source.ANSWERS, "Answers"),
            _NOTE,
        ),
        icon="reply",
    ),
    Command(
        id="athena.request.allow",
        word="allow",
        title="Allow Request",
        method="athena/request/answer",
        arguments=(_REQUEST, _NOTE),
        preset={"option": "allow"},
        icon="check",
        key="y",
        about="Allow what a permission request asks for, once where there is that choice.",
    ),
    Command(
        id="athena.request.reject",
        word="deny",
        title="Reject Request",
        method="athena/request/answer",
        arguments=(_REQUEST, _NOTE),
        preset={"option": "reject"},
        icon="close",
        key="x",
        about="Reject what a permission request asks for, once where there is that choice.",
    ),
    Command(
        id="athena.request.dismiss",
        word="dismiss",
        title="Dismiss Request",
        method="athena/request/answer",
        arguments=(_REQUEST, _NOTE),
        preset={"cancel": True},
        icon="circle-slash",
        about="Refuse to answer a permission request or questions.",
    ),
    Command(
        id="athena.rule.list",
        word="rules",
        verb="permission rules",
        title="Show Permission Rules",
        method="athena/rule/list",
        icon="law",
    ),
    Command(
        id="athena.rule.add",
        word="rule-add",
        verb="permission add-rule",
        title="Add Permission Rule",
        method="athena/rule/add",
        arguments=(Argument("rule", Source.RULE, "Rule", required=True),),
        icon="shield",
    ),
    Command(
        id="athena.rule.remove",
        word="rule-remove",
        verb="permission remove-rule",
        title="Remove Permission Rule",
        method="athena/rule/remove",
        arguments=(Argument("index", Source.RULE_INDEX, "Rule", required=True),),
        icon="trash",
    ),
)
