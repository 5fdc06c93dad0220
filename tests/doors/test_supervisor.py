"""A daemon that is killed is replaced at once, also when no client is there to ask for one."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from athena.daemon.supervisor import SETTLED_SECONDS
from athena.relay import control
from tests.doors.house import House, daemons_of, until


async def settled(house: House) -> int:
    """A daemon with one client that is older than its supervisor's patience; its process id."""
    await house.socket()
    await until(lambda: house.status()["uptimeSeconds"] > SETTLED_SECONDS)
    return house.pid()


async def alone(house: House) -> int:
    """The same without the client, which would start another one in the place of one that dies."""
    daemon = await settled(house)
    await house.close()
    await until(lambda: house.status()["connections"] == [])
    return daemon


def supervisor(house: House) -> int:
    return int(json.loads((house.state / "daemon.lock").read_text())["supervisor"])


async def test_a_killed_daemon_is_replaced_without_a_client(house: House) -> None:
    before = await alone(house)
    house.kill()
    await until(lambda: house.pid() != before)
    status = house.status()
    assert status["pid"] == house.pid() and status["restarts"] == 1
    assert daemons_of(house.state) == [house.pid()]
    assert f"process {before}, was ended by SIGKILL" in house.log()


async def test_who_comes_in_between_waits(house: House) -> None:
    before = await settled(house)
    os.kill(before, signal.SIGSTOP)
    talk = await house.relay("headless")
    asked = await talk.ask("athena/test/who")
    house.kill()
    assert (await talk.answer(asked))["result"]["pid"] == house.pid() != before


async def test_one_that_dies_at_once_is_not_replaced(house: House) -> None:
    """On a busy machine one may have lived long before it is seen here; the next one is killed."""
    await alone(house)
    killed: set[int] = set()

    def is_over() -> bool:
        daemon = house.pid()
        if daemon not in killed:
            killed.add(daemon)
            with suppress(ProcessLookupError):
                os.kill(daemon, signal.SIGKILL)
        return not house.is_alive() and not daemons_of(house.state)

    await until(is_over)
    assert len(killed) > 1, "the first one was not young"


async def test_a_killed_supervisor_is_no_matter(house: House) -> None:
    daemon = await settled(house)
    talk = await house.socket()
    os.kill(supervisor(house), signal.SIGKILL)
    await until(lambda: daemons_of(house.state) == [daemon])
    assert (await talk.call("athena/test/who"))["pid"] == daemon == house.pid()
    relay = await house.editor()
    house.kill()
    assert (await relay.exit())[0] == 75
    await until(lambda: house.is_alive() and house.pid() != daemon)
    assert (await (await house.editor()).call("athena/test/who"))["pid"] == house.pid()


async def test_ending_the_supervisor_ends_the_daemon_in_order(house: House) -> None:
    await settled(house)
    relay = await house.editor()
    os.kill(supervisor(house), signal.SIGTERM)
    code, words = await relay.exit()
    assert code == 69 and "was stopped" in words
    await until(lambda: not house.is_alive() and not daemons_of(house.state))
    assert (house.state / "stopped").exists()


async def test_force_ends_both(house: House) -> None:
    daemon = await settled(house)
    above = supervisor(house)
    os.kill(daemon, signal.SIGSTOP)
    assert control.stop(str(house.state), force=True, answer_seconds=0.2)
    await until(lambda: not psutil.pid_exists(daemon) and not psutil.pid_exists(above))


async def test_a_socket_that_was_deleted_is_made_again(house: House) -> None:
    before = await settled(house)
    Path(house.state / "daemon.sock").unlink()
    house.kill()
    await until(lambda: house.pid() != before and (house.state / "daemon.sock").exists())
    assert house.status()["restarts"] == 1


async def test_one_whose_lock_was_replaced_is_not(house: House) -> None:
    before = await alone(house)
    (house.state / "daemon.lock").rename(house.state / "old.lock")
    os.kill(before, signal.SIGKILL)
    await until(lambda: not psutil.pid_exists(before) and not daemons_of(house.state))
    relay = await house.relay("headless")
    assert (await relay.call("athena/test/who"))["pid"] == house.pid()


async def test_one_that_is_just_being_replaced_is_killed_too(house: House) -> None:
    daemon = await alone(house)
    os.kill(daemon, signal.SIGKILL)
    control.kill(str(house.state))
    assert not house.is_alive()
    # The lock is let go before the process is gone from the system's list.
    await until(lambda: not daemons_of(house.state))
