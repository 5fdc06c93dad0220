"""Real harnesses under a whole Athena: daemon, runner, log; killed and taken up again."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.checks import ASKING, harnesses
from tests.support.athena import Athena, Client, Json
from tests.support.fakemodel import FakeModel
from tests.support.wait import until_sync

pytestmark = pytest.mark.harnesses

ALL = pytest.mark.parametrize("name", harnesses("claude", "codex", "gemini", "copilot", "pi"))
NATIVE = pytest.mark.parametrize("name", harnesses("claude", "codex", "pi"))
SECONDS = 60


def spawn(client: Client, name: str, repository: Path, prompt: str | None = None) -> Json:
    given: dict[str, Any] = {"harness": name, "project": str(repository), **ASKING[name]}
    given["workspace"] = {"kind": "none"}
    return client.call("athena/agent/spawn", prompt=prompt, **given)


def answer_all(athena: Athena, agent: str, *until: str) -> Json:
    """Allow whatever is asked, until the agent has one of the statuses."""
    answered: set[str] = set()
    with athena.client() as client:
        while True:
            now = client.agent(agent)
            if now["status"] in until and not now["queue"]:
                return now
            for request in now["requests"]:
                if request["requestId"] not in answered:
                    answered.add(request["requestId"])
                    client.call(
                        "athena/request/answer", requestId=request["requestId"], option="allow"
                    )
            seen = now["version"]
            until_sync(lambda seen=seen: client.agent(agent)["version"] != seen, SECONDS)


def completed(client: Client, agent: str, kind: str) -> list[Json]:
    events = [one["data"] for one in client.events(agent) if one["kind"] == "itemCompleted"]
    return [data["item"] for data in events if data["item"]["type"] == kind]


def counts(client: Client, agent: str) -> dict[str, int]:
    kinds = [one["kind"] for one in client.events(agent)]
    return {kind: kinds.count(kind) for kind in ("turnStarted", "turnEnded", "requestOpened")}


@ALL
def test_tour_with_kills(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """The daemon is killed with each permission open: each is asked and answered once."""
    prompt = f"[[fake:tour cwd={repository} tag={tmp_path.name}]]"
    with athena.client() as client:
        agent = spawn(client, name, repository, prompt)["id"]
    asked: set[str] = set()
    while True:
        with athena.client() as client:
            now = client.until_status(agent, "needsPermission", "idle", timeout=SECONDS)
        if now["status"] == "idle":
            break
        athena.kill()
        with athena.client() as client:
            again = client.until_status(agent, "needsPermission", timeout=SECONDS)
            assert [one["requestId"] for one in again["requests"]] == [
                one["requestId"] for one in now["requests"]
            ]
            [request] = again["requests"]
            assert request["requestId"] not in asked
            asked.add(request["requestId"])
            client.call("athena/request/answer", requestId=request["requestId"], option="allow")
            until_sync(lambda: not client.agent(agent)["requests"], SECONDS)
    assert (repository / "hello.py").read_text() == 'print("goodbye")\n'
    assert (repository / "notes.txt").exists()
    with athena.client() as client:
        found = counts(client, agent)
        assert found == {"turnStarted": 1, "turnEnded": 1, "requestOpened": len(asked)}
        said = completed(client, agent, "message")
        assert said[-1]["text"] == "Done: hello.py prints goodbye and notes.txt exists."
        assert completed(client, agent, "unrecognized") == []
    rounds = [one.round for one in model.requests(tmp_path.name) if one.tools]
    assert rounds == [0, 1, 2, 3, 4]


@ALL
def test_the_daemon_is_killed_in_a_response(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """The harness works on without the daemon, and nothing of what it said is lost."""
    gate = f"{name}-{tmp_path.name}"
    with athena.client() as client:
        agent = spawn(client, name, repository, f"[[fake:slow gate={gate} tag={gate}]]")["id"]
    until_sync(lambda: model.waiting(gate), SECONDS)
    athena.kill()
    model.open_gate(gate)
    until_sync(lambda: any(one.script == "slow" and one.done for one in model.requests(gate)), 30)
    with athena.client() as client:
        client.until(agent, "idle", timeout=SECONDS)
        said = "".join(one["text"] for one in completed(client, agent, "message"))
        assert said == "Working on it. Slow answer finished."
        assert counts(client, agent)["turnEnded"] == 1


@ALL
def test_prompts_wait_their_turn(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """What is asked meanwhile waits, in order, and each has a turn of its own."""
    gate = f"{name}-{tmp_path.name}"
    with athena.client() as client:
        agent = spawn(client, name, repository, f"[[fake:slow gate={gate} tag={gate}]]")["id"]
        until_sync(lambda: model.waiting(gate), SECONDS)
        for word in ("second", "third"):
            text = f"{word} [[fake:hello tag={gate}-{word}]]"
            client.call("athena/agent/prompt", agent=agent, text=text)
        waiting = client.agent(agent)["queue"]
        assert [one["content"][0]["text"].split()[0] for one in waiting] == ["second", "third"]
        assert not model.requests(f"{gate}-second")
        model.open_gate(gate)
        client.until(agent, "idle", timeout=SECONDS)
        until_sync(lambda: counts(client, agent)["turnEnded"] == 3, SECONDS)
        prompts = [one["content"][0]["text"] for one in completed(client, agent, "userMessage")]
        assert [one.split()[0] for one in prompts][1:] == ["second", "third"]
        assert counts(client, agent)["turnStarted"] == 3


@NATIVE
def test_the_harness_is_killed_and_resumed(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """Its own session goes on: the conversation is known, and the work is finished."""
    gate = f"{name}-{tmp_path.name}"
    with athena.client() as client:
        agent = spawn(client, name, repository, "[[fake:hello]]")["id"]
        first = client.until(agent, "idle", timeout=SECONDS)
        client.call(
            "athena/agent/prompt",
            agent=agent,
            text=f"[[fake:midturn cwd={repository} gate={gate} tag={gate}]]",
        )
    answer_gate(athena, agent, model, gate)
    for pid in processes(str(first["sessionId"])) or processes(first["runId"]):
        os.kill(pid, signal.SIGKILL)
    with athena.client() as client:
        client.until_status(agent, "dead", "failed", "interrupted", "idle", timeout=SECONDS)
        model.open_gate(gate)
        client.call("athena/agent/prompt", agent=agent, text="go on")
    answer_all(athena, agent, "idle")
    assert (repository / "steps.txt").read_text().endswith("two\n")
    with athena.client() as client:
        runs = [one for one in client.events(agent) if one["kind"] == "runStarted"]
        assert runs[-1]["data"]["resume"] == first["sessionId"]


SESSIONS = {
    "claude": ".claude/projects",
    "codex": ".codex/sessions",
    "gemini": ".gemini/tmp",
    "pi": ".pi/agent/sessions",
}
"""Where each keeps its sessions, in its home."""


@pytest.mark.parametrize("name", harnesses(*SESSIONS))
def test_a_session_that_is_lost_is_told_anew(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """What cannot be resumed is continued from a primer, and the log and the transcript say so."""
    with athena.client() as client:
        agent = spawn(client, name, repository, "remember pomegranate [[fake:hello]]")["id"]
        first = client.until(agent, "idle", timeout=SECONDS)["sessionId"]
        client.call("athena/agent/stop", agent=agent)
        client.until(agent, "done", timeout=SECONDS)
        shutil.rmtree(Path(athena.environment["HOME"], SESSIONS[name]))
        tag = f"{name}-{tmp_path.name}"
        client.call("athena/agent/prompt", agent=agent, text=f"go on [[fake:hello tag={tag}]]")
        client.until(agent, "idle", timeout=SECONDS)
        [asked] = [one for one in model.requests(tag) if one.tools]
        assert model.body(asked).count("pomegranate") == 1
        [lost] = [one["data"] for one in client.events(agent) if one["kind"] == "sessionLost"]
        assert lost["sessionId"] == first != client.agent(agent)["sessionId"]
        warnings = [one["text"] for one in completed(client, agent, "notice") if one.get("topic")]
        assert any("told" in words for words in warnings), warnings
        tag += "-again"
        client.call("athena/agent/prompt", agent=agent, text=f"and on [[fake:hello tag={tag}]]")
        client.until(agent, "idle", timeout=SECONDS)
        assert len([one for one in client.events(agent) if one["kind"] == "sessionLost"]) == 1


def answer_gate(athena: Athena, agent: str, model: FakeModel, gate: str) -> None:
    """Allow the first command, and wait until the model holds its second answer."""
    with athena.client() as client:
        now = client.until_status(agent, "needsPermission", timeout=SECONDS)
        request = now["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")
    until_sync(lambda: model.waiting(gate), SECONDS)


def processes(word: str) -> list[int]:
    """The processes whose command line or environment holds a word; of this user only."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in told and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


