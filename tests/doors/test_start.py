"""One daemon per state directory, whatever happens to it and to the files it left behind."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from pathlib import Path

import pytest

from athena.daemon.lock import take
from athena.relay.failure import RelayError
from tests.doors.house import House, daemons_of, end_daemon, until
from tests.doors.program import DAEMON

RELAYS = 20


async def test_twenty_relays_at_once_start_one_daemon(house: House) -> None:
    modes = ["lsp", "headless"] * (RELAYS // 2)
    relays = await asyncio.gather(*(house.relay(mode) for mode in modes))
    for relay in relays:
        if relay.mode == "lsp":
            await relay.initialize()
    found = [await relay.call("athena/test/who") for relay in relays]
    assert {who["pid"] for who in found} == {house.pid()}
    assert len({who["id"] for who in found}) == RELAYS
    assert found[-1]["connections"] == RELAYS
    await until(lambda: daemons_of(house.state) == [house.pid()])


async def test_daemons_that_are_started_without_a_relay_agree(house: House) -> None:
    house.state.mkdir(mode=0o700)
    daemons = [
        await asyncio.create_subprocess_exec(
            *DAEMON,
            "--state-dir",
            str(house.state),
            env=house.environ,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(5)
    ]
    said = [asyncio.create_task(daemon.communicate()) for daemon in daemons]
    try:
        await until(lambda: sum(each.done() for each in said) == 4)
        ended = [(await each)[1].decode() for each in said if each.done()]
        assert ended == [f"athena daemon: An Athena daemon runs for {house.state} already.\n"] * 4
        (stays,) = [daemon for daemon in daemons if daemon.returncode is None]
        assert stays.pid == house.pid() == house.status()["pid"]
    finally:
        for daemon in daemons:
            if daemon.returncode is None:
                daemon.terminate()
        words = [(await each)[1].decode() for each in said]
    assert {daemon.returncode for daemon in daemons} == {0}
    assert any("Listening in" in text and "was stopped" in text for text in words)


async def test_a_client_tells_who_and_where_it_is(house: House, tmp_path: Path) -> None:
    house.environ["MARKER"] = "\udcff of this editor"
    editor = await house.relay("lsp", cwd=tmp_path)
    await editor.initialize(
        clientInfo={"name": "ed", "version": "7"}, initializationOptions={"athena": {"a": 1}}
    )
    who = await editor.call("athena/test/who")
    assert who["client"] == "ed" and who["version"] == "7" and who["mode"] == "lsp"
    assert who["cwd"] == str(tmp_path) and who["marker"] == "\udcff of this editor"
    assert who["options"] == {"athena": {"a": 1}}
    before = os.umask(0o027)
    os.umask(before)
    assert who["umask"] == before


async def test_a_daemon_started_by_an_agent_does_not_belong_to_its_run(house: House) -> None:
    house.environ["ATHENA_RUN"] = "/state/runs/r1"
    await house.relay("headless")
    await until(house.is_alive)
    told = Path(f"/proc/{house.pid()}/environ").read_bytes().split(b"\0")
    assert any(line.startswith(b"PATH=") for line in told)
    assert not any(line.startswith(b"ATHENA_RUN=") for line in told)


async def test_stale_socket_and_locks_do_not_matter(house: House) -> None:
    house.state.mkdir(mode=0o700)
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(house.state / "daemon.sock"))
    left.listen()
    left.close()
    (house.state / "daemon.sock.new").write_text("half made")
    (house.state / "daemon.lock").write_text('{"pid": 1}')
    (house.state / "daemon.start.lock").write_text("")
    relay = await house.relay("headless")
    assert (await relay.call("athena/test/who"))["pid"] == house.pid()
    assert (house.state / "daemon.sock").stat().st_mode & 0o777 == 0o600
    assert house.state.stat().st_mode & 0o777 == 0o700


async def test_a_starter_that_was_killed_does_not_lock_others_out(house: House) -> None:
    first = await house.relay("headless")
    await until((house.state / "daemon.start.lock").exists)
    first.process.kill()
    second = await house.relay("headless")
    assert await second.call("athena/test/echo", {"a": 1}) == {"a": 1}
    await until(lambda: daemons_of(house.state) == [house.pid()])


async def test_killed_daemon_is_back_before_its_clients(house: House) -> None:
    relays = [await house.editor(), await house.relay("headless"), await house.editor()]
    before = (await relays[1].call("athena/test/who"))["pid"]
    house.kill()
    for relay in relays:
        assert await relay.receive() is None
        code, words = await relay.exit()
        assert code == 75, words
        assert "ended unexpectedly" in words
    await until(lambda: house.is_alive() and house.pid() != before)
    again = await house.editor()
    after = (await again.call("athena/test/who"))["pid"]
    assert after == house.pid() != before
    await until(lambda: daemons_of(house.state) == [after])


@pytest.mark.parametrize("mode", ["lsp", "headless"])
async def test_the_end_of_one_client_is_no_matter_for_others(house: House, mode: str) -> None:
    stays, goes = await house.editor(), await house.relay(mode)
    if mode == "lsp":
        await goes.send({"jsonrpc": "2.0", "method": "exit"})
        assert (await goes.exit())[0] == 1
    else:
        await goes.call("athena/test/echo")
        goes.process.kill()
    await until(lambda: len(house.status()["connections"]) == 1)
    who = await stays.call("athena/test/who")
    assert who["connections"] == 1 and who["pid"] == house.pid()


async def test_deleted_socket_is_made_again(house: House) -> None:
    house.environ["ATHENA_IDLE_EXIT"] = "4"
    first = await house.relay("headless")
    await first.call("athena/test/echo")
    (house.state / "daemon.sock").unlink()
    second = await house.relay("headless")
    who = await second.call("athena/test/who")
    assert who["pid"] == house.pid() and who["connections"] == 2


async def test_deleted_state_directory_ends_the_daemon(house: House, tmp_path: Path) -> None:
    house.environ["ATHENA_IDLE_EXIT"] = "1"
    relay = await house.relay("headless")
    await relay.call("athena/test/echo")
    house.state.rename(tmp_path / "away")
    code, words = await relay.exit()
    assert code == 75 and "taken away" in words
    await until(lambda: not daemons_of(house.state))


async def test_idle_daemon_ends_and_a_busy_one_does_not(house: House) -> None:
    house.environ["ATHENA_IDLE_EXIT"] = "0.3"
    relay = await house.relay("headless")
    await relay.call("athena/test/echo")
    (house.state / "busy").touch()
    await relay.end_input()
    assert (await relay.exit())[0] == 0
    again = await house.relay("headless")
    assert (await again.call("athena/test/who"))["id"] == "c2"
    await again.end_input()
    (house.state / "busy").unlink()
    await until(lambda: not house.is_alive())
    assert (house.state / "stopped").exists() and not (house.state / "daemon.sock").exists()


async def test_very_long_paths(tmp_path: Path) -> None:
    state = tmp_path.joinpath(*(["a-directory-with-a-long-name"] * 8), "state")
    house = House(state, tmp_path)
    try:
        assert len(str(state)) > 200
        editor = await house.editor()
        assert (await editor.call("athena/test/who"))["pid"] == house.pid()
        assert house.status()["stateDirectory"] == str(state)
    finally:
        await house.close()
        end_daemon(state)


def test_a_lock_that_is_held_without_a_socket_is_told(tmp_path: Path) -> None:
    with (tmp_path / "daemon.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RelayError, match=r"does not listen.*--force") as told:
            take(tmp_path, wait_seconds=0.1)
    assert told.value.code == 70
    assert take(tmp_path, wait_seconds=0.1) is not None
