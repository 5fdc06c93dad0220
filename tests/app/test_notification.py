"""Webhooks to a real server on loopback that fails at first, and a desktop's own program."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from athena.protocol.errors import ErrorCode
from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.lsp.editor import Editor
from tests.support.athena import SYSTEM_PATH, Athena, Client, Json
from tests.support.wait import until_sync

SECRET = "whsec_" + base64.b64encode(b"a key for these tests").decode()


class Receiver:
    """Takes what is posted, after it has refused as often as it was told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.tried: list[str] = []
        self.refuse = 0
        self.answer = 503
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.tried.append(self.headers["webhook-id"])
                outer.refuse -= 1
                if outer.refuse >= 0:
                    self.send_response(outer.answer)
                    self.send_header("location", "http://127.0.0.1:1/elsewhere")
                else:
                    outer.taken.append((dict(self.headers.items()), body))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook/hidden-path"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def alerts(self) -> list[Json]:
        return [json.loads(body) for _, body in self.taken]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Athena]:
    """An Athena whose daemon the test starts, after it has written the settings."""
    made = Athena(tmp_path / "athena")
    yield made
    if made.pid is not None:
        made.stop()


def notify(athena: Athena, url: str, more: str = "") -> None:
    text = f'[notification]\nwebhook = "{url}"\nsecret = "{SECRET}"\nretry_seconds = 0.05\n{more}'
    (athena.root / "athena.toml").write_text(text)


