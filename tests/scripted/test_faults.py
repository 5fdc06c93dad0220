"""The scripted harness misbehaves exactly as it was told, and takes what others do to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from athena.scripted.scenario import find
from tests.scripted.client import COMMAND, Stage, environment, stage
from tests.support.wait import until, until_sync


class Pipes:
    """The harness at the other end of two plain pipes."""

    def __init__(self, tmp_path: Path, scenario: str) -> None:
        self.cwd = tmp_path / "work"
        self.cwd.mkdir()
        file = tmp_path / "scenario.txt"
        file.write_text(scenario)
        self.process = subprocess.Popen(
            [*COMMAND, "--scenario", str(file)],
            env=environment(tmp_path),
            cwd=self.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.session_id = ""

    def send(self, message: object) -> None:
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.stdin.write(data + b"\n")
        self.stdin.flush()

    def request(self, request_id: object, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})

    def line(self) -> bytes:
        return self.stdout.readline()

    def answer(self) -> dict[str, Any]:
        """The next answer, notifications left out."""
        while True:
            message = json.loads(self.line())
            if "method" not in message:
                return message

    def open(self) -> None:
        self.request(1, "initialize", {"protocolVersion": 1})
        self.answer()
        self.request(2, "session/new", {"cwd": str(self.cwd), "mcpServers": []})
        self.session_id = self.answer()["result"]["sessionId"]
        assert b"available_commands_update" in self.line()

    def prompt(self) -> None:
        """Prompt, and read the title that the first turn begins with."""
        text = [{"type": "text", "text": "go"}]
        self.request(3, "session/prompt", {"sessionId": self.session_id, "prompt": text})
        assert b"session_info_update" in self.line()

    def start(self) -> None:
        self.open()
        self.prompt()


@pytest.fixture
def pipes(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pipes]:
    found = Pipes(tmp_path, request.param)
    yield found
    found.process.kill()
    found.process.wait()
    for pipe in (found.stdin, found.stdout, found.process.stderr):
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def scenario(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pipes", [text], indirect=True, ids=["scenario"])


@pytest.mark.parametrize(
    ("pipes", "code"),
    [
        ("crash 3", 3),
        ("crash", -9),
        ("crash SEGV", -11),
        ("crash TERM", -15),
        ("emit-half {\ncrash 0", 0),
        ("at start:\n  crash 4", 4),
        ("at initialize:\n  crash 5", 5),
        ("at session:\n  crash 6", 6),
    ],
    indirect=["pipes"],
)
def test_crash(pipes: Pipes, code: int) -> None:
    try:
        pipes.open()
        pipes.prompt()
    except (BrokenPipeError, ValueError):
        pass  # It crashed before the first turn.
    assert pipes.process.wait(10) == code


@scenario(r"""
emit       this is no JSON
emit-half  {"jsonrpc":
emit       "2.0"}
emit-bytes \xff\xfe\x00\n
emit-size  3MB
say-size   2MB
notify     some/thing {"a": 1}
update     {"sessionUpdate": "unheard_of"}
log        Look out!
""")
def test_garbage(pipes: Pipes) -> None:
    pipes.start()
    lines = [pipes.line() for _ in range(7)]
    assert lines[:3] == [b"this is no JSON\n", b'{"jsonrpc":"2.0"}\n', b"\xff\xfe\x00\n"]
    assert lines[3] == b"x" * 3 * 1024 * 1024 + b"\n"
    assert json.loads(lines[4])["params"]["update"]["content"]["text"] == "x" * 2 * 1024 * 1024
    assert json.loads(lines[5]) == {"jsonrpc": "2.0", "method": "some/thing", "params": {"a": 1}}
    assert json.loads(lines[6])["params"]["update"] == {"sessionUpdate": "unheard_of"}
    assert pipes.answer()["result"] == {"stopReason": "end_turn"}
    assert pipes.process.stderr is not None
    assert pipes.process.stderr.readline() == b"Look out!\n"


@scenario(find("noise", Path()).text)
def test_the_noise_that_is_built_in(pipes: Pipes) -> None:
    pipes.start()
    lines = [pipes.line()]
    while b"no/such/request" not in lines[-1]:
        lines.append(pipes.line())
    assert b"Before the noise." in lines[0]
    assert b"this is no JSON\n" in lines
    assert any(line.startswith(b"\xff\xfe\0") for line in lines)
    error = {"code": -32601, "message": "unknown"}
    pipes.send({"jsonrpc": "2.0", "id": json.loads(lines[-1])["id"], "error": error})
    assert b"After the noise." in pipes.line()


@scenario("request no/such {}\nsay ${outcome} ${output}\nrequest the/answer {}\nsay ${output}")
def test_requests_of_any_kind(pipes: Pipes) -> None:
    pipes.start()
    asked = json.loads(pipes.line())
    error = {"code": -32601, "message": "unknown"}
    pipes.send({"jsonrpc": "2.0", "id": asked["id"], "error": error})
    assert b"-32601 unknown" in pipes.line()
    asked = json.loads(pipes.line())
    pipes.send({"jsonrpc": "2.0", "id": asked["id"], "result": 42})
    assert b'"42"' in pipes.line()


@scenario("ignore SIGTERM, eof\nsay Here.\nhang")
def test_ignored_signals_and_the_end_of_input(pipes: Pipes) -> None:
    pipes.start()
    assert b"Here." in pipes.line()
    pipes.process.send_signal(signal.SIGTERM)
    pipes.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        pipes.process.wait(0.3)
    pipes.process.send_signal(signal.SIGINT)
    assert pipes.process.wait(10) == -signal.SIGINT


@scenario("ignore cancel\nsay Here.\nhang")
def test_a_hanging_turn_heeds_no_cancel_but_the_harness_still_answers(pipes: Pipes) -> None:
    pipes.start()
    assert b"Here." in pipes.line()
    pipes.send({"method": "session/cancel", "params": {"sessionId": pipes.session_id}})
    pipes.request(4, "session/list", {})
    assert pipes.answer()["id"] == 4


@scenario("at initialize:\n  hang")
def test_it_never_answers(pipes: Pipes) -> None:
    pipes.request(1, "initialize", {"protocolVersion": 1})
    os.set_blocking(pipes.stdout.fileno(), False)
    with pytest.raises(subprocess.TimeoutExpired):
        pipes.process.wait(0.3)
    assert pipes.stdout.read() is None


@scenario("deaf\nsay Deaf now.")
def test_deaf(pipes: Pipes) -> None:
    pipes.start()
    assert b"Deaf now." in pipes.line()
    os.set_blocking(pipes.stdin.fileno(), False)
    written = 0
    with pytest.raises(BlockingIOError):
        while written < 2**22:
            written += os.write(pipes.stdin.fileno(), b'{"method":"session/cancel"}\n' * 1000)


@scenario(
    "orphan echo $$ > orphan; exec sleep 300\nchild echo $$ > child; exec sleep 300\nsay Left."
)
def test_children_that_are_left_behind(pipes: Pipes) -> None:
    pipes.start()
    assert b"Left." in pipes.line()
    files = [pipes.cwd / "orphan", pipes.cwd / "child"]
    orphan, child = [until_sync(lambda f=f: f.exists() and f.read_text().strip()) for f in files]
    pipes.process.kill()
    pipes.process.wait()
    try:
        assert os.getsid(int(orphan)) == int(orphan)
        assert os.getpgid(int(child)) == os.getpgid(0)
    finally:
        os.kill(int(orphan), signal.SIGKILL)
        os.kill(int(child), signal.SIGKILL)


@scenario("run echo $$ > pid; exec sleep 300")
@pytest.mark.parametrize("how", ["SIGTERM", "eof", "cancel"])
def test_running_commands_end_with_their_turn(pipes: Pipes, how: str) -> None:
    pipes.start()
    file = pipes.cwd / "pid"
    pid = int(until_sync(lambda: file.exists() and file.read_text().strip()))
    if how == "SIGTERM":
        pipes.process.terminate()
    elif how == "eof":
        pipes.stdin.close()
    else:
        pipes.send({"method": "session/cancel", "params": {"sessionId": pipes.session_id}})
        assert pipes.answer()["result"] == {"stopReason": "cancelled"}
    until_sync(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid))


def _is_zombie(pid: int) -> bool:
    return ") Z" in Path(f"/proc/{pid}/stat").read_text()


@scenario("say Hello")
def test_malformed_input_is_answered(pipes: Pipes) -> None:
    pipes.send(b"no JSON")
    assert pipes.answer()["error"]["code"] == -32700
    pipes.send(b"\xff\xfe")
    assert pipes.answer()["error"]["code"] == -32700
    pipes.send([1])
    assert pipes.answer()["error"]["code"] == -32600
    pipes.request("a", "no/such", {})
    assert pipes.answer() == {
        "jsonrpc": "2.0",
        "id": "a",
        "error": {"code": -32601, "message": "no method no/such", "data": {"method": "no/such"}},
    }
    pipes.request(0, "session/new", [1])
    assert pipes.answer()["error"]["message"] == "params must be an object"
    pipes.request(0, "session/new", {"cwd": 5})
    assert pipes.answer()["error"]["message"] == "cwd: must be of type str"
    pipes.request(None, "session/prompt", {"sessionId": "nope", "prompt": []})
    assert pipes.answer()["error"]["code"] == -32002
    pipes.send({"jsonrpc": "2.0", "id": [7], "result": {}})
    pipes.send(b"")
    pipes.open()
    pipes.request(
        5, "session/prompt", {"sessionId": pipes.session_id, "prompt": [{"type": "text"}]}
    )
    assert pipes.answer()["error"]["message"] == "prompt.0: KeyError('text')"


@scenario("say \\ud800 ${prompt}")
def test_lone_surrogates_are_passed_on(pipes: Pipes) -> None:
    pipes.open()
    message = b'{"id":3,"method":"session/prompt","params":{"sessionId":"%s","prompt":%s}}'
    prompt = rb'[{"type":"text","text":"\ud800"}]'
    pipes.send(message % (pipes.session_id.encode(), prompt))
    said = [json.loads(pipes.line()) for _ in range(2)][-1]
    assert said["params"]["update"]["content"]["text"] == "\\ud800 \ud800"


@scenario("run head -c 3000000 /dev/zero | tr '\\0' x")
def test_long_output_keeps_its_head_and_its_tail(pipes: Pipes) -> None:
    pipes.start()
    updates = [json.loads(pipes.line())["params"]["update"] for _ in range(3)]
    assert len(updates[-1]["rawOutput"]["output"]) == 1024 * 1024


async def test_cancel_while_a_permission_is_open(tmp_path: Path) -> None:
    async with stage(tmp_path, "permit write a.txt: text\nsay Not reached.") as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await found.screen.asked.wait()
        await found.connection.cancel(session_id=found.session_id)
        assert (await turn).stop_reason == "cancelled"
        assert found.screen.lines[-1] == "tool  call_1 failed 'Cancelled.'"
        assert not (found.screen.cwd / "a.txt").exists()


async def test_cancel_between_pieces_of_text(tmp_path: Path) -> None:
    text = "pace 1h".replace("1h", "60m") + "\nsay " + "word " * 50
    async with stage(tmp_path, text, ATHENA_SCRIPTED_PACE="1") as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: any(line.startswith("agent") for line in found.screen.lines))
        await found.connection.cancel(session_id=found.session_id)
        assert (await turn).stop_reason == "cancelled"


async def test_cancel_that_is_ignored(tmp_path: Path) -> None:
    async with stage(tmp_path, "ignore cancel\nsay Here.\ngate go\nsay Done.") as found:
        await found.initialize()
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: "agent  Here." in found.screen.lines)
        await found.connection.cancel(session_id=found.session_id)
        (found.screen.cwd / "go").touch()
        assert (await turn).stop_reason == "end_turn"
        assert found.screen.lines[-1] == "agent  Done."


async def test_steering(tmp_path: Path) -> None:
    text = "listen\nsay Heard: ${steered}\nlisten within 10ms\nsay ${outcome}\nmark x\ngate y"
    async with stage(tmp_path, text) as found:
        await found.initialize()
        assert found.hello.field_meta == {"steering": {"supported": True}}
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: found.screen.lines[-1:] == ["title  go"])
        assert await steer(found, "left") == "injected"
        await until((found.screen.cwd / "x").exists)
        assert await steer(found, "right") == "injected"
        (found.screen.cwd / "y").touch()
        await turn
        assert await steer(found, "too late") == "promptRequired"
        assert found.screen.text().splitlines() == [
            "agent  Heard: left",
            "agent  timeout",
            "agent  You said meanwhile: right",
        ]


async def steer(found: Stage, text: str) -> str:
    prompt = [{"type": "text", "text": text}]
    params = {"sessionId": found.session_id, "prompt": prompt}
    answer = await found.connection._conn.send_request("_session/steering", params)
    return answer["outcome"]


async def test_cancel_of_a_command_in_the_clients_terminal(tmp_path: Path) -> None:
    async with stage(tmp_path, "run sleep 300") as found:
        await found.initialize(terminal=True)
        await found.open()
        turn = asyncio.create_task(found.prompt())
        await until(lambda: "tool  call_1 - terminal term_1" in found.screen.lines)
        await found.connection.cancel(session_id=found.session_id)
        assert (await turn).stop_reason == "cancelled"
        await until(lambda: "client releases  term_1" in found.screen.lines)
