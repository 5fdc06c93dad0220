"""The client of our own command line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from athena.relay.client import MOST_UNREAD, CallError, ConnectionLost, HeadlessClient
from athena.relay.failure import NotRunning, RelayError
from tests.doors.house import House, until
from tests.doors.program import DAEMON


def sockets() -> set[str]:
    """The sockets of this process, with their numbers."""
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(f"{entry.name} {entry.readlink()}")
    return {each for each in found if "socket:" in each}


@pytest.fixture
async def connect(shared: House) -> Callable[..., HeadlessClient]:
    # The daemon is started with an environment of ours, not with that of the test run.
    await shared.socket()
    return lambda **more: HeadlessClient(str(shared.state), command=DAEMON, **more)


async def test_calls(connect: Callable[..., HeadlessClient]) -> None:
    with connect(name="tool", version="3") as client:
        assert client.call("athena/test/echo", {"a": "ü🎉"}) == {"a": "ü🎉"}
        assert client.call("athena/test/echo") == {}
        who: Any = client.call("athena/test/who")
        assert (who["mode"], who["client"], who["version"]) == ("cli", "tool", "3")
        assert client.welcome["pid"] == who["pid"]
        with pytest.raises(CallError, match="Somebody was first") as told:
            client.call("athena/test/fail", {"how": "conflict"})
        assert (told.value.code, told.value.data) == (1004, {"version": 7})
        with pytest.raises(CallError) as unknown:
            client.call("athena/test/nothing")
        assert unknown.value.code == -32601


async def test_a_socket_is_not_closed_under_its_reader(
    connect: Callable[..., HeadlessClient],
) -> None:
    """The next socket would have its number, and what comes for that one would be read here."""
    before = sockets()
    client = connect()
    (own,) = sockets() - before
    held, gate = threading.Event(), threading.Event()
    # What is called back runs in the reader.
    answer = client.request("athena/test/wait", {"steps": 10})
    answer.add_done_callback(lambda _: held.set() or gate.wait(20))
    await until(held.is_set)
    client.close()
    assert own in sockets()
    gate.set()
    await until(lambda: own not in sockets())


async def test_time_out_cancels(shared: House, connect: Callable[..., HeadlessClient]) -> None:
    with connect() as client:
        with pytest.raises(TimeoutError):
            client.call("athena/test/wait", timeout=0.05)
        await until(lambda: not shared.status()["busy"])
        assert client.call("athena/test/echo", {"still": "here"}) == {"still": "here"}


async def test_many_threads_and_asyncio(connect: Callable[..., HeadlessClient]) -> None:
    with connect() as client:
        results: list[Any] = []

        def work(number: int) -> None:
            results.extend(client.call("athena/test/echo", {"n": number}) for _ in range(20))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        futures = [client.request("athena/test/wait", {"steps": 1}) for _ in range(10)]
        assert await asyncio.gather(*map(asyncio.wrap_future, futures)) == ["waited"] * 10
        for thread in threads:
            await asyncio.to_thread(thread.join)
        assert sorted(r["n"] for r in results) == sorted(list(range(8)) * 20)


async def test_notifications_in_order(connect: Callable[..., HeadlessClient]) -> None:
    with connect() as client:
        client.call("athena/test/notify", {"count": 500})
        news: list[Any] = [params for _, params in client.notifications(timeout=0.2)]
        assert [each["number"] for each in news] == list(range(500))


async def test_calls_go_on_while_nobody_reads_notifications(
    connect: Callable[..., HeadlessClient],
) -> None:
    with connect() as client:
        count = MOST_UNREAD + 500
        assert client.call("athena/test/notify", {"count": count}) == {"taken": count}
        assert client.call("athena/test/echo", {"a": 1}) == {"a": 1}
        assert sum(1 for _ in client.notifications(timeout=0.2)) == count


async def test_closing_ends_the_reader_of_notifications(
    connect: Callable[..., HeadlessClient],
) -> None:
    client = connect()
    reading = asyncio.create_task(asyncio.to_thread(list, client.notifications()))
    client.call("athena/test/echo")
    client.close()
    assert await reading == []
    with pytest.raises(ConnectionLost):
        client.call("athena/test/echo")


async def test_lost_daemon(house: House) -> None:
    await house.socket()
    with HeadlessClient(str(house.state), command=DAEMON) as client:
        asked = client.request("athena/test/wait")
        house.kill()
        with pytest.raises(ConnectionLost, match="ended unexpectedly") as lost:
            asked.result(timeout=5)
        assert lost.value.code == 75
        with pytest.raises(ConnectionLost):
            list(client.notifications())
        with pytest.raises(ConnectionLost):
            client.call("athena/test/echo")


async def test_stopped_daemon_says_goodbye(house: House) -> None:
    await house.socket()
    with HeadlessClient(str(house.state), command=DAEMON) as client:
        from athena.relay.control import stop

        await asyncio.to_thread(stop, str(house.state))
        with pytest.raises(ConnectionLost, match="was stopped") as lost:
            list(client.notifications(timeout=5))
        assert lost.value.code == 69


def test_no_daemon_and_none_wanted(house: House) -> None:
    with pytest.raises(NotRunning, match="athena daemon start"):
        HeadlessClient(str(house.state), start=False)


async def test_refused(house: House) -> None:
    house.environ["ECHO_START"] = "slow"
    waiting = await house.relay("headless")
    said: list[str] = []
    await until((house.state / "daemon.sock").exists)
    client = await asyncio.to_thread(
        lambda: HeadlessClient(str(house.state), command=DAEMON, say=said.append)
    )
    with client:
        assert client.call("athena/test/echo") == {}
    assert said == ["Upgrading the database …"]
    with pytest.raises(RelayError, match="has no mode 'dance'"):
        HeadlessClient(str(house.state), command=DAEMON, mode="dance")
    await waiting.end_input()
