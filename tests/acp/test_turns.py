"""Turns: prompts, steering, cancelling, usage and cost, and every way in which a turn ends."""

from __future__ import annotations

import pytest

from athena.harness.driver import AnswerPermission, Interrupt, Prompt, Steer
from athena.harness.quirks import AcpQuirks
from athena.protocol.content import EmbeddedResource, ImageContent, ResourceLink, TextContent
from tests.acp.talk import Talk

STEERS = {"_meta": {"steering": {"supported": True}}}
OPTIONS = [{"optionId": "y", "name": "Yes", "kind": "allow_once"}]


def test_prompts_with_more_than_text() -> None:
    can = {"promptCapabilities": {"image": True, "embeddedContext": True}}
    content = [
        TextContent(text="Look"),
        ImageContent(data="aGk=", mime_type="image/png"),
        ResourceLink(uri="file:///repo/a.py", name="a.py", line=3, end_line=9),
        ResourceLink(uri="file:///repo/b.py", name="b.py"),
        EmbeddedResource(uri="file:///repo/c.py", text="c = 1", mime_type="text/x-python"),
    ]
    talk = Talk().opened(agentCapabilities=can)
    talk.does(Prompt("t1", "p1", content))
    assert talk.sent[-1]["params"]["prompt"] == [
        {"type": "text", "text": "Look"},
        {"type": "image", "data": "aGk=", "mimeType": "image/png"},
        {"type": "resource_link", "uri": "file:///repo/a.py#L3-9", "name": "a.py:3-9"},
        {"type": "resource_link", "uri": "file:///repo/b.py", "name": "b.py"},
        {
            "type": "resource",
            "resource": {
                "uri": "file:///repo/c.py",
                "text": "c = 1",
                "mimeType": "text/x-python",
            },
        },
    ]
    other = Talk().opened()
    other.does(Prompt("t1", "p1", [content[1], content[4]]))
    assert [one["type"] for one in other.sent[-1]["params"]["prompt"]] == ["text", "text"]
    assert other.sent[-1]["params"]["prompt"][1]["text"] == "file:///repo/c.py:\n\n```\nc = 1\n```"


@pytest.mark.parametrize(
    ("said", "recorded"),
    [
        ("end_turn", "endTurn"),
        ("max_tokens", "maxTokens"),
        ("max_turn_requests", "maxTurns"),
        ("refusal", "refusal"),
        ("cancelled", "cancelled"),
    ],
)
def test_stop_reasons(said: str, recorded: str) -> None:
    talk = Talk().opened().prompted()
    talk.answers({"stopReason": said})
    assert talk.seen() == f"turnEnded t1 {recorded}"


