"""Who drives a run: one daemon at a time, and the latest one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import pytest

from athena.runner import system
from athena.runs import Fenced, attach
from tests.runner.plain import Plain
from tests.runner.rig import Rig, first, lines, process_that
from tests.support.wait import until


async def test_a_later_daemon_takes_over(rig: Rig) -> None:
    early = await rig.sh("cat")
    reading = asyncio.create_task(lines(early))
    ending = asyncio.create_task(early.ended())
    await early.send(1, b"from the early one")
    late = await rig.again(early, 2)
    for task in (reading, ending, asyncio.create_task(early.send(2, b"too late"))):
        with pytest.raises(Fenced, match="epoch 2"):
            await task
    assert late.last_in == 1
    await late.send(2, b"from the late one")
    late.close_input()
    assert await lines(late) == [b"from the early one", b"from the late one"]


async def test_an_earlier_daemon_is_refused(rig: Rig) -> None:
    run = await rig.sh("cat", epoch=5)
    for epoch in (4, 5):
        with pytest.raises(Fenced) as fenced:
            await attach(run.run_dir, epoch, "somebody else")
        assert fenced.value.epoch == 5
    await run.send(1, b"undisturbed")
    assert await first(run) == [b"undisturbed"]


async def test_an_earlier_daemon_is_refused_also_when_nobody_is_attached(rig: Rig) -> None:
    run = await rig.sh("cat", epoch=5)
    await run.detach()
    with pytest.raises(Fenced):
        await attach(run.run_dir, 5, "somebody else")


async def test_the_same_daemon_may_come_back(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    before = await Plain.driver(run.run_dir, 2, "same")
    after = await Plain.driver(run.run_dir, 2, "same")
    assert await before.hear() == {"type": "fenced", "epoch": 2}
    assert await before.hung_up()
    after.send(1, b"hello")
    assert await after.hear("ack") == {"type": "ack", "n": 1}


async def test_two_daemons_that_fight_end_with_one_driver(rig: Rig) -> None:
    run = await rig.sh("cat")
    found = await asyncio.gather(
        *(attach(run.run_dir, epoch, f"daemon {epoch}") for epoch in range(2, 12)),
        return_exceptions=True,
    )
    last = found[-1]
    assert not isinstance(last, BaseException)
    await last.send(1, b"mine")
    for other in found[:-1]:
        with pytest.raises(Fenced):
            if isinstance(other, BaseException):
                raise other
            await other.send(1, b"no, mine")
    last.close_input()
    assert await lines(last) == [b"mine"]


HOLD = """
import asyncio, sys
from pathlib import Path
from athena.runs import attach

async def main():
    run = await attach(Path(sys.argv[1]), 2)
    await run.send(1, b"from the dead")
    print("ready", flush=True)
    await run.ended()

asyncio.run(main())
"""


async def test_a_daemon_killed_without_goodbye_is_succeeded(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    daemon = await process_that(HOLD, str(run.run_dir))
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()
    again = await rig.again(run, 3)
    assert again.last_in == 1
    again.close_input()
    assert await lines(again) == [b"from the dead"]


async def test_a_new_daemon_need_not_wait_for_the_death_of_the_old(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    daemon = await process_that(HOLD, str(run.run_dir))
    daemon.send_signal(signal.SIGSTOP)
    again = await rig.again(run, 3)
    await again.send(2, b"no matter")
    assert await first(again, 2) == [b"from the dead", b"no matter"]
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()


async def test_a_stranger_is_heard_only_after_hello(rig: Rig) -> None:
    run = await rig.sh("cat")
    stranger = await Plain.connect(run.run_dir)
    stranger.say(type="kill", grace_ms=0)
    assert (await stranger.hear("refused"))["reason"] == "the first message must be a hello"
    assert await stranger.hung_up()
    assert run.exit is None
    await run.send(1, b"alive")


async def test_those_who_say_nothing_keep_nobody_out(rig: Rig) -> None:
    run = await rig.sh("cat")
    silent = [await Plain.connect(run.run_dir) for _ in range(40)]
    again = await rig.again(run, 2)
    await again.send(1, b"hello")
    for plain in silent:
        plain.cut()


async def test_a_daemon_that_leaves_in_the_middle_of_a_word_is_forgotten(rig: Rig) -> None:
    run = await rig.sh("cat")
    for number in range(2, 30):
        plain = await Plain.connect(run.run_dir)
        plain.raw(b'{"type":"hello","epoch":%d,"hol' % number)
        await plain.writer.drain()
        plain.cut()
    await run.send(1, b"still mine")
    assert await first(run) == [b"still mine"]


def test_the_other_end_of_a_socket_is_known_by_its_user() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert system.peer_uid(ours) == os.getuid()


async def test_the_epoch_is_written_down(rig: Rig) -> None:
    run = await rig.sh("cat", epoch=7)
    await until(lambda: (run.run_dir / "epoch").exists())
    assert b'"epoch": 7' in (run.run_dir / "epoch").read_bytes()
