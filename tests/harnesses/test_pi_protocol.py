"""What the driver of pi knows, against what its package says its protocol is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from athena.harness.driver import AnswerPermission, Interrupt, Launch, Prompt, Step
from athena.harness.pi import events, options, tools
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.content import Location, TextContent
from athena.protocol.items import ItemStatus, Notice, ToolCall, Unrecognized
from athena.protocol.request import Permission
from athena.protocol.spec import AgentSpec
from tests.support.harness_env import HARNESS_ENVS

Json = dict[str, Any]

MODEL: Json = {"id": "m", "provider": "p", "name": "M", "input": ["text"], "contextWindow": 1000}
STATE: Json = {"model": MODEL, "thinkingLevel": "off", "sessionFile": "/s/1.jsonl"}


def declared(file: str, name: str, field: str = "type") -> set[str]:
    """The words that a declaration of the package allows for a field."""
    package = HARNESS_ENVS["pi"].program.parents[1] / "node_modules" / "@mariozechner"
    text = (package / file).read_text()
    body = re.split(rf"export type {name} =", text)[1].split("\nexport ", 1)[0]
    return set(re.findall(rf'^    {field}: "(\w+)"', body, re.MULTILINE))


@pytest.mark.harnesses
def test_each_event_is_known() -> None:
    said = declared("pi-coding-agent/dist/core/agent-session.d.ts", "AgentSessionEvent")
    said |= declared("pi-agent-core/dist/types.d.ts", "AgentEvent")
    assert "agent_start" in said and "queue_update" in said
    own = {"extension_error", "extension_ui_request"}
    assert said | own == set(events.EVENTS) | events.SILENT


@pytest.mark.harnesses
def test_each_part_of_a_message_is_known() -> None:
    said = declared("pi-ai/dist/types.d.ts", "AssistantMessageEvent")
    # What begins and ends a message comes as an event of its own.
    parts = said - {"start", "done", "error"}
    assert len(parts) == 9
    talk = Talk()
    for part in parts:
        talk.says("message_update", assistantMessageEvent={"type": part, "contentIndex": 0})
    assert talk.unrecognized() == []


@pytest.mark.harnesses
def test_each_dialog_is_known() -> None:
    methods = declared(
        "pi-coding-agent/dist/modes/rpc/rpc-types.d.ts", "RpcExtensionUIRequest", "method"
    )
    assert {"confirm", "select", "input", "editor", "notify"} < methods
    talk = Talk()
    for method in methods:
        talk.says("extension_ui_request", id=method, method=method, title="T", message="M")
    assert talk.unrecognized() == []


@pytest.mark.harnesses
def test_each_option_and_tool_is_one_of_the_program(tmp_path: Path) -> None:
    real = HARNESS_ENVS["pi"]
    environment = real.make_home(tmp_path, "http://127.0.0.1:9")
    asked = subprocess.run(
        [real.program, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    words = asked.stdout + asked.stderr
    listed = set(re.findall(r"^  --([a-z-]+)", words, re.MULTILINE))
    assert set(options.OPTIONS) <= listed
    own = words.split("Built-in Tool Names:")[1]
    assert set(re.findall(r"^  (\w+) +- ", own, re.MULTILINE)) == set(tools.TOOLS)


# What follows needs no pi.


class Talk:
    """A driver in the middle of a turn that pi has taken on."""

    def __init__(self, **launch: Any) -> None:
        spec = AgentSpec(name="t", harness="pi", project="/p")
        self.driver = driver_for(BY_NAME["pi"])
        self.memory: Any = None
        self.events: list[e.EventData] = []
        self.sent: list[Json] = []
        self.take(self.driver.begin(Launch("R", spec, "/p", **launch)))
        if not launch:
            self.answers(data=STATE)
            self.answers(data={"models": [MODEL]})
            self.answers(data={"commands": []})
            self.prompt("t1")
            self.answers()
            self.says("agent_start")
            self.answers(data={"isStreaming": True})

    def take(self, step: Step[Any]) -> None:
        self.memory = step.memory
        self.events += step.events
        self.sent += [json.loads(one) for one in step.sends]

    def prompt(self, turn_id: str, words: str = "do it") -> None:
        self.take(self.driver.intend(self.memory, Prompt(turn_id, "p", [TextContent(text=words)])))

    def says(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"type": kind, **fields}).encode()
        self.take(self.driver.receive(self.memory, line))

    def answers(self, success: bool = True, **fields: Any) -> None:
        """Answer the oldest command that is not answered."""
        asked = next(one for one in self.sent if one.get("id") in self.memory.pending)
        self.says("response", id=asked["id"], command=asked["type"], success=success, **fields)

    def interrupt(self) -> None:
        self.take(self.driver.intend(self.memory, Interrupt()))

    def responds(self, stop: str, **fields: Any) -> None:
        """A whole response of the model, and pi stops to think what is next."""
        message = {"role": "assistant", "content": [], "stopReason": stop, **fields}
        self.says("message_end", message=message)
        self.says("agent_end", messages=[])

    def ended(self) -> list[tuple[str, str, str | None]]:
        turns = [one for one in self.events if isinstance(one, e.TurnEnded)]
        return [
            (one.turn_id, one.stop_reason, one.error.category if one.error else None)
            for one in turns
        ]

    def items(self) -> list[Any]:
        return [one.item for one in self.events if isinstance(one, e.ItemCompleted)]

    def notices(self) -> list[str]:
        return [one.text for one in self.items() if isinstance(one, Notice)]

    def unrecognized(self) -> list[str]:
        return [one.reason for one in self.items() if isinstance(one, Unrecognized)]


@pytest.mark.parametrize(
    ("words", "category", "status", "message"),
    [
        ('429 {"error": {"type": "x", "message": "Slow down"}}', "rateLimit", 429, "Slow down"),
        ("400 The prompt is too long: 9 tokens", "contextOverflow", 400, None),
        ('{"error": {"type": "overloaded_error", "message": "Busy"}}', "overloaded", None, "Busy"),
        ("401 Incorrect API key provided", "authentication", 401, None),
        ("terminated", "network", None, "terminated"),
        ("Something odd", "unknown", None, "Something odd"),
    ],
)
def test_errors_have_classes(
    words: str, category: str, status: int | None, message: str | None
) -> None:
    found = events.turn_error(words)
    assert (found.category, found.status) == (category, status)
    assert message in (None, found.message)


def test_a_turn_goes_on_while_pi_tries_again() -> None:
    talk = Talk()
    talk.responds("error", errorMessage="429 Slow down")
    talk.says("auto_retry_start", attempt=1, maxAttempts=1, delayMs=2000, errorMessage="429 Slow")
    talk.answers(data=STATE)
    assert talk.ended() == []
    assert talk.notices() == ["Slow; retry 1 of 1 in 2 s."]
    talk.says("agent_start")
    talk.responds("error", errorMessage="429 Slow down")
    talk.says("auto_retry_end", success=False, attempt=1, finalError="429 Slow down")
    talk.answers(data=STATE)
    assert talk.ended() == [("t1", "failed", "rateLimit")]


def test_an_interrupt_while_pi_waits_to_try_again() -> None:
    talk = Talk()
    talk.responds("error", errorMessage="429 Slow down")
    talk.says("auto_retry_start", attempt=1, maxAttempts=3, delayMs=2000, errorMessage="429 Slow")
    talk.answers(data=STATE)
    talk.interrupt()
    talk.says("auto_retry_end", success=False, attempt=1, finalError="Retry cancelled")
    talk.answers()
    talk.answers(data=STATE)
    assert talk.ended() == [("t1", "cancelled", None)]


def test_a_turn_goes_on_while_pi_compacts() -> None:
    talk = Talk()
    talk.responds("error", errorMessage="400 The prompt is too long")
    talk.says("compaction_start", reason="overflow")
    talk.answers(data={**STATE, "isCompacting": True})
    talk.says("compaction_end", reason="overflow", result={"summary": "s"}, willRetry=True)
    assert talk.ended() == [] and not talk.memory.pending
    assert talk.notices() == ["The conversation was compacted."]
    talk.says("agent_start")
    talk.responds("stop")
    talk.answers(data=STATE)
    assert talk.ended() == [("t1", "endTurn", None)]


def test_a_turn_goes_on_for_prompts_that_waited_for_a_compaction() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.says("compaction_start", reason="threshold")
    talk.answers(data={**STATE, "isCompacting": True})
    talk.says("compaction_end", reason="threshold", errorMessage="Auto-compaction failed: no")
    talk.answers(data={**STATE, "pendingMessageCount": 1})
    assert talk.ended() == []
    assert talk.notices() == ["Auto-compaction failed: no"]


def test_a_compaction_before_a_prompt_does_not_end_its_turn() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.answers(data=STATE)
    talk.prompt("t2")
    talk.says("compaction_start", reason="threshold")
    talk.says("compaction_end", reason="threshold", result={"summary": "s"})
    assert [one.kind for one in talk.memory.pending.values()] == ["prompt"]


def test_an_answer_about_the_turn_before_does_not_end_the_next() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.says("compaction_end", reason="threshold", aborted=True)
    talk.answers(data=STATE)
    talk.prompt("t2")
    talk.answers(data=STATE)
    assert [turn for turn, _, _ in talk.ended()] == ["t1"]


def test_an_interrupt_before_the_work_began_is_asked_for_again() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.answers(data=STATE)
    talk.prompt("t2")
    talk.interrupt()
    before = len(talk.sent)
    talk.says("agent_start")
    assert [one["type"] for one in talk.sent[before:]] == ["abort"]


def test_a_prompt_waits_for_what_an_extension_has_just_begun() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.answers(data=STATE)
    talk.prompt("t2")
    assert talk.sent[-1]["streamingBehavior"] == "followUp"
    # This is not about the prompt yet, which waits.
    talk.says("agent_start")
    talk.answers()
    talk.answers(data={**STATE, "isStreaming": True, "pendingMessageCount": 1})
    assert len(talk.ended()) == 1
    talk.responds("stop")
    talk.answers(data=STATE)
    assert talk.ended()[1:] == [("t2", "endTurn", None)]


def test_a_prompt_that_is_refused() -> None:
    talk = Talk()
    talk.responds("stop")
    talk.answers(data=STATE)
    talk.prompt("t2")
    talk.answers(success=False, error="No API key found for anthropic.")
    assert talk.ended()[-1] == ("t2", "failed", "authentication")


def test_what_goes_wrong_around_a_response_fails_the_turn() -> None:
    talk = Talk()
    words = "Authentication failed for anthropic. Credentials may have expired."
    failure = {"role": "assistant", "stopReason": "error", "errorMessage": words}
    talk.says("agent_end", messages=[failure])
    talk.answers(data=STATE)
    assert talk.ended() == [("t1", "failed", "authentication")]


def test_what_is_said_in_the_users_name_is_shown() -> None:
    talk = Talk()
    image = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
    for content in ("do it", [{"type": "text", "text": "and this"}, image]):
        talk.says("message_end", message={"role": "user", "content": content})
    [told] = talk.items()
    assert [one.type for one in told.content] == ["text", "image"] and told.by == "harness"


def test_a_dialog_is_about_the_call_that_is_prepared() -> None:
    talk = Talk()
    for name in ("a", "b"):
        args = {"command": f"make {name}"}
        talk.says("tool_execution_start", toolCallId=name, toolName="bash", args=args)
    talk.says("extension_ui_request", id="7", method="confirm", title="Sure?", message="It is big.")
    opened = talk.events[-1]
    assert isinstance(opened, e.RequestOpened) and isinstance(opened.request, Permission)
    assert opened.request.title == "Sure? It is big."
    assert opened.request.tool_call is not None
    assert opened.request.tool_call.input == {"command": "make b"}
    step = talk.driver.intend(talk.memory, AnswerPermission(opened.request_id, "yes"))
    answer = {"type": "extension_ui_response", "id": "7", "confirmed": True}
    assert [json.loads(one) for one in step.sends] == [answer]
    step = talk.driver.intend(step.memory, AnswerPermission(opened.request_id, "no"))
    assert step.sends == ()


def test_a_dialog_outlives_its_turn_unless_its_time_is_over() -> None:
    talk = Talk()
    talk.says("extension_ui_request", id="1", method="select", title="Now?", options=["a"])
    talk.says("extension_ui_request", id="2", method="input", title="Soon?", timeout=5000)
    talk.responds("stop")
    talk.answers(data=STATE)
    closed = [one.request_id for one in talk.events if isinstance(one, e.RequestClosed)]
    assert closed == ["R.r2"]
    before = len(talk.sent)
    talk.interrupt()
    assert {"type": "extension_ui_response", "id": "1", "cancelled": True} in talk.sent[before:]


def test_a_call_is_there_while_the_model_writes_it() -> None:
    talk = Talk()
    call = {"type": "toolCall", "id": "c", "name": "write", "arguments": {}}
    part = {"type": "toolcall_start", "contentIndex": 1, "partial": {"content": [None, call]}}
    talk.says("message_update", assistantMessageEvent=part)
    started = talk.events[-1]
    assert isinstance(started, e.ItemStarted) and isinstance(started.item, ToolCall)
    assert (started.item.title, started.item.status) == ("Write", ItemStatus.PENDING)
    # The extension asks about something else, as this call does not run yet.
    talk.says("extension_ui_request", id="7", method="confirm", title="Sure?")
    assert isinstance(talk.events[-1], e.RequestOpened) and talk.events[-1].item_id is None
    args = {"path": "a.txt", "content": "x"}
    talk.says("tool_execution_start", toolCallId="c", toolName="write", args=args)
    talk.says("tool_execution_end", toolCallId="c", toolName="write", result={}, isError=False)
    assert talk.items()[-1].locations == [Location(path="/p/a.txt")]
    talk.says("message_update", assistantMessageEvent=part)
    talk.responds("error", errorMessage="terminated")
    assert (talk.items()[-1].title, talk.items()[-1].status) == ("Write", ItemStatus.FAILED)


def test_an_end_that_is_too_long_to_be_read_is_an_end() -> None:
    talk = Talk()
    message = {"role": "assistant", "content": [], "stopReason": "stop"}
    talk.says("message_end", message=message)
    head = b'{"type":"agent_end","messages":[{"role":"user"'
    talk.take(talk.driver.receive(talk.memory, head, 100_000_000))
    talk.answers(data=STATE)
    assert talk.ended() == [("t1", "endTurn", None)]
    assert talk.unrecognized() == []


@pytest.mark.parametrize(
    ("name", "given", "title", "kind", "path"),
    [
        ("read", {"path": "a.py", "offset": 3}, "Read a.py", "read", ("/p/a.py", 3)),
        ("ls", {"path": "/p/src"}, "List src", "search", ("/p/src", None)),
        ("grep", {"pattern": "x = ", "path": "/q"}, "Search x =", "search", ("/q", None)),
        ("find", {"pattern": "*.py"}, "Find *.py", "search", None),
        ("bash", {"command": "make\n  all"}, "make all", "execute", None),
        ("todo", {"path": "a"}, "todo", "other", None),
    ],
)
def test_tools_in_the_common_vocabulary(
    name: str, given: Json, title: str, kind: str, path: tuple[str, int | None] | None
) -> None:
    talk = Talk()
    talk.says("tool_execution_start", toolCallId="c", toolName=name, args=given)
    image = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
    result = {"content": [{"type": "text", "text": "done"}, image], "details": {"n": 1}}
    talk.says("tool_execution_end", toolCallId="c", toolName=name, result=result, isError=False)
    [call] = talk.items()
    assert (call.title, call.tool, call.input) == (title, kind, given)
    assert [(one.path, one.line) for one in call.locations] == ([path] if path else [])
    assert [one.type for one in call.content] == ["text", "image"]
    # What an extension's tool has to say in its own terms is kept.
    assert call.output == ({"n": 1} if name == "todo" else None)


def test_nothing_is_said_of_a_session_that_nobody_spoke_in() -> None:
    talk = Talk(resume="/s/1.jsonl")
    talk.answers(data={**STATE, "messageCount": 0})
    assert talk.events == []
    assert talk.memory.session == "/s/1.jsonl"


@pytest.mark.parametrize(
    ("session", "fork", "words"),
    [
        ("/s/1.jsonl", True, "could not copy"),
        ("01a2", True, "could not copy"),
        ("01a2", False, "could not resume"),
        ("/s/1.jsonl", False, None),
    ],
)
def test_a_session_that_pi_does_not_have(session: str, fork: bool, words: str | None) -> None:
    """It is lost where pi ends for it; not where pi ends for another reason."""
    talk = Talk(resume=session, fork=fork, primer="We spoke of apples.")
    reason = "the harness exited with code 1"
    talk.take(talk.driver.ended(talk.memory, reason))
    lost = [one for one in talk.events if isinstance(one, e.SessionLost)]
    assert [(one.session_id, one.error) for one in lost] == ([(session, reason)] if words else [])
    assert [words in one for one in talk.notices()] == ([True] if words else [])


def test_a_session_that_was_copied_is_not_lost_when_pi_ends() -> None:
    talk = Talk(resume="/s/1.jsonl", fork=True, primer="We spoke of apples.")
    talk.answers(data={**STATE, "sessionFile": "/s/2.jsonl", "messageCount": 2})
    talk.take(talk.driver.ended(talk.memory, "the harness exited with code 1"))
    assert talk.events == []


def test_what_is_not_understood_is_shown() -> None:
    talk = Talk()
    talk.says("response", id="other", success=True)
    talk.says("message_end", message={"role": "oracle", "content": "x"})
    part = {"type": "song", "notes": "x"}
    talk.says("message_end", message={"role": "assistant", "content": [part], "stopReason": "stop"})
    assert talk.unrecognized() == [
        "an answer to nothing: 'other'",
        "message of 'oracle'",
        "part 'song'",
    ]