@NATIVE
def test_killing_an_agent_leaves_no_process(
    athena: Athena, repository: Path, name: str, tmp_path: Path
) -> None:
    os.mkfifo(repository / "fifo")
    with athena.client() as client:
        agent = spawn(client, name, repository, f"[[fake:held-tool cwd={repository}]]")["id"]
        command = f"cat {repository}/fifo"
        until_sync(lambda: running(command) or client.agent(agent)["requests"], SECONDS)
        for request in client.agent(agent)["requests"]:
            client.call("athena/request/answer", requestId=request["requestId"], option="allow")
        until_sync(lambda: running(command), SECONDS)
        client.call("athena/agent/kill", agent=agent)
        until_sync(lambda: not running(command), SECONDS)


def running(command: str) -> bool:
    words = command.replace(" ", "\0").encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes().rstrip(b"\0").endswith(words):
                return True
        except OSError:
            continue
    return False


def test_an_agent_moves_to_another_harness(
    athena: Athena, repository: Path, model: FakeModel, tmp_path: Path
) -> None:
    """The conversation goes along, in the same worktree; modes and options, which are each harness's
    own, do not; and the transcript shows the seam."""
    with athena.client() as client:
        agent = client.call(
            "athena/agent/spawn",
            harness="claude",
            project=str(repository),
            mode="acceptEdits",
            options={"max-turns": 9},
            prompt="remember pomegranate [[fake:hello]]",
        )["id"]
        before = client.until(agent, "idle", timeout=SECONDS)["workspace"]
        options = {"sandbox": "danger-full-access"}
        client.call("athena/agent/move", agent=agent, harness="codex", options=options)
        client.call("athena/agent/prompt", agent=agent, text=f"[[fake:hello tag={tmp_path.name}]]")
        client.until(agent, "idle", timeout=SECONDS)
        until_sync(lambda: model.requests(tmp_path.name), SECONDS)
        [asked] = model.requests(tmp_path.name)
        assert asked.api == "responses"
        assert "pomegranate" in model.body(asked)
        [started] = [
            one["data"]
            for one in client.events(agent)
            if one["kind"] == "runStarted" and one["data"]["harness"] == "codex"
        ]
        assert started["cwd"] == before["cwd"] == client.agent(agent)["workspace"]["cwd"]
        seams = [one["text"] for one in completed(client, agent, "notice")]
        assert any("goes on under codex, which is told the conversation" in one for one in seams)
        assert len(completed(client, agent, "message")) == 2


