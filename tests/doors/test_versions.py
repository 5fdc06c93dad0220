"""Clients of other versions: who is served, who makes room, and who is told what to do."""

from __future__ import annotations

import json

import pytest

from athena.daemon.admission import Hello, Refusal, Situation, judge, read_hello
from athena.relay import control
from athena.relay.hello import hello
from athena.wire.connection import Origin
from tests.doors.house import House, until

# The daemon's version, the client's, other clients, work: the answer, and whether it is to leave.
TABLE = """
0.1.0   0.1.0   0 idle   welcome
0.1.0   0.1.0   5 busy   welcome
0.1.0   0.1.1   0 idle   restart
0.1.0   0.1.1   1 idle   welcome  leave
0.1.0   0.1.1   0 busy   welcome  leave
0.1.1   0.1.0   0 idle   welcome
0.1.1   0.1.0   3 busy   welcome
0.1.0   0.2.0   0 idle   restart
0.1.0   0.2.0   1 idle   refuse   leave
0.1.0   0.2.0   0 busy   refuse   leave
0.2.0   0.1.9   0 idle   refuse
0.9.0   0.10.0  1 idle   refuse   leave
1.2.0   1.10.0  1 idle   welcome  leave
1.9.0   2.0.0   1 idle   refuse   leave
1.9.0   2.0     0 idle   restart
1.0.0   1.0.0.dev3  1 busy  welcome
1.0.0   nonsense    1 busy  refuse
"""


@pytest.mark.parametrize("row", [line.split() for line in TABLE.strip().splitlines()], ids=" ".join)
def test_rule(row: list[str]) -> None:
    ours, theirs, clients, work, kind, *leave = row
    verdict = judge(
        Hello(1, theirs, Origin("lsp")), Situation(ours, 1, int(clients), work == "busy")
    )
    assert (verdict.kind, verdict.leave_when_idle) == (kind, leave == ["leave"])
    assert bool(verdict.words) == (kind != "welcome" or verdict.leave_when_idle)


@pytest.mark.parametrize("wire", [0, 2])
def test_another_kind_of_hello(wire: int) -> None:
    other = Hello(wire, "0.1.0", Origin("lsp"))
    assert judge(other, Situation("0.1.0", 1, 1, busy=False)).kind == "refuse"
    stop = Hello(wire, "9.9", None)
    assert judge(stop, Situation("0.1.0", 1, 1, busy=True)).kind == "welcome"


def test_while_the_daemon_ends() -> None:
    verdict = judge(
        Hello(1, "0.1.0", Origin("lsp")), Situation("0.1.0", 1, 0, busy=False, ending=True)
    )
    assert verdict.kind == "restart"


@pytest.mark.parametrize(
    "changes",
    [{"athena": "1"}, {"athena": None}, {"version": 3}, {"mode": "dance"}, {"mode": ["lsp"]}],
    ids=json.dumps,
)
def test_hello_that_is_none(changes: dict[str, object]) -> None:
    assert isinstance(read_hello({**hello("lsp", "0.1.0", []), **changes}, 1), Refusal)


def test_hello_with_wrong_details_is_read_with_what_is_right() -> None:
    told: dict[str, object] = {
        **hello("lsp", "0.1.0", []),
        "cwd": 7,
        "umask": "x",
        "environ": {"A": "b", "C": 4},
        "client": [],
    }
    read = read_hello(told, 17)
    assert isinstance(read, Hello)
    assert read.origin == Origin("lsp", "0.1.0", 17, environ={"A": "b"})
    assert isinstance(read_hello({**told, "environ": 7}, 1), Hello)


async def test_newer_client_replaces_an_idle_daemon(house: House) -> None:
    relay = await house.relay("headless")
    before = (await relay.call("athena/test/who"))["pid"]
    await relay.end_input()
    await relay.exit()
    await until(lambda: not house.status()["connections"])
    house.environ["ECHO_VERSION"] = "7.0.0"
    newer = await house.relay("headless")
    assert (await newer.call("athena/test/who"))["pid"] == house.pid() != before
    assert house.status()["version"] == "7.0.0"
    await newer.end_input()
    assert "makes room for 7.0.0" in (await newer.exit())[1]


async def test_newer_client_of_another_series_waits_for_a_busy_daemon(house: House) -> None:
    older = await house.editor()
    before = house.pid()
    house.environ["ECHO_VERSION"] = "7.0.0"
    code, words = await (await house.relay("lsp")).exit()
    assert code == 76
    assert "is Athena 0.1.0, this is 7.0.0" in words and "athena daemon restart" in words
    assert "1 other client, and" in words
    assert (await older.call("athena/test/who"))["pid"] == before
    await older.end_input()
    await until(lambda: control.status(str(house.state)) is None or house.pid() != before)
    newer = await house.editor()
    assert (await newer.call("athena/test/who"))["pid"] != before


async def test_newer_client_of_the_series_is_served_with_a_notice(house: House) -> None:
    older = await house.editor()
    house.environ["ECHO_VERSION"] = "0.1.7"
    newer = await house.relay("headless")
    assert (await newer.call("athena/test/who"))["pid"] == house.pid()
    await newer.end_input()
    code, words = await newer.exit()
    assert code == 0 and "restarts as 0.1.7 when it is idle" in words
    assert house.status()["leavesWhenIdle"]
    await older.call("athena/test/echo")


async def test_client_that_says_nothing_sensible(house: House) -> None:
    for said in (b"GET / HTTP/1.1\r\n", b"[]\n", b"{}\n", b"\xff\n", b"x" * 100 + b"\n"):
        talk = await house.socket(None)
        await talk.raw(said)
        answer = await talk.receive()
        assert answer["refusal"]["code"] == 76 and "say hello first" in answer["refusal"]["message"]
        assert await talk.receive() is None
    looked = await house.socket(None)
    looked.writer.close()
    await until(lambda: len(house.status()["connections"]) == 1)