def test_result_question_and_failure_are_posted_signed(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    receiver.refuse = 3
    notify(quiet, receiver.url)
    quiet.start()
    with quiet.client() as client:
        good = spawn(client, folder, "say All is well.\nsay Done with password=hunter22.")
        until_sync(lambda: len(receiver.taken) == 1, what="the result is posted")
        asks = spawn(client, folder, "permit run touch allowed")
        until_sync(lambda: len(receiver.taken) == 2, what="the question is posted")
        bad = spawn(client, folder, "exit 3")
        until_sync(lambda: len(receiver.taken) == 3, what="the failure is posted")
    result, question, failure = receiver.alerts
    assert receiver.tried[:4] == [result["id"]] * 4, "it was tried until it was taken"
    assert (result["topic"], result["agentId"]) == ("result", good["id"])
    assert result["text"] == "Done with password=[redacted]"
    assert (question["topic"], question["agentId"]) == ("question", asks["id"])
    assert question["requestId"].startswith(asks["id"])
    assert (failure["topic"], failure["agentId"]) == ("failure", bad["id"])
    for headers, body in receiver.taken:
        given = {name.lower(): value for name, value in headers.items()}
        signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
        digest = hmac.new(b"a key for these tests", signed, hashlib.sha256).digest()
        assert given["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_nothing_is_lost_or_told_twice_over_restarts(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    notify(quiet, receiver.url, "retry_most_seconds = 0.2\n")
    quiet.start()
    with quiet.client() as client:
        first = spawn(client, folder, "say one")
        until_sync(lambda: len(receiver.taken) == 1, what="the first is posted")
        receiver.refuse = 10_000
        second = spawn(client, folder, "say two")
        third = spawn(client, folder, "say three")
        client.until(second["id"], "idle")
        client.until(third["id"], "idle")
        tried = len(receiver.tried)
        until_sync(lambda: len(receiver.tried) > tried + 1, what="it is tried again")
    quiet.kill()
    receiver.refuse = 0
    with quiet.client():
        until_sync(lambda: len(receiver.taken) == 3, what="the rest is posted")
    quiet.kill()
    with quiet.client() as client:
        fourth = spawn(client, folder, "say four")
        until_sync(
            lambda: receiver.alerts[-1]["agentId"] == fourth["id"], what="the fourth is posted"
        )
    # One that was taken just before a kill is posted again, under the id by which receivers know it
    # (Standard Webhooks, "Idempotency").
    told = [a["agentId"] for a in {a["id"]: a for a in receiver.alerts}.values()]
    assert told[0] == first["id"] and told[3:] == [fourth["id"]]
    assert sorted(told[1:3]) == sorted([second["id"], third["id"]])


def test_what_was_before_the_webhook_is_not_posted(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    quiet.start()
    with quiet.client() as client:
        before = spawn(client, folder, "say before")
        client.until(before["id"], "idle")
        notify(quiet, receiver.url)

        def told() -> bool:
            client.until(spawn(client, folder, "say after")["id"], "idle")
            return bool(receiver.taken)

        until_sync(told, timeout=30, what="a result is posted")
    assert before["id"] not in [a["agentId"] for a in receiver.alerts]


def test_a_redirect_is_not_followed_and_old_alerts_are_given_up(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    receiver.refuse, receiver.answer = 10_000, 307
    notify(quiet, receiver.url, "give_up_seconds = 0.5\nretry_most_seconds = 0.1\n")
    quiet.start()
    with quiet.client() as client:
        first = spawn(client, folder, "say one")
        client.until(first["id"], "idle")
        until_sync(lambda: "gave up on alert" in log_of(quiet), what="it is given up")
        receiver.refuse = 0
        second = spawn(client, folder, "say two")
        until_sync(lambda: len(receiver.taken) == 1, what="the next is posted")
    assert [a["agentId"] for a in receiver.alerts] == [second["id"]]
    assert "127.0.0.1 answered 307" in log_of(quiet)
    for hidden in ("hidden-path", SECRET):
        assert hidden not in log_of(quiet)


def test_a_webhook_that_goes_on_failing_is_told_until_it_works(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    receiver.refuse = 10_000
    notify(quiet, receiver.url, "give_up_seconds = 0.5\nretry_most_seconds = 0.1\n")
    quiet.start()
    with quiet.client() as client, Editor(quiet, folder, messages=False) as editor:
        client.call("athena/event/subscribe", agents=[], kinds=[])
        for text in ("say one", "say two"):
            client.until(spawn(client, folder, text)["id"], "idle")
        until_sync(lambda: [p["lost"] for p in problems(client)] == [2], what="both are given up")
        [problem] = problems(client)
        assert problem["words"] == (
            "The webhook of [notification] fails: 127.0.0.1 answered 503."
            " 2 alerts could not be posted in time."
        )
        [(method, begun)] = itertools.islice(client.raw.notifications(timeout=20), 1)
        assert (method, begun["since"]) == ("athena/system/problem", problem["since"])
        editor.until("window/showMessage", lambda p: "answered 503" in p["message"])
        assert len(editor.all("window/showMessage")) == 1, "it is told once"
    quiet.kill()
    assert findings(quiet)["notify.webhook"]["level"] == "error", "also while no daemon runs"
    with quiet.client() as client, Editor(quiet, folder) as editor:
        assert [p["since"] for p in problems(client)] == [problem["since"]]
        editor.until("window/showMessage", lambda p: "alerts could not be posted" in p["message"])
        receiver.refuse = 0
        third = spawn(client, folder, "say three")
        until_sync(lambda: not problems(client), what="the problem is over")
        assert [a["agentId"] for a in receiver.alerts] == [third["id"]]
        assert json.loads((quiet.state / "problems.json").read_text()) == {"problems": []}


def test_a_failure_that_passes_is_no_problem(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    receiver.refuse = 4
    notify(quiet, receiver.url)
    quiet.start()
    with quiet.client() as client:
        spawn(client, folder, "say one")
        until_sync(lambda: len(receiver.taken) == 1, what="it is posted")
        assert problems(client) == []
    assert "The webhook of [notification] fails" not in log_of(quiet)


def test_a_webhook_that_is_not_wanted_any_more_is_no_problem(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    receiver.refuse = 10_000
    notify(quiet, receiver.url, "retry_most_seconds = 0.1\n")
    quiet.start()
    with quiet.client() as client:
        spawn(client, folder, "say one")
        until_sync(lambda: bool(problems(client)), what="it is told")
        assert problems(client)[0]["lost"] == 0
        (quiet.root / "athena.toml").write_text("")
        until_sync(lambda: not problems(client), what="the problem is over")


def problems(client: Client) -> list[Json]:
    return client.call("athena/system/info")["problems"]


def findings(athena: Athena) -> dict[str, Json]:
    """What `athena doctor` says, by name."""
    told = json.loads(athena.run("doctor", "--json", check=False))
    return {finding["name"]: finding for finding in told["findings"]}


def log_of(athena: Athena) -> str:
    return (athena.state / "daemon.log").read_text()


def test_the_user_chooses_the_topics(quiet: Athena, receiver: Receiver, folder: Path) -> None:
    notify(quiet, receiver.url, 'on = ["failure"]\n')
    quiet.start()
    with quiet.client() as client:
        client.until(spawn(client, folder, "say hello")["id"], "idle")
        bad = spawn(client, folder, "fail it does not work")
        until_sync(lambda: len(receiver.taken) == 1, what="the failure is posted")
    assert [(a["topic"], a["agentId"]) for a in receiver.alerts] == [("failure", bad["id"])]


def test_a_project_cannot_have_itself_told(quiet: Athena, folder: Path) -> None:
    (folder / "athena.toml").write_text('[notification]\nwebhook = "https://evil.example"\n')
    quiet.start()
    with quiet.client() as client:
        with pytest.raises(CallError) as refused:
            spawn(client, folder, "say hello")
        assert refused.value.code == ErrorCode.REFUSED
        assert "[notification]" in refused.value.message
        assert client.agents() == []


def test_the_desktop_is_told(tmp_path: Path, folder: Path) -> None:
    programs, said = tmp_path / "programs", tmp_path / "said"
    programs.mkdir()
    program = programs / "notify-send"
    program.write_text(f'#!/bin/sh\nfor a in "$@"; do echo "$a" >> {said}; done\n')
    program.chmod(0o755)
    athena = Athena(tmp_path / "athena", {"PATH": f"{programs}:{SYSTEM_PATH}"})
    (athena.root / "athena.toml").write_text("[notification]\ndesktop = true\n")
    athena.start()
    try:
        with athena.client() as client:
            agent = spawn(client, folder, "say <b>Done</b> & dusted", name="painter")
            client.until(agent["id"], "idle")
            until_sync(said.exists, what="the desktop is told")
            until_sync(lambda: said.read_text().count("\n") == 5)
        assert said.read_text().splitlines() == [
            "--app-name=Athena",
            "--urgency=normal",
            "--",
            "painter is done",
            "&lt;b&gt;Done&lt;/b&gt; &amp; dusted",
        ]
    finally:
        athena.stop()


def test_alerts_while_the_settings_are_broken_are_told(
    quiet: Athena, receiver: Receiver, folder: Path
) -> None:
    notify(quiet, receiver.url)
    quiet.start()
    with quiet.client() as client:
        agent = spawn(client, folder, "permit run touch x\nsay two")["id"]
        until_sync(lambda: len(receiver.taken) == 1)
        (quiet.root / "athena.toml").write_text("[daemon]\nno_such_key = 1\n")
        request = client.agent(agent)["requests"][0]["requestId"]
        client.call("athena/request/answer", requestId=request, option="allow")
        until_sync(lambda: len(receiver.taken) == 2, 30)