@ALL
def test_a_copy_goes_its_own_way(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    """It knows what was said, from the harness's own copy of the session where it makes one; it
    works on files of its own; and the session of the other one goes on without it."""
    tag = f"{tmp_path.name}-{name}"
    with athena.client() as client:
        first = client.call(
            "athena/agent/spawn",
            harness=name,
            project=str(repository),
            prompt="remember pomegranate [[fake:hello]]",
            **ASKING[name],
        )
        first = client.until(first["id"], "idle", timeout=SECONDS)
        place = Path(first["workspace"]["path"])
        (place / "notes.md").write_text("not committed\n")
        copy = client.call(
            "athena/agent/fork", agent=first["id"], text=f"and? [[fake:hello tag={tag}]]"
        )
        copy = client.until(copy["id"], "idle", timeout=SECONDS)
        assert copy["harness"] == name
        assert copy["sessionId"] != first["sessionId"]
        there = Path(copy["workspace"]["path"])
        assert there != place and (there / "notes.md").read_text() == "not committed\n"
        [asked] = [one for one in model.requests(tag) if one.tools]
        body = model.body(asked)
        assert "pomegranate" in body
        assert f"You work in {there}" in body
        [run] = [one["data"] for one in client.events(copy["id"]) if one["kind"] == "runStarted"]
        assert (run["resume"], run["fork"]) == (first["sessionId"], True)
        assert completed(client, copy["id"], "unrecognized") == []
        copies = client.agent(copy["id"])["capabilities"]["fork"] == "yes"
        notices = [one["text"] for one in completed(client, copy["id"], "notice")]
        assert any("cannot copy a session" in one for one in notices) == (not copies)
        again = f"again [[fake:hello tag={tag}-first]]"
        client.call("athena/agent/prompt", agent=first["id"], text=again)
        client.until(first["id"], "idle", timeout=SECONDS)
        [asked] = [one for one in model.requests(f"{tag}-first") if one.tools]
        assert "pomegranate" in model.body(asked) and "and?" not in model.body(asked)


@NATIVE
def test_a_copy_of_a_lost_session_is_told_in_words(
    athena: Athena, repository: Path, name: str, model: FakeModel, tmp_path: Path
) -> None:
    tag = f"{tmp_path.name}-{name}"
    with athena.client() as client:
        first = spawn(client, name, repository, "remember pomegranate [[fake:hello]]")["id"]
        client.until(first, "idle", timeout=SECONDS)
        client.call("athena/agent/stop", agent=first)
        client.until(first, "done", timeout=SECONDS)
        home = Path(athena.environment["HOME"])
        names = (".claude/projects/*/*.jsonl", ".pi/agent/sessions/*/*.jsonl")
        for kept in (
            *(one for name in names for one in home.glob(name)),
            *home.rglob("rollout-*.jsonl"),
        ):
            kept.unlink()
        for kept in home.glob(".codex/*.sqlite*"):
            kept.unlink()
        copy = client.call("athena/agent/fork", agent=first, text=f"and? [[fake:hello tag={tag}]]")
        client.until(copy["id"], "idle", timeout=SECONDS)
        until_sync(lambda: model.requests(tag), SECONDS)
        assert "pomegranate" in model.body(model.requests(tag)[0])
        [lost] = [one["data"] for one in client.events(copy["id"]) if one["kind"] == "sessionLost"]
        assert lost["error"]
        assert any(
            "could not copy" in one["text"] for one in completed(client, copy["id"], "notice")
        )
        client.call("athena/agent/stop", agent=copy["id"])
        client.until(copy["id"], "done", timeout=SECONDS)
        client.call("athena/agent/resume", agent=copy["id"], text=f"[[fake:hello tag={tag}-2]]")
        client.until(copy["id"], "idle", timeout=SECONDS)
        *_, run = [one["data"] for one in client.events(copy["id"]) if one["kind"] == "runStarted"]
        assert run["resume"] == client.agent(copy["id"])["sessionId"] and "fork" not in run


def test_a_copy_under_another_harness(
    athena: Athena, repository: Path, model: FakeModel, tmp_path: Path
) -> None:
    with athena.client() as client:
        first = spawn(client, "claude", repository, "remember pomegranate [[fake:hello]]")["id"]
        client.until(first, "idle", timeout=SECONDS)
        prompt = f"and? [[fake:hello tag={tmp_path.name}]]"
        copy = client.call("athena/agent/fork", agent=first, harness="codex", text=prompt)
        copy = client.until(copy["id"], "idle", timeout=SECONDS)
        assert copy["harness"] == "codex"
        [asked] = model.requests(tmp_path.name)
        assert asked.api == "responses"
        assert "pomegranate" in model.body(asked)


@pytest.mark.parametrize(
    ("name", "spawned", "mode", "chosen"),
    [
        pytest.param("claude", {"mode": "acceptEdits"}, "plan", "haiku", id="claude"),
        pytest.param("codex", ASKING["codex"], "read-only", "gpt-5.5", id="codex"),
        pytest.param("gemini", ASKING["gemini"], "autoEdit", None, id="gemini"),
        pytest.param("pi", {}, None, "fake/fake-plain", id="pi"),
    ],
)
def test_what_was_set_holds_when_it_is_resumed(
    athena: Athena, repository: Path, name: str, spawned: Json, mode: str | None, chosen: str | None
) -> None:
    with athena.client() as client:
        given: Json = {"harness": name, "project": str(repository), **spawned}
        agent = client.call("athena/agent/spawn", prompt="[[fake:hello]]", **given)["id"]
        before = client.until(agent, "idle", timeout=SECONDS)
        if mode is not None:
            client.call("athena/agent/setMode", agent=agent, mode=mode)
            until_sync(lambda: client.agent(agent)["mode"] == mode, SECONDS)
        if chosen is not None:
            client.call("athena/agent/setModel", agent=agent, model=chosen)
            until_sync(lambda: client.agent(agent)["model"] != before["model"], SECONDS)
        settings = {key: client.agent(agent).get(key) for key in ("mode", "model")}
        client.call("athena/agent/stop", agent=agent)
        client.until(agent, "done", timeout=SECONDS)
        client.call("athena/agent/resume", agent=agent, text="[[fake:hello]]")
        now = client.until(agent, "idle", timeout=SECONDS)
        assert {key: now.get(key) for key in settings} == settings


@NATIVE
def test_several_start_at_once_in_a_new_home(
    athena: Athena, repository: Path, name: str, tmp_path: Path
) -> None:
    """What a harness makes in its home when it starts is made by one of them."""
    prompt = f"[[fake:hello tag={tmp_path.name}]]"
    with athena.client() as client:
        agents = [spawn(client, name, repository, prompt)["id"] for _ in range(4)]
        for agent in agents:
            client.until(agent, "idle", timeout=SECONDS)
            assert completed(client, agent, "message")
