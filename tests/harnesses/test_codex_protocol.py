"""What the driver of Codex knows, against what the program itself says its protocol is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from athena.harness.codex import asks, errors, items, notifications, settings
from athena.harness.codex.diffs import hunks
from athena.harness.driver import AnswerInquiry, Launch, Step
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol import events as e
from athena.protocol.items import Notice
from athena.protocol.request import Inquiry
from athena.protocol.spec import AgentSpec
from tests.support.harness_env import HARNESS_ENVS

Json = dict[str, Any]

NEVER_ASKED_FOR = (
    *("account/gatewayOAuth/", "account/login/", "command/exec/", "externalAgentConfig/"),
    *("fs/", "fuzzyFileSearch/", "mcpServer/event/", "mcpServer/oauthLogin/", "process/"),
    *("thread/realtime/", "windows", "windowsSandbox/"),
)
"""How the notifications begin that only answer requests which Athena never makes, or come on
Windows: if one comes all the same, it is shown as not recognised."""

NEVER_OFFERED = {
    "account/chatgptAuthTokens/refresh",
    "applyPatchApproval",
    "attestation/generate",
    "currentTime/read",
    "execCommandApproval",
}
"""Requests that come only to clients which offer to answer them, or speak the first protocol:
they are refused, and shown as not recognised."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("codex")
    program = HARNESS_ENVS["codex"].program
    out = home / "schema"
    subprocess.run(
        [program, "app-server", "generate-json-schema", "--experimental", "--out", out],
        env=HARNESS_ENVS["codex"].make_home(home, "http://127.0.0.1:9"),
        check=True,
        capture_output=True,
        timeout=60,
    )
    return out


def methods(file: Path) -> set[str]:
    kinds = json.loads(file.read_text())["oneOf"]
    return {name for one in kinds for name in one["properties"]["method"]["enum"]}


def definitions(schema: Path) -> Json:
    file = schema / "codex_app_server_protocol.v2.schemas.json"
    return json.loads(file.read_text())["definitions"]


@pytest.mark.harnesses
def test_each_notification_is_known(schema: Path) -> None:
    said = methods(schema / "ServerNotification.json")
    known = {
        *notifications.OF_ANY_THREAD,
        *notifications.OF_OWN_THREAD,
        *notifications.SILENT,
    }
    assert {name for name in said if not name.startswith(NEVER_ASKED_FOR)} == known


@pytest.mark.harnesses
def test_each_request_is_known(schema: Path) -> None:
    said = methods(schema / "ServerRequest.json")
    assert said == set(asks.REQUESTS) | NEVER_OFFERED


@pytest.mark.harnesses
def test_each_item_is_known(schema: Path) -> None:
    kinds = definitions(schema)["ThreadItem"]["oneOf"]
    said = {name for one in kinds for name in one["properties"]["type"]["enum"]}
    spoken = {"agentMessage", "plan", "reasoning"}
    other = {"contextCompaction", "enteredReviewMode", "exitedReviewMode", "userMessage"}
    assert said == set(items.TOOLS) | notifications.SILENT_ITEMS | spoken | other


@pytest.mark.harnesses
def test_each_error_has_a_class(schema: Path) -> None:
    words, *others = definitions(schema)["CodexErrorInfo"]["anyOf"]
    said = {*words["enum"], *(name for one in others for name in one.get("properties", {}))}
    known = {*errors.OF_INFO, *errors.CONNECTION, *errors.REFUSALS}
    assert said == known | {"other"}


@pytest.mark.harnesses
def test_each_option_is_a_parameter(schema: Path) -> None:
    found = definitions(schema)
    assert set(settings.THREAD_OPTIONS) <= set(found["ThreadStartParams"]["properties"])
    assert set(settings.TURN_OPTIONS) <= set(found["TurnStartParams"]["properties"])
    assert {mode.sandbox for mode in settings.MODES.values()} == set(found["SandboxMode"]["enum"])


# What follows needs no Codex.


