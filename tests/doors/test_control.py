"""`athena daemon status|stop|restart|start`, as the command line calls them."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial

import pytest

from athena.relay import control
from athena.relay.failure import RelayError
from tests.doors.house import House, daemons_of, until
from tests.doors.program import DAEMON


async def test_nothing_runs(house: House) -> None:
    assert control.status(str(house.state)) is None
    assert control.stop(str(house.state)) is False
    assert not house.state.exists()


async def test_status_tells_who_is_there(house: House) -> None:
    editor = await house.editor(clientInfo={"name": "ed", "version": "7"})
    await editor.ask("athena/test/wait")
    await until(lambda: house.status()["busy"])
    status = house.status()
    assert status["pid"] == house.pid() and status["version"] == "0.1.0"
    assert status["uptimeSeconds"] < 60 and status["leavesWhenIdle"] is False
    (only,) = status["connections"]
    assert {**only, "since": 0, "cwd": ""} == {
        "id": "c1",
        "mode": "lsp",
        "client": "ed",
        "clientVersion": "7",
        "pid": editor.process.pid,
        "cwd": "",
        "since": 0,
        "openRequests": 1,
        "unreadBytes": 0,
        "droppedNotifications": 0,
    }


async def test_stop_ends_clients_in_order(house: House) -> None:
    editor, script = await house.editor(), await house.relay("headless")
    await script.call("athena/test/echo")
    answered = await editor.ask("athena/test/wait", {"steps": 30})
    cut = await script.ask("athena/test/wait")
    await until(lambda: house.status()["busy"])
    assert await asyncio.to_thread(control.stop, str(house.state)) is True
    assert not house.is_alive() and (house.state / "stopped").exists()
    assert (await editor.answer(answered))["result"] == "waited"
    assert (await script.answer(cut))["error"]["code"] == -32800
    for relay in (editor, script):
        code, words = await relay.exit()
        assert (code, words) == (
            69,
            "athena: The Athena daemon was stopped. Agents go on working.\n",
        )


async def test_stop_while_it_starts(house: House) -> None:
    house.environ["ECHO_START"] = "slow"
    relay = await house.relay("headless")
    await until(lambda: (house.state / "daemon.log").exists() and "Upgrading" in house.log())
    assert await asyncio.to_thread(control.stop, str(house.state)) is True
    code, words = await relay.exit()
    assert code == 69 and "was stopped while it started" in words
    await until(lambda: not daemons_of(house.state))
    assert (house.state / "stopped").exists() and "Traceback" not in house.log()


async def test_restart_asks_clients_to_come_again(house: House) -> None:
    editor = await house.editor()
    before = house.pid()
    await asyncio.to_thread(partial(control.restart, str(house.state), command=DAEMON))
    assert await editor.exit() == (75, "athena: The Athena daemon restarts.\n")
    assert house.status()["pid"] == house.pid() != before


async def test_start_once(house: House) -> None:
    start = partial(control.start, str(house.state), DAEMON)
    assert await asyncio.to_thread(start) is True
    assert await asyncio.to_thread(start) is False
    assert daemons_of(house.state) == [house.pid()]


async def test_sigterm_is_a_stop(house: House) -> None:
    editor = await house.editor()
    os.kill(house.pid(), signal.SIGTERM)
    assert (await editor.exit())[0] == 69
    await until(lambda: not house.is_alive())
    assert not (house.state / "daemon.sock").exists() and (house.state / "stopped").exists()


async def test_force_ends_a_daemon_that_hangs(house: House) -> None:
    editor = await house.editor()
    before = house.pid()
    os.kill(before, signal.SIGSTOP)
    stop = partial(control.stop, str(house.state), answer_seconds=0.3)
    with pytest.raises(RelayError, match=r"does not answer.*--force"):
        await asyncio.to_thread(stop)
    assert await asyncio.to_thread(partial(stop, force=True)) is True
    assert (await editor.exit())[0] == 75
    await until(lambda: daemons_of(house.state) == [house.pid()] != [before])


async def test_unknown_verb(house: House) -> None:
    talk = await house.socket("control")
    await talk.send({"verb": "dance"})
    assert await talk.receive() == {"error": "There is no verb 'dance'."}
    assert await talk.receive() is None
