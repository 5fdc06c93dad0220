"""No client can take more of the daemon than its share, and none is cut off for being slow."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from athena.wire import limits
from athena.wire.connection import ClientConnection, Goodbye, Origin
from tests.doors.house import House, Relay, Talk, until

MB = 1 << 20


def memory(pid: int) -> int:
    """Resident bytes of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


async def begun(house: House, mode: str) -> Relay:
    relay = await house.relay(mode)
    if mode == "lsp":
        await relay.initialize()
    return relay


def request(request_id: int, method: str, params: object) -> bytes:
    message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(message).encode()


@pytest.mark.parametrize("mode", ["lsp", "headless"])
async def test_body_of_64_mb_and_one_byte_more(shared: House, mode: str) -> None:
    relay = await begun(shared, mode)
    empty = len(request(1, "athena/test/echo", {"text": ""}))
    fits = request(1, "athena/test/echo", {"text": "x" * (limits.BODY - empty)})
    assert len(fits) == limits.BODY
    await relay.raw(relay.frame(fits))
    answer = await relay.receive()
    assert answer["id"] == 1 and len(answer["result"]["text"]) == limits.BODY - empty
    await relay.raw(relay.frame(fits.replace(b'"x', b'"xx', 1)))
    refused = await relay.receive()
    assert refused["id"] is None and refused["error"]["code"] == 1010
    assert refused["error"]["data"] == {"size": limits.BODY + 1, "limit": limits.BODY}
    assert await relay.call("athena/test/echo", {"still": "here"}) == {"still": "here"}


@pytest.mark.parametrize("mode", ["lsp", "headless"])
async def test_answer_that_is_too_large_is_an_error(shared: House, mode: str) -> None:
    relay = await begun(shared, mode)
    answer = await relay.answer(await relay.ask("athena/test/answer", {"size": 65 * MB}))
    assert answer["error"]["code"] == 1010 and answer["error"]["data"]["size"] > 65 * MB


async def test_batch_of_answers_that_is_too_large(shared: House) -> None:
    relay = await begun(shared, "headless")
    each = {"jsonrpc": "2.0", "method": "athena/test/answer", "params": {"size": 30 * MB}}
    await relay.send([{**each, "id": number} for number in range(3)])
    answers = await relay.receive()
    assert [a["id"] for a in answers] == [0, 1, 2]
    assert {a["error"]["code"] for a in answers} == {1010}


async def test_skipping_ends_somewhere(shared: House) -> None:
    editor = await shared.editor()
    await editor.raw(b"Content-Length: 2000000000\r\n\r\n{")
    assert (await editor.receive())["error"]["code"] == 1010
    assert (await editor.exit())[0] == 1


@pytest.mark.parametrize("mode", ["lsp", "headless"])
async def test_flood_is_answered_whole(shared: House, mode: str) -> None:
    """Many more requests at once than may be open: reading pauses, nothing is refused."""
    relay = await begun(shared, mode)
    count = 5 * limits.OPEN_REQUESTS
    flood = b"".join(
        relay.frame(request(1000 + n, "athena/test/wait", {"steps": 1})) for n in range(count)
    )
    sending = asyncio.create_task(relay.raw(flood))
    answers = [await relay.receive() for _ in range(count)]
    await sending
    assert sorted(answer["id"] for answer in answers) == [1000 + n for n in range(count)]
    assert {answer["result"] for answer in answers} == {"waited"}


async def test_open_requests_are_bounded(shared: House) -> None:
    talk = await shared.socket()
    count = 2 * limits.OPEN_REQUESTS
    flood = b"".join(
        talk.frame(request(n, "athena/test/wait", {"until": "go"})) for n in range(count)
    )
    sending = asyncio.create_task(talk.raw(flood))
    await until(lambda: shared.seen(talk)["openRequests"] == limits.OPEN_REQUESTS)
    other = await begun(shared, "headless")
    assert await other.call("athena/test/echo", {"others": "go on"}) == {"others": "go on"}
    assert shared.seen(talk)["openRequests"] == limits.OPEN_REQUESTS
    (shared.state / "go").touch()
    answers = [await talk.receive() for _ in range(count)]
    await sending
    (shared.state / "go").unlink()
    assert sorted(answer["id"] for answer in answers) == list(range(count))


def pause(talk: Talk) -> asyncio.Transport:
    """Stop reading what is sent to this client."""
    transport = talk.writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()
    return transport


async def test_client_that_reads_no_answers_is_not_read(shared: House) -> None:
    """It can ask for as much as it wants: the questions wait in its own pipe, not in us."""
    talk, other = await shared.socket(), await begun(shared, "headless")
    await other.call("athena/test/answer", {"size": MB})
    before = memory(shared.pid())
    transport = pause(talk)
    flood = b"".join(
        talk.frame(request(n, "athena/test/answer", {"size": MB})) for n in range(5000)
    )
    sending = asyncio.create_task(talk.raw(flood))
    await until(lambda: shared.seen(talk)["unreadBytes"] > limits.PAUSE_ABOVE)
    for _ in range(20):
        await other.call("athena/test/echo")
    seen = shared.seen(talk)
    assert seen["openRequests"] < 10 and seen["unreadBytes"] < 10 * MB
    assert memory(shared.pid()) < before + 40 * MB
    sending.cancel()
    transport.abort()
    await until(lambda: not shared.seen(talk))