class Talk:
    """A driver in the middle of a turn."""

    def __init__(self, **spec: Any) -> None:
        given = AgentSpec(name="t", harness="codex", project="/p", **spec)
        self.driver = driver_for(BY_NAME["codex"])
        self.memory = self.driver.begin(Launch("R", given, "/p")).memory
        self.events: list[e.EventData] = []
        self.says("turn/started", threadId="T", turn={"id": "1"})

    def hears(self, message: Json) -> Step[Any]:
        step = self.driver.receive(self.memory, json.dumps(message).encode())
        self.memory = step.memory
        self.events += step.events
        return step

    def says(self, method: str, **params: Any) -> Step[Any]:
        return self.hears({"method": method, "params": params})

    def notices(self) -> list[str]:
        done = [one.item for one in self.events if isinstance(one, e.ItemCompleted)]
        return [item.text for item in done if isinstance(item, Notice)]


def sent(step: Step[Any]) -> Json:
    [frame] = step.sends
    return json.loads(frame)


FORM = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Your name"},
        "age": {"type": "integer"},
        "share": {"type": "number"},
        "sure": {"type": "boolean", "title": "Are you sure?"},
        "kinds": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
    },
}


def test_a_form_of_an_mcp_server_is_answered_in_its_types() -> None:
    talk = Talk()
    params = {"serverName": "s", "threadId": "T", "mode": "form", "message": "Who are you?"}
    talk.hears(
        {
            "method": "mcpServer/elicitation/request",
            "id": 0,
            "params": {**params, "requestedSchema": FORM},
        }
    )
    opened = talk.events[-1]
    assert isinstance(opened, e.RequestOpened) and isinstance(opened.request, Inquiry)
    asked = {one.id: (one.text, [c.label for c in one.choices]) for one in opened.request.questions}
    assert asked["name"] == ("Your name", []) and asked["sure"] == ("Are you sure?", ["Yes", "No"])
    assert asked["kinds"][1] == ["a", "b"] and opened.request.questions[-1].several
    answers = {"name": ["Ann"], "age": ["41"], "share": ["0.5"], "sure": ["Yes"], "kinds": ["a"]}
    step = talk.driver.intend(talk.memory, AnswerInquiry(opened.request_id, answers))
    content = {"name": "Ann", "age": 41, "share": 0.5, "sure": True, "kinds": ["a"]}
    answer = {"action": "accept", "content": content, "_meta": None}
    assert sent(step) == {"id": 0, "result": answer}


@pytest.mark.parametrize(
    ("answers", "action"),
    [({"page": ["Accept"]}, "accept"), ({"page": ["Decline"]}, "decline"), (None, "cancel")],
)
def test_a_page_of_an_mcp_server(answers: dict[str, list[str]] | None, action: str) -> None:
    talk = Talk()
    params = {"serverName": "s", "threadId": "T", "mode": "url", "message": "Go", "url": "x://y"}
    talk.hears({"method": "mcpServer/elicitation/request", "id": "e", "params": params})
    opened = talk.events[-1]
    assert isinstance(opened, e.RequestOpened)
    step = talk.driver.intend(talk.memory, AnswerInquiry(opened.request_id, answers))
    assert sent(step)["result"]["action"] == action


def test_a_proof_that_athena_cannot_give_is_declined() -> None:
    talk = Talk()
    params = {"serverName": "s", "threadId": "T", "mode": "openai/userVerification"}
    asked = {**params, "challenge": "c", "title": "t", "description": "Touch the key"}
    step = talk.hears({"method": "mcpServer/elicitation/request", "id": 4, "params": asked})
    assert sent(step)["result"]["action"] == "decline"
    assert "Touch the key" in talk.notices()[-1]


@pytest.mark.parametrize("info", errors.REFUSALS)
def test_a_refusal_is_no_failure(info: str) -> None:
    talk = Talk()
    error = {"message": "This cannot be done.", "codexErrorInfo": info}
    talk.says("error", threadId="T", turnId="1", error=error, willRetry=False)
    turn = {"id": "1", "status": "failed", "error": error}
    talk.says("turn/completed", threadId="T", turn=turn)
    ended = talk.events[-1]
    assert isinstance(ended, e.TurnEnded)
    assert (ended.stop_reason, ended.error) == ("refusal", None)
    assert talk.notices() == ["This cannot be done."]


