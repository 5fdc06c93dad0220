"""What the agent asks: permissions, questions, files, terminals, and what Athena does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from athena.harness.acp.memory import Memory
from athena.harness.driver import (
    AnswerInquiry,
    AnswerPermission,
    CreateTerminal,
    EffectDone,
    KillTerminal,
    ReadTerminal,
    ReadTextFile,
    ReleaseTerminal,
    WaitTerminal,
    WriteTextFile,
)
from athena.harness.quirks import AcpQuirks
from athena.protocol.events import RequestOpened
from athena.protocol.request import Inquiry, Permission
from tests.acp.talk import Talk

OPTIONS = [
    {"optionId": "y", "name": "Yes", "kind": "allow_once"},
    {"optionId": "yy", "name": "", "kind": "allow_always"},
    {"optionId": "n", "name": "No", "kind": "reject_once"},
    {"optionId": "nn", "name": "Never", "kind": "reject_always"},
    {"optionId": "?", "name": "New", "kind": "kind of the future"},
]
CALL = {"toolCallId": "c", "title": "Run", "kind": "execute", "rawInput": {"command": "ls"}}


def ask(talk: Talk, request_id: object = 0, **call: Any) -> None:
    talk.asks(request_id, "session/request_permission", toolCall={**CALL, **call}, options=OPTIONS)


@pytest.mark.parametrize("request_id", [0, 7, "abc", "", -1, 1.5])
def test_a_permission_whatever_its_request_is_called(request_id: object) -> None:
    talk = Talk().opened().prompted()
    ask(talk, request_id)
    assert talk.seen().splitlines() == [
        "+ R.1 execute [pending] 'ls' name=None",
        "? R.r1 item=R.1 permission 'ls' [allowOnce: Yes | allowAlways: yy | rejectOnce: No | "
        "rejectAlways: Never | allowOnce: New]",
    ]
    talk.does(AnswerPermission("R.r1", "y"))
    assert talk.sent[-1] == {
        "jsonrpc": "2.0",
        "id": request_id,
        "result": {"outcome": {"outcome": "selected", "optionId": "y"}},
    }
    talk.lines.clear()
    talk.does(AnswerPermission("R.r1", "n"))
    assert talk.seen() == ""


def test_a_permission_that_is_not_answered_is_cancelled() -> None:
    talk = Talk().opened().prompted()
    ask(talk)
    talk.does(AnswerPermission("R.r1", None))
    assert talk.sent[-1]["result"] == {"outcome": {"outcome": "cancelled"}}


def request_of(talk: Talk, message: dict[str, Any]) -> Permission | Inquiry:
    """The request that a message of the agent opens."""
    step = talk.driver.receive(talk.memory, json.dumps(message).encode())
    (event,) = [one for one in step.events if isinstance(one, RequestOpened)]
    return event.request


def test_a_permission_for_a_tool_call_that_is_known() -> None:
    """The request may use other words; the tool call keeps its own, and the user sees both."""
    talk = Talk().opened().prompted()
    diff = {"type": "diff", "path": "/repo/a", "oldText": "a", "newText": "b"}
    talk.updates("tool_call", toolCallId="c", title="Editing a", kind="edit", content=[diff])
    talk.lines.clear()
    params = {
        "sessionId": "S",
        "toolCall": {"toolCallId": "c", "title": "Edit file", "kind": "edit", "rawInput": {"x": 1}},
        "options": OPTIONS,
    }
    message = {"id": 0, "method": "session/request_permission", "params": params}
    request = request_of(talk, message)
    assert isinstance(request, Permission) and request.tool_call is not None
    assert request.title == "Edit file: a"
    assert (request.tool_call.input, len(request.tool_call.content)) == ({"x": 1}, 1)
    talk.hears(message)
    assert talk.seen().splitlines()[0] == '~ R.1 {"input": {"x": 1}}'


def test_a_permission_without_options_is_refused() -> None:
    talk = Talk().opened().prompted()
    talk.asks(3, "session/request_permission", toolCall=CALL)
    seen = talk.seen()
    assert "unrecognized a permission request without options" in seen
    assert '> error #3 {"code": -32602' in seen


def test_a_permission_that_the_agent_takes_back() -> None:
    talk = Talk().opened().prompted()
    ask(talk, "x")
    talk.lines.clear()
    talk.hears({"method": "$/cancel_request", "params": {"requestId": "x"}})
    assert talk.seen().splitlines() == [
        "! R.r1 cancelled by=harness",
        '> error #"x" {"code": -32800, "message": "cancelled"}',
    ]
    talk.hears({"method": "$/cancel_request", "params": {"requestId": "x"}})
    assert talk.seen() == ""


FORM: dict[str, Any] = {
    "mode": "form",
    "message": "Some questions",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Your name?"},
            "colour": {
                "type": "string",
                "description": "Which colour?",
                "oneOf": [{"const": "r", "title": "Red"}, {"const": "b", "title": "b"}],
            },
            "pets": {"type": "array", "items": {"type": "string", "enum": ["cat", "dog"]}},
            "sure": {"type": "boolean"},
            "age": {"type": "integer"},
            "size": {"type": "number"},
        },
    },
}


def test_questions() -> None:
    talk = Talk().opened().prompted()
    message = {"id": 0, "method": "elicitation/create", "params": {"sessionId": "S", **FORM}}
    inquiry = request_of(talk, message)
    assert isinstance(inquiry, Inquiry)
    shown = [
        (q.id, q.text, [(c.label, c.description) for c in q.choices], q.several)
        for q in inquiry.questions
    ]
    assert shown == [
        ("name", "Your name?", [], False),
        ("colour", "Which colour?", [("r", "Red"), ("b", None)], False),
        ("pets", "pets", [("cat", None), ("dog", None)], True),
        ("sure", "sure", [("Yes", None), ("No", None)], False),
        ("age", "age", [], False),
        ("size", "size", [], False),
    ]
    assert {q.header for q in inquiry.questions} == {"Some questions"}
    talk.hears(message)
    answers = {
        "name": ["Ada"],
        "colour": ["r"],
        "pets": ["cat", "dog"],
        "sure": ["Yes"],
        "age": ["36"],
        "size": ["many"],
    }
    talk.does(AnswerInquiry("R.r1", answers))
    assert talk.sent[-1]["result"] == {
        "action": "accept",
        "content": {
            "name": "Ada",
            "colour": "r",
            "pets": ["cat", "dog"],
            "sure": True,
            "age": 36,
            "size": "many",
        },
    }


def test_questions_that_are_not_answered() -> None:
    talk = Talk().opened().prompted()
    talk.asks(0, "elicitation/create", **FORM)
    talk.does(AnswerInquiry("R.r1", None))
    assert talk.sent[-1]["result"] == {"action": "cancel"}


@pytest.mark.parametrize(("answer", "action"), [("Yes", "accept"), ("No", "decline")])
def test_a_page_to_be_visited(answer: str, action: str) -> None:
    talk = Talk().opened().prompted()
    page = {"mode": "url", "message": "Log in", "url": "http://127.0.0.1/", "elicitationId": "e"}
    talk.asks(0, "elicitation/create", **page)
    talk.does(AnswerInquiry("R.r1", {"link": [answer]}))
    assert talk.sent[-1]["result"] == {"action": action}


def test_a_page_that_was_visited() -> None:
    talk = Talk().opened().prompted()
    page = {"mode": "url", "message": "Log in", "url": "http://127.0.0.1/", "elicitationId": "e"}
    talk.asks(0, "elicitation/create", **page)
    talk.lines.clear()
    talk.hears({"method": "elicitation/complete", "params": {"elicitationId": "other"}})
    assert talk.seen() == ""
    talk.hears({"method": "elicitation/complete", "params": {"elicitationId": "e"}})
    assert talk.seen().splitlines() == [
        "! R.r1 cancelled by=harness",
        '> answer #0 {"action": "accept"}',
    ]


@pytest.mark.parametrize("params", [{"mode": "telepathy"}, {"mode": "form"}, {}])
def test_questions_of_an_unknown_kind(params: dict[str, Any]) -> None:
    talk = Talk().opened().prompted()
    talk.asks(0, "elicitation/create", **params)
    seen = talk.seen()
    assert "unrecognized questions of an unknown kind" in seen
    assert "> error #0" in seen


# Files and terminals.


def effects(talk: Talk) -> tuple[object, ...]:
    """What the shell still has to do; it is the same after a crash."""
    memory: Memory = talk.driver.load(talk.driver.dump(talk.memory))
    return talk.driver.open_effects(memory)


def test_files() -> None:
    talk = Talk().opened().prompted()
    talk.asks(0, "fs/read_text_file", path="/repo/a", line=3, limit=2)
    talk.asks(1, "fs/write_text_file", path="/repo/b", content="x")
    assert effects(talk) == (
        ReadTextFile("1", "/repo/a", 3, 2),
        WriteTextFile("2", "/repo/b", "x"),
    )
    talk.lines.clear()
    talk.does(EffectDone("2"))
    talk.does(EffectDone("1", "c\nd\n"))
    assert talk.seen().splitlines() == [
        "> answer #1 {}",
        '> answer #0 {"content": "c\\nd\\n"}',
    ]
    talk.does(EffectDone("1", "again"))
    assert (talk.seen(), effects(talk)) == ("", ())


def test_a_file_that_cannot_be_read() -> None:
    talk = Talk().opened().prompted()
    talk.asks(0, "fs/read_text_file", path="/etc/shadow")
    talk.lines.clear()
    talk.does(EffectDone("1", error="outside of the workspace"))
    assert talk.seen() == ('> error #0 {"code": -32603, "message": "outside of the workspace"}')


@pytest.mark.parametrize("method", ["fs/read_text_file", "terminal/create", "terminal/kill"])
def test_parameters_that_are_missing(method: str) -> None:
    talk = Talk().opened().prompted()
    talk.asks(0, method, path=3)
    assert '> error #0 {"code": -32602' in talk.seen()
    assert effects(talk) == ()


def test_a_terminal_from_its_beginning_to_its_end() -> None:
    talk = Talk().opened().prompted()
    talk.asks(
        0,
        "terminal/create",
        command="make",
        args=["test"],
        env=[{"name": "A", "value": "b"}],
        cwd="/repo/x",
        outputByteLimit=1000,
    )
    assert effects(talk) == (
        CreateTerminal("1", "term1", "make", ("test",), {"A": "b"}, "/repo/x", 1000),
    )
    talk.does(EffectDone("1"))
    assert talk.sent[-1]["result"] == {"terminalId": "term1"}
    content = [{"type": "terminal", "terminalId": "term1"}]
    talk.updates("tool_call", toolCallId="c", title="make", kind="execute", content=content)
    talk.lines.clear()
    talk.asks(1, "terminal/wait_for_exit", terminalId="term1")
    talk.asks(2, "terminal/output", terminalId="term1")
    assert effects(talk) == (WaitTerminal("2", "term1"), ReadTerminal("3", "term1"))
    running = {"output": "ok", "truncated": False, "exitCode": None, "signal": None}
    talk.does(EffectDone("3", running))
    assert talk.sent[-1]["result"] == {"output": "ok", "truncated": False}
    talk.does(EffectDone("2", {"exitCode": 0, "signal": None}))
    assert talk.sent[-1]["result"] == {"exitCode": 0}
    talk.asks(3, "terminal/output", terminalId="term1")
    talk.lines.clear()
    talk.does(EffectDone("4", running | {"output": "ok\n", "exitCode": 0}))
    assert talk.seen().splitlines() == [
        '~ R.1 {"content": [{"type": "terminal", "terminalId": "term1", "output": "ok\\n", '
        '"exitCode": 0}]}',
        '> answer #3 {"output": "ok\\n", "truncated": false, "exitStatus": {"exitCode": 0}}',
    ]
    talk.asks(4, "terminal/kill", terminalId="term1")
    talk.asks(5, "terminal/release", terminalId="term1")
    assert effects(talk) == (KillTerminal("5", "term1"), ReleaseTerminal("6", "term1"))
    talk.does(EffectDone("6"))
    assert talk.sent[-1]["result"] == {}


# What makes no sense.


def test_requests_that_athena_does_not_know() -> None:
    talk = Talk().opened()
    talk.hears({"id": "q", "method": "nes/suggest", "params": [1]})
    assert talk.seen().splitlines() == [
        "= R.1 unrecognized request 'nes/suggest' '{}' (no turn)",
        '> error #"q" {"code": -32601, "message": "Athena does not know nes/suggest."}',
    ]


def test_requests_of_which_nothing_needs_to_be_said() -> None:
    talk = Talk(AcpQuirks(silent=("x/",))).opened()
    talk.asks(0, "x/queue")
    assert talk.seen() == '> error #0 {"code": -32601, "message": "Athena does not know x/queue."}'


FRAMES = {
    b"": None,
    b"  ": None,
    b"Loading...": "no JSON object",
    b"\xff\xfe": "no JSON object",
    b'{"jsonrpc": "2.0"': "no JSON object",
    b"[1, 2]": "no JSON object",
    b"null": "no JSON object",
    b"[" * 100_000: "no JSON object",
    b"{}": "neither a request nor an answer",
    b'{"id": 99, "result": {}}': "an answer that nobody waits for",
    b'{"id": [1], "result": {}}': "an answer that nobody waits for",
    b'{"id": null, "error": {"code": -32700}}': "an answer that nobody waits for",
    b'{"method": 5}': "notification ''",
    b'{"method": "session/update", "params": 5}': "session update ''",
    b'{"method": "session/update", "params": {"sessionId": "S", "update": []}}': (
        "session update ''"
    ),
}


@pytest.mark.parametrize(("frame", "reason"), FRAMES.items(), ids=[str(f[:30]) for f in FRAMES])
def test_frames_that_make_no_sense(frame: bytes, reason: str | None) -> None:
    talk = Talk().opened()
    talk.hears(raw=frame)
    seen = talk.seen()
    assert seen.startswith(f"= R.1 unrecognized {reason} ") if reason else seen == ""


def test_an_answer_that_is_too_long_ends_what_waits_for_it() -> None:
    talk = Talk().opened().prompted()
    talk.cut(b'{"jsonrpc":"2.0","id":3,"result":{"stopReason":"xxxx', 10**8)
    assert talk.seen().splitlines() == [
        "= R.1 unrecognized a line of 100000000 bytes, cut "
        '\'{"jsonrpc":"2.0","id":3,"result":{"stopReason":"xxxx\'',
        "turnEnded t1 failed error=unknown status=None 'The message had 100000000 bytes.'",
    ]


def test_a_request_that_is_too_long_is_refused() -> None:
    talk = Talk().opened().prompted()
    talk.cut(b'{"jsonrpc": "2.0", "id": "w", "method": "fs/write_text_file", "par', 10**8)
    assert '> error #"w" {"code": -32600' in talk.seen()
    talk.cut(b'{"jsonrpc": "2.0", "id": "\xff", "method": "fs/write', 10**8)
    assert "> error" not in talk.seen()
    talk.cut(b"xxxxxx", 10**8)
    assert talk.seen().startswith("= R.3 unrecognized a line of 100000000 bytes, cut")


@pytest.mark.parametrize(
    "update",
    [
        {"sessionUpdate": "tool_call"},
        {"sessionUpdate": "tool_call", "toolCallId": 5, "title": [], "content": "x"},
        {"sessionUpdate": "tool_call_update", "toolCallId": "c", "locations": [5, {"path": 5}]},
        {"sessionUpdate": "tool_call", "toolCallId": "c", "content": [{"type": "diff"}, 7]},
        {"sessionUpdate": "plan", "entries": [5, {"content": 7}]},
        {"sessionUpdate": "plan_update"},
        {"sessionUpdate": "usage_update", "used": "many", "cost": {"amount": "much"}},
        {"sessionUpdate": "agent_message_chunk"},
        {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": 5}},
        {"sessionUpdate": "config_option_update", "configOptions": [{"id": "x", "options": 5}]},
        {"sessionUpdate": "available_commands_update", "availableCommands": [[]]},
        {"sessionUpdate": "current_mode_update", "currentModeId": 5},
    ],
)
def test_fields_of_the_wrong_type_are_read_as_empty(update: dict[str, Any]) -> None:
    talk = Talk().opened().prompted()
    talk.hears({"method": "session/update", "params": {"sessionId": "S", "update": update}})
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen().endswith("turnEnded t1 endTurn")
