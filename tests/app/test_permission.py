"""Requests that nobody answers, edits of what is asked for, and who may answer at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from athena.core.patience import overdue
from athena.protocol import events as e
from athena.protocol.agent import OpenRequest
from athena.protocol.errors import ErrorCode
from athena.protocol.request import Outcome, Permission
from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync

ASKS = "permit run touch allowed"


def settings(athena: Athena, text: str) -> None:
    (athena.root / "athena.toml").write_text(text)


def of_kind(client: Client, agent: str, kind: str) -> list[Json]:
    return [e["data"] for e in client.events(agent) if e["kind"] == kind]


def test_a_request_expires_and_its_agent_goes_on(athena: Athena, folder: Path) -> None:
    settings(athena, "[permission]\nexpire_seconds = 0.5\n")
    with athena.client() as client:
        agent = spawn(client, folder, f"{ASKS}\nsay I go on.")
        client.until(agent["id"], "idle")
        (closed,) = of_kind(client, agent["id"], "requestClosed")
        assert (closed["outcome"], closed["by"]) == ("expired", "athena")
        assert not (folder / "allowed").exists()
        assert client.call("athena/request/list")["requests"] == []
        with pytest.raises(CallError) as late:
            client.call("athena/request/answer", requestId=closed["requestId"], option="allow")
        assert late.value.code == ErrorCode.CONFLICT


def test_the_user_is_reminded_until_the_answer(athena: Athena, folder: Path) -> None:
    settings(athena, "[permission]\nremind_seconds = 0.4\n")
    with athena.client() as client:
        agent = spawn(client, folder, ASKS)
        waiting = client.until_status(agent["id"], "needsPermission")
        until_sync(lambda: len(of_kind(client, agent["id"], "requestReminded")) >= 2)
        counts = [r["count"] for r in of_kind(client, agent["id"], "requestReminded")]
        assert counts == sorted(set(counts))
        (opened,) = client.call("athena/request/list")["requests"]
        assert opened["reminders"] >= counts[-1]
        request = waiting["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")
        client.until(agent["id"], "idle")
        assert (folder / "allowed").exists()


def test_what_is_due_of_a_request() -> None:
    asked = Permission(title="rm", options=[])
    opened = OpenRequest(request_id="r", agent_id="a", at=1_000, request=asked)
    assert overdue(opened, 99_000, None, None) is None
    assert overdue(opened, 10_900, 10, None) is None
    assert overdue(opened, 11_000, 10, None) == e.RequestReminded(request_id="r", count=1)
    told = opened.model_copy(update={"reminders": 1})
    assert overdue(told, 20_999, 10, None) is None
    slept = overdue(told, 3_601_000, 10, 7200)
    assert slept == e.RequestReminded(request_id="r", count=360)
    late = overdue(told, 7_201_000, 10, 7200)
    assert isinstance(late, e.RequestClosed) and late.outcome is Outcome.EXPIRED


def test_only_what_can_be_edited_is(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder, ASKS)
        waiting = client.until_status(agent["id"], "needsPermission")
        request = waiting["requests"][0]
        assert not request["request"]["editable"], "ACP has no way to edit what is asked for"
        with pytest.raises(CallError) as refused:
            edited = {"command": "touch other"}
            client.call(
                "athena/request/answer",
                requestId=request["requestId"],
                option="allow",
                edited=edited,
            )
        assert refused.value.code == ErrorCode.INVALID_PARAMS
        assert client.agent(agent["id"])["status"] == "needsPermission"


@pytest.mark.parametrize("disguise", ["", "env -u ATHENA_RUN "])
def test_no_process_of_an_agent_answers(athena: Athena, folder: Path, disguise: str) -> None:
    """The agent's own shell tries, as its user, with the address of the daemon."""
    with athena.client() as client:
        waiting = spawn(client, folder, ASKS, name="asker")
        asked = client.until_status(waiting["id"], "needsPermission")["requests"][0]
        state = f"PYTHONPATH={athena.environment['PYTHONPATH']} ATHENA_STATE_DIR={athena.state}"
        line = f"{disguise}env {state} {athena.command()[0]} -m athena"
        tries = [
            f"{line} answer {asked['requestId']} allow",
            f"{line} permission add-rule allow --tool execute",
            f"{line} workspace trust",
            f"{line} agent mode asker auto",
            f"{line} spawn --harness scripted --worktree none --mode auto hello",
            f"{line} spawn --harness scripted --worktree none --option mode=auto hello",
            f"{line} agent fork asker --mode auto hello",
            f"{line} agent move asker scripted --mode auto",
        ]
        steps = "\n".join(f"run {one} 2>&1; echo code $?" for one in tries)
        agent = spawn(client, folder, steps, name="schemer")
        client.until(agent["id"], "idle", timeout=60)
        page = client.call("athena/transcript/page", agent=agent["id"], types=["toolCall"])
        assert len(page["items"]) == len(tries)
        for item in page["items"]:
            said = str(item["item"])
            assert "no process of an agent may allow itself anything" in said, said
            assert "code 4" in said
        assert client.agent(waiting["id"])["status"] == "needsPermission"
        assert client.call("athena/rule/list", project=str(folder))["rules"] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[rule]]\ndecision = "allow"\ncomand = "git *"\n', "3: [[rule]] 1 has no key `comand`."),
        (
            '[[rule]]\ndecision = "ask"\n\n[[rule]]\ndecision = "alow"\n',
            "5: [[rule]] 2 `decision` must be 'allow', 'reject' or 'ask', not 'alow'.",
        ),
        ('[[rules]]\ndecision = "reject"\n', "1: There is no table [rules]. Did you mean [rule]?"),
        ('[[rule]]\ncommand = "rm *"\n', "1: [[rule]] 1 needs `decision`."),
    ],
)
def test_a_rule_with_a_typing_error_allows_nothing(
    athena: Athena, folder: Path, text: str, words: str
) -> None:
    path = athena.root / "rules.toml"
    path.write_text(text)
    with athena.client() as client:
        with pytest.raises(CallError) as refused:
            client.call("athena/rule/list", project=str(folder))
        assert refused.value.message.startswith(f"{path}:{words}")
        agent = spawn(client, folder, ASKS)["id"]
        client.until_status(agent, "needsPermission")
        path.unlink()


def test_a_rule_with_an_unknown_condition_is_not_added(client: Client, folder: Path) -> None:
    with pytest.raises(CallError) as refused:
        client.call(
            "athena/rule/add",
            project=str(folder),
            rule={"decision": "allow", "comand": "git *"},
        )
    assert "no comand" in refused.value.message and refused.value.code == ErrorCode.INVALID_PARAMS