def test_a_stop_reason_of_the_future() -> None:
    talk = Talk().opened().prompted()
    talk.answers({"stopReason": "bored"})
    assert talk.seen().splitlines() == [
        "= R.1 unrecognized stop reason 'bored' \"{'stopReason': 'bored'}\"",
        "turnEnded t1 endTurn",
    ]


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ({"code": -32000, "message": "Not logged in"}, "authentication"),
        ({"code": -32000, "message": "No"}, "authentication"),
        ({"code": -32603, "message": "x", "data": {"status": 429}}, "rateLimit"),
        ({"code": -32603, "message": "API Error: 529 overloaded_error"}, "overloaded"),
        ({"code": -32603, "message": "HTTP 500"}, "overloaded"),
        ({"code": -32603, "message": "x", "data": {"details": "rate limit"}}, "rateLimit"),
        ({"code": -32603, "message": "400: prompt is too long"}, "contextOverflow"),
        ({"code": -32603, "message": "fetch failed"}, "network"),
        ({"code": -32603, "message": "Your credit balance is too low"}, "billing"),
        ({"code": -32602, "message": "Invalid params"}, "invalidRequest"),
        ({"code": -32603, "message": "Something"}, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_errors_have_the_classes_of_all_harnesses(error: object, category: str) -> None:
    talk = Talk().opened().prompted()
    talk.answers(error=error)
    assert talk.seen().startswith(f"turnEnded t1 failed error={category} ")


TOLD = AcpQuirks(failure=r'Error: (\d{3} .*|\{"error".*)', retry=r"Info: (Again.*)")


@pytest.mark.parametrize(
    ("said", "recorded"),
    [
        (["Error: 429 slow down"], "turnEnded t1 failed error=rateLimit "),
        (["Well.", "Info: Again", "Error: 529 too much"], "turnEnded t1 failed error=overloaded "),
        (
            ['Error: {"error": {"message": "no", "type": "invalid_request_error"}}'],
            "turnEnded t1 failed error=invalidRequest status=None 'no'",
        ),
        (["Error: 429 slow down", "It works again."], "turnEnded t1 endTurn"),
        (["Error: no such file. I shall make it."], "turnEnded t1 endTurn"),
    ],
)
def test_failures_that_are_told_as_messages(said: list[str], recorded: str) -> None:
    talk = Talk(TOLD).opened().prompted()
    for words in said:
        talk.updates("agent_message_chunk", content={"type": "text", "text": words})
    talk.answers({"stopReason": "end_turn"})
    seen = talk.seen()
    assert seen.splitlines()[-1].startswith(recorded)
    assert ("notice warning retry 'Again'" in seen) == ("Info: Again" in said)
    assert "message 'Error: 4" not in seen and "message 'Info" not in seen


def test_an_interrupt_answers_what_is_asked() -> None:
    talk = Talk().opened().prompted()
    call = {"toolCallId": "c", "title": "Run", "kind": "execute"}
    talk.asks(0, "session/request_permission", toolCall=call, options=OPTIONS)
    talk.lines.clear()
    talk.does(Interrupt())
    assert talk.seen().splitlines() == [
        "! R.r1 cancelled by=harness",
        '> session/cancel {"sessionId": "S"}',
        '> answer #0 {"outcome": {"outcome": "cancelled"}}',
    ]
    assert not talk.driver.can_steer(talk.memory)
    talk.does(AnswerPermission("R.r1", "y"))
    assert talk.seen() == ""
    talk.answers({"stopReason": "cancelled"})
    assert talk.seen().splitlines() == [
        "= R.1 execute [cancelled] 'Run' name=None",
        "turnEnded t1 cancelled",
    ]


def test_an_agent_that_answers_a_cancel_with_an_error() -> None:
    talk = Talk().opened().prompted()
    talk.does(Interrupt())
    talk.lines.clear()
    talk.answers(error={"code": -32603, "message": "aborted"})
    assert talk.seen() == "turnEnded t1 cancelled"


def test_an_interrupt_without_a_turn_says_nothing() -> None:
    talk = Talk().opened()
    talk.does(Interrupt())
    assert talk.seen() == ""


def test_steering() -> None:
    talk = Talk().opened(**STEERS).prompted()
    assert talk.driver.can_steer(talk.memory)
    talk.does(Steer("p2", [TextContent(text="rather so")]))
    assert talk.seen() == (
        '> _session/steering #4 {"sessionId": "S", "prompt": [{"type": "text", "text": "rather '
        'so"}], "_meta": {"steering": {"idleBehavior": "promptRequired"}}}'
    )
    talk.answers({"outcome": "injected"})
    talk.updates("user_message_chunk", content={"type": "text", "text": "rather so"})
    assert talk.seen() == ""


def test_an_agent_that_does_not_steer() -> None:
    talk = Talk().opened().prompted()
    assert not talk.driver.can_steer(talk.memory)


@pytest.mark.parametrize("first", ["the turn's end", "the answer"])
def test_a_steered_prompt_that_comes_too_late_is_not_lost(first: str) -> None:
    talk = Talk().opened(**STEERS).prompted()
    talk.does(Steer("p2", [TextContent(text="rather so")]))
    talk.lines.clear()
    late = {"outcome": "promptRequired"}
    if first == "the answer":
        talk.answers(late, to="_session/steering")
        assert talk.seen() == ""
        talk.answers({"stopReason": "end_turn"}, to="session/prompt")
    else:
        talk.answers({"stopReason": "end_turn"}, to="session/prompt")
        talk.answers(late, to="_session/steering")
    assert talk.seen().splitlines() == [
        "turnEnded t1 endTurn",
        "turnStarted R.t1 origin=harness",
        '> session/prompt #5 {"sessionId": "S", "prompt": [{"type": "text", "text": "rather so"}]}',
    ]
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen() == "turnEnded R.t1 endTurn"


@pytest.mark.parametrize(
    "answer", [{"result": {"outcome": "failed"}}, {"error": {"message": "no"}}]
)
def test_a_steered_prompt_that_is_refused(answer: dict[str, object]) -> None:
    talk = Talk().opened(**STEERS).prompted()
    talk.does(Steer("p2", [TextContent(text="rather so")]))
    talk.lines.clear()
    talk.answers(answer.get("result"), answer.get("error"))
    assert "notice error steer 'The agent did not take the prompt" in talk.seen()


def test_the_process_ends_in_a_turn() -> None:
    talk = Talk().opened().prompted()
    talk.says("Half a wo")
    talk.updates("tool_call", toolCallId="c", title="Run", kind="execute", status="in_progress")
    talk.asks(1, "session/request_permission", toolCall={"toolCallId": "c"}, options=OPTIONS)
    talk.lines.clear()
    talk.ends()
    assert talk.seen().splitlines() == [
        "! R.r1 cancelled by=harness",
        "= R.2 execute [failed] 'Run' name=None",
        "turnEnded t1 failed error=harness status=None 'it exited with code 1'",
    ]
    assert talk.driver.open_effects(talk.memory) == ()


def test_the_process_ends_after_an_interrupt() -> None:
    talk = Talk().opened().prompted()
    talk.does(Interrupt())
    talk.lines.clear()
    talk.ends()
    assert talk.seen() == "turnEnded t1 cancelled"


def test_the_process_ends_between_turns() -> None:
    talk = Talk().opened()
    talk.ends()
    assert talk.seen() == ""


# Usage and cost.


def test_usage_as_acp_has_it() -> None:
    talk = Talk().opened().prompted()
    usage = {
        "inputTokens": 100,
        "outputTokens": 20,
        "thoughtTokens": 5,
        "cachedReadTokens": 60,
        "cachedWriteTokens": 10,
        "totalTokens": 195,
    }
    talk.answers({"stopReason": "end_turn", "usage": usage})
    assert talk.seen() == "turnEnded t1 endTurn in=170 out=20 cached=60"


def test_usage_whose_input_holds_the_cached_tokens() -> None:
    talk = Talk().opened().prompted()
    usage = {"inputTokens": 100, "outputTokens": 20, "cachedReadTokens": 60, "totalTokens": 120}
    talk.answers({"stopReason": "end_turn", "usage": usage})
    assert talk.seen() == "turnEnded t1 endTurn in=100 out=20 cached=60"


def test_usage_by_model() -> None:
    talk = Talk().opened().prompted()
    quota = {
        "token_count": {"input_tokens": 30, "output_tokens": 3},
        "model_usage": [
            {"model": "a", "token_count": {"input_tokens": 10, "output_tokens": 1}},
            {"model": "b", "token_count": {"input_tokens": 20, "output_tokens": 2}},
            {"model": "c", "token_count": {}},
        ],
    }
    talk.answers({"stopReason": "end_turn", "_meta": {"quota": quota}})
    assert talk.seen().splitlines() == [
        "usage a in=10 out=1",
        "usage b in=20 out=2",
        "turnEnded t1 endTurn in=30 out=3",
    ]


def test_usage_of_each_response() -> None:
    talk = Talk().opened().prompted()
    for count in (10, 20):
        usage = {"inputTokens": count, "outputTokens": 1, "totalTokens": count + 1}
        content = {"type": "text", "text": ""}
        talk.updates("agent_message_chunk", content=content, _meta={"usage": usage})
    talk.answers({"stopReason": "end_turn"})
    assert talk.seen().splitlines() == [
        "usage None in=10 out=1",
        "usage None in=20 out=1",
        "turnEnded t1 endTurn",
    ]


def test_usage_that_counts_the_whole_session() -> None:
    talk = Talk(AcpQuirks(usage_scope="session")).opened()
    ends: list[str] = []
    for total in (100, 130, 130, 40):
        talk.prompted()
        usage = {"inputTokens": total, "outputTokens": total // 10}
        talk.answers({"stopReason": "end_turn", "usage": usage})
        ends.append(talk.seen().partition("endTurn ")[2])
    assert ends == ["in=100 out=10", "in=30 out=3", "in=0 out=0", "in=40 out=4"]


def test_usage_of_the_last_response_claims_no_sum() -> None:
    talk = Talk(AcpQuirks(usage_scope="response")).opened().prompted()
    talk.answers({"stopReason": "end_turn", "usage": {"inputTokens": 9, "outputTokens": 1}})
    assert talk.seen().splitlines() == ["usage None in=9 out=1", "turnEnded t1 endTurn"]


def test_cost_is_what_was_added() -> None:
    talk = Talk().opened()
    ends: list[str] = []
    for cost in (0.1, 0.30000000000000004, 0.30000000000000004):
        talk.prompted()
        fields = {"amount": cost, "currency": "EUR"}
        talk.updates("usage_update", used=10, size=100, cost=fields)
        talk.answers({"stopReason": "end_turn"})
        ends.append(talk.seen().rpartition("endTurn")[2])
    assert ends == [" cost=0.1 EUR reported", " cost=0.2 EUR reported", ""]


def test_the_cost_of_a_resumed_session_is_not_known_at_first() -> None:
    talk = Talk(resume="S7")
    talk.answers({"agentCapabilities": {"loadSession": True}, "protocolVersion": 1})
    talk.answers({})
    ends: list[str] = []
    for cost in (5.0, 5.5):
        talk.prompted()
        talk.updates("usage_update", used=10, size=100, cost={"amount": cost})
        talk.answers({"stopReason": "end_turn"})
        ends.append(talk.seen().rpartition("endTurn")[2])
    assert ends == ["", " cost=0.5 USD reported"]
