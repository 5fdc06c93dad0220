"""Prompts, turns, permissions, interrupting, steering: through a real daemon and real processes."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from pathlib import Path

import psutil
import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import expect, scenario, spawn, told
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync


def test_a_turn_works_and_ends_idle(client: Client, folder: Path) -> None:
    agent = spawn(
        client,
        folder,
        """
        say   I change the greeting.
        edit  hello.py: print("hello") -> print("goodbye")
        run   python3 hello.py
        usage input=1200 output=80 cached=600 cost=0.0123
        say   It prints ${output}
        """,
    )
    done = client.until(agent["id"], "idle")
    expect(
        told(client, agent["id"]),
        """
        turnStarted
        say I change the greeting.
        edit completed: Edit hello.py
        execute completed: python3 hello.py
        say It prints goodbye
        turn ended: endTurn
        """,
    )
    assert (folder / "hello.py").read_text() == 'print("goodbye")\n'
    assert done["usage"]["inputTokens"] == 1200 + 600
    assert done["cost"] == {"amount": 0.0123, "currency": "USD", "source": "reported"}


def test_a_permission_waits_and_the_first_answer_counts(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "permit run touch allowed")
    waiting = client.until(agent["id"], "needsPermission")
    request = waiting["requests"][0]
    assert [r["requestId"] for r in client.call("athena/request/list")["requests"]] == [
        request["requestId"]
    ]
    outcomes: list[object] = []

    def answer() -> None:
        try:
            client.call("athena/request/answer", requestId=request["requestId"], option="allow")
            outcomes.append("ok")
        except CallError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=answer) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.until(agent["id"], "idle")
    assert sorted(map(str, outcomes)) == sorted(["ok", *[str(int(ErrorCode.CONFLICT))] * 4])
    assert (folder / "allowed").exists()


def test_a_rejected_permission(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "permit run touch rejected\non reject:\n    say Then not.")
    request = client.until(agent["id"], "needsPermission")["requests"][0]
    client.call("athena/request/answer", requestId=request["requestId"], option="reject")
    client.until(agent["id"], "idle")
    assert "say Then not." in told(client, agent["id"])
    assert not (folder / "rejected").exists()


def test_prompts_wait_in_order_and_can_be_withdrawn(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "gate open\nsay first")
    client.until_status(agent["id"], "working")
    second = client.call("athena/agent/prompt", agent=agent["id"], text=scenario("say second"))
    client.call("athena/agent/prompt", agent=agent["id"], text=scenario("say third"))
    client.call("athena/agent/withdraw", agent=agent["id"], promptId=second["promptId"])
    (folder / "open").touch()
    client.until(agent["id"], "idle")
    expect(
        told(client, agent["id"]),
        """
        turnStarted
        say first
        turn ended: endTurn
        turnStarted
        say third
        turn ended: endTurn
        """,
    )


def test_interrupting_ends_the_turn(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "mark begun\nrun sleep 60\nsay never")
    until_sync((folder / "begun").exists)
    client.call("athena/agent/interrupt", agent=agent["id"])
    client.until(agent["id"], "interrupted")
    assert "never" not in told(client, agent["id"])
    assert told(client, agent["id"]).endswith("turn ended: cancelled")


def test_interrupting_while_a_permission_is_open_closes_it(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "permit run touch never")
    client.until(agent["id"], "needsPermission")
    client.call("athena/agent/interrupt", agent=agent["id"])
    client.until(agent["id"], "interrupted")
    assert "closed cancelled" in told(client, agent["id"])
    assert client.agent(agent["id"])["requests"] == []


def test_steering_where_the_harness_cannot_goes_before_what_waits(
    client: Client, folder: Path
) -> None:
    played = folder / "scenario.txt"
    played.write_text(
        "harness:\n    without steering\nsay begun\nmark begun\nrun sleep 60\n"
        "other turns:\n    say ${prompt}\n"
    )
    agent = spawn(client, folder, environment={"ATHENA_SCRIPTED_SCENARIO": str(played)})
    client.call("athena/agent/prompt", agent=agent["id"], text="go")
    until_sync((folder / "begun").exists)
    client.call("athena/agent/prompt", agent=agent["id"], text="queued")
    client.call("athena/agent/steer", agent=agent["id"], text="steered")
    client.until(agent["id"], "idle")
    said = [line for line in told(client, agent["id"]).splitlines() if line.startswith("say")]
    assert said == ["say begun", "say steered", "say queued"]


def test_steering_reaches_the_running_turn(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "mark on\nlisten\non steered:\n    say I heard you")
    until_sync((folder / "on").exists)
    client.call("athena/agent/steer", agent=agent["id"], text="look here")
    client.until(agent["id"], "idle")
    expect(
        told(client, agent["id"]),
        """
        turnStarted
        promptSteered
        user: look here
        say I heard you
        turn ended: endTurn
        """,
    )


def test_stop_resume_and_a_second_turn_in_the_same_session(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "say one\nturn 2:\n    say two")
    first = client.until(agent["id"], "idle")
    client.call("athena/agent/stop", agent=agent["id"])
    client.until(agent["id"], "done")
    client.call("athena/agent/resume", agent=agent["id"], text="go on")
    second = client.until(agent["id"], "idle")
    assert second["sessionId"] == first["sessionId"]
    expect(
        told(client, agent["id"]),
        """
        turnStarted
        say one
        turn ended: endTurn
        agentStopped
        run ended: stopped
        agentResumed
        turnStarted
        user: go on
        say two
        turn ended: endTurn
        """,
    )


def test_killing_ends_everything_at_once(client: Client, folder: Path) -> None:
    stray = "import os, time; open('stray', 'w').write(str(os.getpid())); time.sleep(300)"
    agent = spawn(
        client, folder, f'ignore SIGTERM\norphan python3 -c "{stray}"\ngate stray\nmark on\nhang'
    )
    until_sync(lambda: (folder / "on").exists())
    pid = int(until_sync((folder / "stray").read_text))
    client.call("athena/agent/kill", agent=agent["id"])
    client.until(agent["id"], "dead")
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_stopping_ends_what_ignores_every_wish(
    shared: Athena, client: Client, folder: Path
) -> None:
    with_settings(shared, "[daemon]\nstop_grace_seconds = 0.5\n")
    stray = "import os, time; open('left', 'w').write(str(os.getpid())); time.sleep(300)"
    agent = spawn(
        client, folder, f'ignore SIGTERM, eof, cancel\norphan python3 -c "{stray}"\ngate left'
    )["id"]
    client.until(agent, "idle")
    pid = int((folder / "left").read_text())
    client.call("athena/agent/stop", agent=agent)
    client.until_status(agent, "done")
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_folder_without_a_repository_is_told(client: Client, folder: Path) -> None:
    with pytest.raises(CallError, match=r"is not in a git repository.*git init"):
        spawn(client, folder, "say x", workspace={"kind": "new"})


def test_a_harness_that_crashes_and_goes_on(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "say before\ncrash 7")
    dead = client.until(agent["id"], "dead")
    assert "7" in dead["reason"]
    client.call("athena/agent/prompt", agent=agent["id"], text=scenario("say after"))
    client.until(agent["id"], "idle")
    assert "say after" in told(client, agent["id"])


def test_garbage_is_kept_and_shown(client: Client, folder: Path) -> None:
    agent = spawn(
        client,
        folder,
        r"""
        emit this is no JSON
        emit-bytes \xff\xfe\n
        emit {"jsonrpc":"2.0","method":"unheard/of","params":{}}
        update {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "deep", "rawInput": DEEP}
        say still here
        """.replace("DEEP", "[" * 500 + "]" * 500),
    )
    client.until(agent["id"], "idle")
    found = told(client, agent["id"])
    assert found.count("unrecognized") == 4
    assert "say still here" in found


@pytest.mark.slow
def test_a_line_of_a_hundred_megabytes(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "emit-size 100MB\nsay still here")
    client.until(agent["id"], "idle", timeout=60)
    found = told(client, agent["id"])
    assert "unrecognized" in found
    assert "say still here" in found


def test_a_question_is_answered(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "question Keep it? | Keep, Drop\nsay ${answer}")
    waiting = client.until(agent["id"], "needsInput", "needsPermission")
    opened = waiting["requests"][0]
    request = opened["request"]
    if request["type"] == "inquiry":
        answers = {request["questions"][0]["id"]: ["Drop"]}
        client.call("athena/request/answer", requestId=opened["requestId"], answers=answers)
    else:
        option = next(o["id"] for o in request["options"] if o["name"] == "Drop")
        client.call("athena/request/answer", requestId=opened["requestId"], option=option)
    client.until(agent["id"], "idle")
    assert "say Drop" in told(client, agent["id"])


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"harness": "nonesuch"}, "There is no harness"),
        ({"archetype": "nonesuch"}, "There is no archetype"),
        ({"project": "/nonesuch"}, "is no directory"),
        ({"nonsense": 1}, "nonsense"),
        ({"workspace": {"kind": "existing"}}, "needs its path"),
    ],
)
def test_a_spawn_that_makes_no_sense(
    client: Client, folder: Path, wanted: dict[str, object], words: str
) -> None:
    with pytest.raises(CallError, match=words):
        spawn(client, folder, "say x", **wanted)


def test_the_same_command_twice_makes_one_agent(client: Client, folder: Path) -> None:
    first = spawn(client, folder, "say once", commandId="c-1")
    second = spawn(client, folder, "say once", commandId="c-1")
    assert first["id"] == second["id"]
    client.until(first["id"], "idle")
    wanted = {"agent": first["id"], "text": scenario("say hi"), "commandId": "c-2"}
    once = client.call("athena/agent/prompt", **wanted)
    again = client.call("athena/agent/prompt", **wanted)
    assert (again["promptId"], again["seq"]) == (once["promptId"], once["seq"])
    client.until(first["id"], "idle")
    assert told(client, first["id"]).count("say hi") == 1


def test_a_command_that_was_carried_out_is_so_whatever_came_after(
    client: Client, folder: Path
) -> None:
    agent = spawn(client, folder)["id"]
    client.until(agent, "idle")
    wanted = {"agent": agent, "text": scenario("say hi"), "commandId": "c-3"}
    once = client.call("athena/agent/prompt", **wanted)
    client.until(agent, "idle")
    client.call("athena/agent/stop", agent=agent)
    client.until(agent, "done")
    client.call("athena/agent/archive", agent=agent)
    assert client.call("athena/agent/prompt", **wanted)["promptId"] == once["promptId"]


def test_one_name_for_two_commands_is_refused(client: Client, folder: Path) -> None:
    one, other = (spawn(client, folder)["id"] for _ in range(2))
    client.call("athena/agent/prompt", agent=one, text=scenario("say hi"), commandId="c-4")
    with pytest.raises(CallError, match="named another command") as refused:
        client.call("athena/agent/prompt", agent=other, text=scenario("say hi"), commandId="c-4")
    assert refused.value.code == ErrorCode.INVALID_PARAMS
    assert refused.value.data["field"] == "commandId"


def test_a_harness_that_is_not_there(shared: Athena, client: Client, folder: Path) -> None:
    with_settings(shared, '[harness.gone]\ncommand = ["/nonesuch/agent"]\n')
    with pytest.raises(CallError, match="`/nonesuch/agent` is not there"):
        spawn(client, folder, "say x", harness="gone")
    program = folder / "agent"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with_settings(shared, f'[harness.going]\ncommand = ["{program}"]\n')
    agent = spawn(client, folder, "say x", harness="going")
    client.until_status(agent["id"], "failed", "dead")
    program.unlink()
    client.call("athena/agent/resume", agent=agent["id"])
    until_sync(lambda: str(program) in client.agent(agent["id"]).get("reason", ""))
    assert client.agent(agent["id"])["status"] == "failed"


def test_a_harness_is_given_what_its_settings_add(
    shared: Athena, client: Client, folder: Path
) -> None:
    command = json.dumps([sys.executable, "-m", "athena.scripted"])
    settings = f"[harness.mine]\ncommand = {command}\nenv = {{ ADDED = 'by the settings' }}\n"
    with_settings(shared, settings)
    played = "run sh -c 'echo $ADDED'\nsay It says ${output}"
    agent = spawn(client, folder, played, harness="mine")
    client.until(agent["id"], "idle")
    assert "say It says by the settings" in told(client, agent["id"])


def test_a_harness_that_ends_at_once(shared: Athena, client: Client, folder: Path) -> None:
    with_settings(shared, '[harness.brief]\ncommand = ["/bin/false"]\n')
    agent = spawn(client, folder, "say x", harness="brief")
    client.until_status(agent["id"], "dead", "failed")


def test_a_harness_that_wants_a_login(client: Client, folder: Path) -> None:
    played = folder / "scenario.txt"
    played.write_text("harness:\n    login required\nsay never\n")
    wanted = {"environment": {"ATHENA_SCRIPTED_SCENARIO": str(played)}, "prompt": "go"}
    agent = spawn(client, folder, **wanted)
    failed = client.until_status(agent["id"], "failed")
    assert "login" in failed["reason"]
    assert "runId" not in failed


def test_a_harness_that_says_nothing_is_noticed(
    shared: Athena, client: Client, folder: Path
) -> None:
    with_settings(
        shared,
        '[harness.mute]\ncommand = ["/bin/sleep", "300"]\n[daemon]\nstall_seconds = 0.5\n',
    )
    agent = spawn(client, folder, "say x", harness="mute")
    until_sync(lambda: client.agent(agent["id"])["stalled"])
    assert client.agent(agent["id"])["status"] == "starting"
    client.call("athena/agent/kill", agent=agent["id"])
    client.until_status(agent["id"], "dead")


def test_nothing_is_merged_before_what_was_asked_is_begun(
    shared: Athena, client: Client, tmp_path: Path
) -> None:
    with_settings(shared, '[harness.mute]\ncommand = ["/bin/sleep", "300"]\n')
    project = make_repository(tmp_path / "project", {"a.txt": "a"})
    agent = spawn(client, project, "say x", harness="mute", workspace={"kind": "new"})
    client.until_status(agent["id"], "starting")
    client.until_workspace(agent["id"])
    with pytest.raises(CallError, match="is at work: wait for the end of its turn"):
        client.call("athena/merge/run", agent=agent["id"])
    client.call("athena/agent/kill", agent=agent["id"])
    client.until_status(agent["id"], "dead")


def test_rules_answer_in_the_users_name(client: Client, folder: Path) -> None:
    rule = {"decision": "allow", "command": "touch by-rule*"}
    client.call("athena/rule/add", project=str(folder), rule=rule)
    agent = spawn(client, folder, "permit run touch by-rule-1")
    client.until(agent["id"], "idle")
    assert (folder / "by-rule-1").exists()
    assert "closed selected allow-once by rule (project)" in told(client, agent["id"])


def test_an_answer_is_remembered_for_the_session(client: Client, folder: Path) -> None:
    agent = spawn(client, folder, "repeat 2:\n    permit run touch again")
    request = client.until(agent["id"], "needsPermission")["requests"][0]
    client.call(
        "athena/request/answer",
        requestId=request["requestId"],
        option="allow",
        remember="session",
    )
    client.until(agent["id"], "idle")
    assert told(client, agent["id"]).count("ask ") == 2
    assert "by rule (session)" in told(client, agent["id"])


def with_settings(athena: Athena, text: str) -> None:
    Path(athena.environment["ATHENA_CONFIG"]).write_text(text)


def test_a_cancelled_request_leaves_the_agent_in_order(client: Client, folder: Path) -> None:
    """What a client gave up on may be in the log all the same; the agent must know of it."""
    agent = spawn(client, folder)["id"]
    client.until(agent, "idle")
    for n in range(120):
        with contextlib.suppress(TimeoutError):
            client.raw.call(
                "athena/agent/rename", {"agent": agent, "name": f"try-{n}"}, timeout=n % 12 / 2000
            )
    client.call("athena/agent/rename", agent=agent, name="settled")
    assert client.agent(agent)["name"] == "settled"


def test_what_was_set_holds_when_the_agent_is_resumed(client: Client, folder: Path) -> None:
    """Mode, model and options are the session's, whatever it was spawned with."""
    agent = spawn(
        client,
        folder,
        "say First.",
        mode="ask",
        options={"mode": "auto"},
    )
    client.until(agent["id"], "idle")
    name = agent["id"]
    client.call("athena/agent/setMode", agent=name, mode="plan")
    client.call("athena/agent/setModel", agent=name, model="scripted-large")
    client.call("athena/agent/setOption", agent=name, option="effort", value="high")
    until_sync(lambda: _chosen(client, name, "effort") == "high")
    client.call("athena/agent/stop", agent=name)
    client.until(name, "done")
    again = scenario("say ${mode} ${model}")
    client.call("athena/agent/resume", agent=name, text=again)
    client.until(name, "idle")
    assert "say plan scripted-large" in told(client, name)
    assert _chosen(client, name, "effort") == "high"
    copy = client.call("athena/agent/fork", agent=name, text=again)
    client.until(copy["id"], "idle")
    assert "say plan scripted-large" in told(client, copy["id"])


def _chosen(client: Client, agent: str, option: str) -> object:
    options = client.agent(agent)["capabilities"]["options"]
    return next(one["current"] for one in options if one["id"] == option)
