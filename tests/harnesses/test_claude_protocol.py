"""What Claude Code may say that no recorded session has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from athena.harness.claude.prompts import prompt_uuid
from athena.harness.driver import AnswerInquiry, Launch, Prompt, Steer, Step
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.content import TextContent
from athena.protocol.items import ToolCall
from athena.protocol.request import Inquiry
from athena.protocol.spec import AgentSpec
from athena.protocol.usage import Usage

Json = dict[str, Any]


class Talk:
    """A driver whose session is open."""

    def __init__(self) -> None:
        self.driver = driver_for(BY_NAME["claude"])
        spec = AgentSpec(name="t", harness="claude", project="/p")
        self.memory = self.driver.begin(Launch("R", spec, "/p")).memory
        self.events: list[e.EventData] = []

    def takes(self, step: Step[Any]) -> Step[Any]:
        self.memory = self.driver.load(self.driver.dump(step.memory))
        self.events += step.events
        return step

    def hears(self, **message: Any) -> Step[Any]:
        return self.takes(self.driver.receive(self.memory, json.dumps(message).encode()))

    def prompt(self, name: str) -> None:
        content = [TextContent(text="go")]
        self.takes(self.driver.intend(self.memory, Prompt(f"turn-{name}", name, content)))

    def result(self, *prompts: str, **more: Any) -> None:
        answered = [prompt_uuid("R", one) for one in prompts]
        self.hears(type="result", subtype="success", user_message_uuids=answered, **more)

    def of(self, kind: type[e.EventData]) -> list[Any]:
        return [one for one in self.events if isinstance(one, kind)]


def used(tokens: int, dollars: float) -> Json:
    return {"m": {"inputTokens": tokens, "outputTokens": 1, "costUSD": dollars}}


def test_what_a_late_steered_prompt_cost_is_counted_with_the_turn_it_is_shown_in() -> None:
    talk = Talk()
    talk.prompt("a")
    steered = Steer("late", [TextContent(text="also")])
    talk.takes(talk.driver.intend(talk.memory, steered))
    talk.result("a", model_usage_since_last_result=used(10, 0.5), total_cost_usd=0.5)
    talk.prompt("b")
    talk.result("late", model_usage_since_last_result=used(20, 0.25), total_cost_usd=0.75)
    talk.result("b", model_usage_since_last_result=used(40, 0.125), total_cost_usd=0.875)
    first, second = talk.of(e.TurnEnded)
    assert (first.usage.input_tokens, first.cost.amount) == (10, 0.5)
    assert (second.usage.input_tokens, second.cost.amount) == (60, 0.375)


def test_costs_of_older_versions_that_count_from_the_beginning() -> None:
    talk = Talk()
    for name, total in (("a", 1.0), ("b", 1.5), ("cleared", 0.25)):
        talk.prompt(name)
        talk.result(name, total_cost_usd=total, usage={"input_tokens": 3, "output_tokens": 1})
    assert [one.cost.amount for one in talk.of(e.TurnEnded)] == [1.0, 0.5, 0.25]


def test_tokens_that_no_response_told_are_told_by_model() -> None:
    talk = Talk()
    talk.prompt("a")
    start = {"id": "r1", "model": "big", "usage": {"input_tokens": 5}}
    talk.hears(type="stream_event", event={"type": "message_start", "message": start})
    delta = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 7}}
    talk.hears(type="stream_event", event=delta)
    models = {
        "big[1m]": {"inputTokens": 5, "outputTokens": 7},
        "small": {"inputTokens": 11, "outputTokens": 13},
    }
    talk.result("a", model_usage_since_last_result=models)
    told = [(one.model, one.usage) for one in talk.of(e.UsageReported)]
    assert told == [
        ("big", Usage(input_tokens=5, output_tokens=7)),
        ("small", Usage(input_tokens=11, output_tokens=13)),
    ]
    assert talk.of(e.TurnEnded)[0].usage == Usage(input_tokens=16, output_tokens=20)


def test_a_call_that_steps_aside_is_not_over() -> None:
    talk = Talk()
    talk.prompt("a")
    call = {"type": "tool_use", "id": "c", "name": "WebFetch", "input": {"url": "x"}}
    talk.hears(type="assistant", message={"id": "r", "content": [call]})
    answer = {"type": "tool_result", "tool_use_id": "c", "content": "It goes on."}
    detached = {"detachedToolCall": True}
    talk.hears(type="user", message={"content": [answer]}, tool_use_result=detached)
    talk.result("a")
    calls = [one.item for one in talk.of(e.ItemCompleted) if isinstance(one.item, ToolCall)]
    assert calls == []
    talk.hears(type="user", message={"content": [answer]}, tool_use_result={})
    [done] = [one.item for one in talk.of(e.ItemCompleted) if isinstance(one.item, ToolCall)]
    assert done.status == "completed"


FORM = {"properties": {"age": {"type": "integer"}, "sure": {"type": "boolean"}}}


@pytest.mark.parametrize(
    ("asked", "answers", "expected"),
    [
        (
            {"requested_schema": FORM},
            {"age": ["41"], "sure": ["No"]},
            {"action": "accept", "content": {"age": 41, "sure": False}},
        ),
        ({"requested_schema": FORM}, None, {"action": "cancel"}),
        ({"url": "https://a.example"}, {"page": ["Done"]}, {"action": "accept"}),
        ({"url": "https://a.example"}, {"page": ["Decline"]}, {"action": "decline"}),
    ],
)
def test_questions_of_mcp_servers(asked: Json, answers: Any, expected: Json) -> None:
    talk = Talk()
    request = {"subtype": "elicitation", "message": "Who?", **asked}
    talk.hears(type="control_request", request_id="7", request=request)
    [opened] = talk.of(e.RequestOpened)
    assert isinstance(opened.request, Inquiry)
    step = talk.driver.intend(talk.memory, AnswerInquiry(opened.request_id, answers))
    [frame] = step.sends
    assert json.loads(frame)["response"]["response"] == expected


def test_a_session_that_is_refused_is_given_up() -> None:
    talk = Talk()
    refused = {"subtype": "error", "request_id": "athena-1", "error": "out of order"}
    talk.hears(type="control_response", response=refused)
    [given_up] = talk.of(e.RunGivenUp)
    assert given_up.error == "Claude Code could not start a session: out of order"