def test_what_another_reviewer_denies_is_told() -> None:
    talk = Talk()
    for status in ("approved", "denied"):
        review = {"status": status, "rationale": "It deletes the home."}
        talk.says("item/autoApprovalReview/completed", threadId="T", turnId="1", review=review)
    assert talk.notices() == ["The automatic review denied an action: It deletes the home."]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"ephemeral": "true"}, {"ephemeral": True}),
        ({"config": '{"a": 1}'}, {"config": {"a": 1}}),
        ({"approvalPolicy": "never"}, {"approvalPolicy": "never"}),
        ({"approvalPolicy": {"granular": {}}}, {"approvalPolicy": {"granular": {}}}),
    ],
)
def test_options_have_their_types(options: Json, part: Json) -> None:
    launch = Launch("R", AgentSpec(name="t", harness="codex", project="/p", options=options), "/p")
    settings.check_options(launch)
    assert settings.thread_params(launch).items() >= part.items()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ephemeral": "perhaps"}, "takes true or false"),
        ({"config": [1]}, "takes an object"),
        ({"outputSchema": "{"}, "takes an object"),
        ({"sandbox": 3}, "takes a text"),
    ],
)
def test_options_of_the_wrong_type(options: Json, words: str) -> None:
    given = AgentSpec(name="t", harness="codex", project="/p", options=options)
    with pytest.raises(ValueError, match=words):
        driver_for(BY_NAME["codex"]).command(Launch("R", given, "/p"))


def test_tools_that_cannot_be_restricted_are_told() -> None:
    driver = driver_for(BY_NAME["codex"])
    spec = AgentSpec(name="t", harness="codex", project="/p", allowed_tools=["shell"])
    [event] = driver.begin(Launch("R", spec, "/p")).events
    assert isinstance(event, e.ItemCompleted) and isinstance(event.item, Notice)
    assert "cannot be restricted" in event.item.text


def test_a_question_whose_answer_is_secret() -> None:
    talk = Talk()
    question = {"id": "key", "header": "Key", "question": "Which key?", "isSecret": True}
    params = {"threadId": "T", "itemId": "i", "questions": [question], "isBlocking": True}
    talk.hears({"method": "item/tool/requestUserInput", "id": 1, "params": params})
    opened = talk.events[-1]
    assert isinstance(opened, e.RequestOpened) and isinstance(opened.request, Inquiry)
    assert opened.request.questions[0].secret


@pytest.mark.parametrize("step", ["initialize", "thread/start"])
def test_a_session_that_is_refused_is_given_up(step: str) -> None:
    """The agent says why it cannot start, and does not wait for ever."""
    driver = driver_for(BY_NAME["codex"])
    begun = driver.begin(Launch("R", AgentSpec(name="t", harness="codex", project="/p"), "/p"))
    memory, sends = begun.memory, begun.sends
    if step == "thread/start":
        answer = {"id": 1, "result": {"userAgent": "athena/1.2.3 (x)"}}
        opened = driver.receive(memory, json.dumps(answer).encode())
        memory, sends = opened.memory, opened.sends
    [asked] = [one for one in map(json.loads, sends) if one.get("method") == step]
    error = {"id": asked["id"], "error": {"code": -32600, "message": "no such provider"}}
    told = driver.receive(memory, json.dumps(error).encode()).events
    given_up = [one for one in told if isinstance(one, e.RunGivenUp)]
    assert [one.error for one in given_up] == ["Codex opened no session: no such provider"]


def test_a_diff_ends_lines_where_git_does() -> None:
    """A form feed, and a separator of Unicode, are characters like any other."""
    diff = "@@ -1,3 +1,3 @@\n one\x0c- not a line\r\n-two\u2028+ nor this\n+2\n three\n"
    assert hunks(diff) == (
        "one\x0c- not a line\r\ntwo\u2028+ nor this\nthree\n",
        "one\x0c- not a line\r\n2\nthree\n",
    )