async def test_answers_that_are_ready_together_go_in_turn(shared: House) -> None:
    talk = await shared.socket()
    transport = pause(talk)
    count = 100
    for number in range(count):
        params = {"size": MB, "until": "together"}
        await talk.raw(talk.frame(request(number, "athena/test/answer", params)))
    await until(lambda: shared.seen(talk)["openRequests"] == count)
    (shared.state / "together").touch()
    await until(lambda: shared.seen(talk)["unreadBytes"] > limits.PAUSE_ABOVE)
    await until(lambda: not shared.status()["busy"])
    seen = shared.seen(talk)
    assert seen["unreadBytes"] < limits.PAUSE_ABOVE + 2 * MB and seen["openRequests"] > 90
    transport.resume_reading()
    answers = [await talk.receive() for _ in range(10)]
    transport.pause_reading()
    for _ in range(20):
        assert shared.seen(talk)["unreadBytes"] < limits.PAUSE_ABOVE + 2 * MB
    transport.resume_reading()
    answers += [await talk.receive() for _ in range(count - 10)]
    (shared.state / "together").unlink()
    assert sorted(answer["id"] for answer in answers) == list(range(count))


async def test_bodies_of_open_requests_are_bounded(shared: House) -> None:
    talk = await shared.socket()
    params = {"until": "bodies", "text": "x" * 10 * MB}
    count = 2 * limits.OPEN_BYTES // (10 * MB)
    flood = b"".join(talk.frame(request(n, "athena/test/wait", params)) for n in range(count))
    sending = asyncio.create_task(talk.raw(flood))
    most = limits.OPEN_BYTES // (10 * MB) + 1
    await until(lambda: shared.seen(talk)["openRequests"] == most)
    other = await begun(shared, "headless")
    for _ in range(20):
        await other.call("athena/test/echo")
    assert shared.seen(talk)["openRequests"] == most
    (shared.state / "bodies").touch()
    assert len([await talk.receive() for _ in range(count)]) == count
    (shared.state / "bodies").unlink()
    await sending


async def test_stalled_client_loses_what_may_be_dropped_and_nothing_else(shared: House) -> None:
    talk = await shared.socket()
    transport = pause(talk)
    size = 10_000
    asked = await talk.ask("athena/test/notify", {"count": 1000, "size": size, "droppable": True})
    await until(lambda: shared.seen(talk)["droppedNotifications"])
    seen = shared.seen(talk)
    assert seen["unreadBytes"] < limits.DROP_ABOVE + 2 * size
    transport.resume_reading()
    received = 0
    while "id" not in (message := await talk.receive()):
        received += 1
    assert message["id"] == asked
    assert received == message["result"]["taken"] == 1000 - seen["droppedNotifications"]


async def test_follower_waits_for_its_own_client_only(shared: House) -> None:
    """Notifications that may not be dropped are all there, in order, however late."""
    talk, other = await shared.socket(), await begun(shared, "headless")
    transport = pause(talk)
    await talk.ask("athena/test/notify", {"count": 2000, "size": 10_000})
    await until(lambda: shared.seen(talk)["unreadBytes"] > limits.PAUSE_ABOVE)
    for _ in range(20):
        await other.call("athena/test/echo")
    assert shared.seen(talk)["unreadBytes"] < limits.PAUSE_ABOVE + 20_000
    transport.resume_reading()
    numbers: list[int] = []
    while "id" not in (message := await talk.receive()):
        numbers.append(message["params"]["number"])
    assert numbers == list(range(2000)) and message["result"]["taken"] == 2000


async def test_what_cannot_wait_is_cut_off_in_the_end() -> None:
    """Features of LSP send without waiting; there must be an end to that too."""
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_unix_connection(sock=ours)
    connection = ClientConnection("c1", Origin("lsp"), writer)
    message: dict[str, object] = {"jsonrpc": "2.0", "method": "m", "params": "x" * 10 * MB}
    sent = 0
    while not connection.gone:
        connection.send(message)
        sent += 1
        assert connection.unread <= limits.CUT_ABOVE
    assert sent == limits.CUT_ABOVE // (10 * MB) + 1
    connection.send(message)
    assert await connection.notify("m", {}, droppable=False) is False
    assert await connection.notify("m", {}, droppable=True) is False
    await connection.close(Goodbye())
    theirs.close()


async def test_hello_without_end(shared: House) -> None:
    talk = await shared.socket(None)
    endless = asyncio.create_task(talk.raw(b"x" * (9 * MB) + b"\n"))
    answer = await talk.receive()
    await endless
    assert answer["refusal"]["code"] == 76 and "too many" in answer["refusal"]["message"]
