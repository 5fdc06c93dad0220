"""Numbered frames to the harness: each reaches it whole, in order, and once."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import signal

import pytest

from athena.runs import How, Refused, RunEnded, frames_sent
from tests.runner.plain import Plain
from tests.runner.rig import (
    Rig,
    document,
    first,
    held_kb,
    lines,
    memory_kb,
    process_that,
    runner_pid,
)
from tests.support.wait import until

MIB = 1024 * 1024
AIM_KB = 12 * 1024

SAY_LENGTHS = """
import hashlib, sys
for line in sys.stdin.buffer:
    print(len(line) - 1, hashlib.sha256(line).hexdigest(), flush=True)
"""


def told(data: bytes) -> bytes:
    """What `SAY_LENGTHS` says about a frame."""
    return b"%d %s" % (len(data), hashlib.sha256(data + b"\n").hexdigest().encode())


async def test_frames_arrive_in_order_and_are_kept(rig: Rig) -> None:
    run = await rig.sh("cat")
    frames = [b"", b"one", b"\xff\x00 not text", "zwölf".encode()]
    await asyncio.gather(*(run.send(n, data) for n, data in enumerate(frames, 1)))
    assert run.last_in == 4
    run.close_input()
    assert await lines(run) == frames
    record = await run.ended()
    assert (record.last_in, record.delivered) == (4, 4)
    assert list(frames_sent(run.run_dir)) == list(enumerate(frames, 1))


async def test_a_known_number_is_acknowledged_again_and_ignored(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.send(1, b"first")
    await run.detach()
    plain = await Plain.driver(run.run_dir, 2)
    plain.send(1, b"other words")
    assert await plain.hear("ack") == {"type": "ack", "n": 1}
    plain.send(0, b"zero is no number")
    assert (await plain.hear("refused"))["code"] == "gap"
    plain.send(2, b"second")
    assert await plain.hear("ack") == {"type": "ack", "n": 2}
    plain.say(type="closeInput")
    await plain.hear("exit")
    assert (run.run_dir / "out.spool").read_bytes() == b"first\nsecond\n"


async def test_a_gap_is_refused_and_can_be_filled(rig: Rig) -> None:
    run = await rig.sh("cat")
    with pytest.raises(Refused, match="frame 3 cannot follow frame 0") as refused:
        await run.send(3, b"three")
    assert refused.value.code == "gap"
    for number in (1, 2, 3):
        await run.send(number, b"%d" % number)
    run.close_input()
    assert await lines(run) == [b"1", b"2", b"3"]


async def test_an_acknowledged_number_is_not_even_sent(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.send(1, b"one")
    await run.send(1, b"one")
    run.close_input()
    assert await lines(run) == [b"one"]


async def test_a_frame_must_be_a_line(rig: Rig) -> None:
    run = await rig.sh("cat")
    with pytest.raises(ValueError, match="newline"):
        await run.send(1, b"two\nlines")


HALF_FRAME = """
import sys, time
sys.path.insert(0, "")
import json, socket
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b'{"type":"hello","epoch":2,"holder":"dying"}\\n')
connection.recv(4096)
connection.sendall(b'{"type":"send","n":1,"len":5}\\nwhole')
connection.sendall(b'{"type":"send","n":2,"len":1000000}\\n' + b"half" * 100000)
print("ready", flush=True)
time.sleep(60)
"""


async def test_half_a_frame_of_a_killed_daemon_is_never_delivered(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    daemon = await process_that(HALF_FRAME, str(run.run_dir / "sock"))
    await until(lambda: (run.run_dir / "in.spool").stat().st_size > 400_000)
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()
    again = await rig.again(run, 3)
    assert again.last_in == 1
    assert (run.run_dir / "in.spool").read_bytes() == b'{"n":1,"len":5}\nwhole\n'
    await again.send(2, b"whole again")
    again.close_input()
    assert await lines(again) == [b"whole", b"whole again"]
    assert list(frames_sent(run.run_dir)) == [(1, b"whole"), (2, b"whole again")]


async def test_whole_frames_of_a_killed_daemon_count_without_an_answer(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    plain = await Plain.driver(run.run_dir, 2)
    for number in range(1, 101):
        plain.send(number, b"frame %d" % number)
    await plain.writer.drain()
    plain.cut()
    again = await rig.again(run, 3)
    for number in range(again.last_in + 1, 101):
        await again.send(number, b"frame %d" % number)
    again.close_input()
    assert await lines(again) == [b"frame %d" % number for number in range(1, 101)]


async def test_a_goodbye_right_behind_a_frame_does_not_lose_it(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    plain = await Plain.driver(run.run_dir, 2)
    plain.raw(b'{"type":"send","n":1,"len":4}\nlast{"type":"detach"}\n')
    assert await plain.hung_up()
    assert (await rig.again(run, 3)).last_in == 1


async def test_a_harness_that_does_not_read_costs_no_memory(rig: Rig) -> None:
    run = await rig.python(f"import signal; signal.pause()\n{SAY_LENGTHS}")
    pid = runner_pid(run)
    frame = bytes(range(11, 256)) * (MIB // 245)
    before = held_kb(pid)
    for number in range(1, 101):
        await run.send(number, frame)
    assert held_kb(pid) <= before + 1024
    assert memory_kb(pid) <= AIM_KB
    assert (await rig.again(run, 2)).last_in == 100


async def test_what_waited_for_a_slow_harness_arrives(rig: Rig) -> None:
    run = await rig.python(f"import time; time.sleep(0.5)\n{SAY_LENGTHS}")
    frames = [bytes([65 + n]) * (n * MIB + n) for n in range(1, 8)]
    await asyncio.gather(*(run.send(n, data) for n, data in enumerate(frames, 1)))
    run.close_input()  # goes behind them
    assert await lines(run) == [told(data) for data in frames]


async def test_one_frame_may_be_very_long(rig: Rig) -> None:
    run = await rig.python(SAY_LENGTHS)
    pid = runner_pid(run)
    frame = b"0123456789" * (10 * MIB)
    before = held_kb(pid)
    await run.send(1, frame)
    assert await first(run) == [told(frame)]
    assert held_kb(pid) <= before + 1024
    assert memory_kb(pid) <= AIM_KB


async def test_a_frame_that_is_too_long_is_skipped_whole(rig: Rig) -> None:
    run = await rig.sh("cat", frame_bytes=1000)
    with pytest.raises(Refused, match="1000 bytes at most") as refused:
        await run.send(1, b"x" * 200_000)
    assert refused.value.code == "too large"
    await run.send(1, b"short")
    run.close_input()
    assert await lines(run) == [b"short"]


async def test_a_harness_that_closes_its_stdin_is_not_given_the_rest(rig: Rig) -> None:
    run = await rig.sh("read line; echo got $line; exec 0<&-; echo closed; sleep 0.2; echo end")
    await run.send(1, b"one")
    assert await first(run, 2) == [b"got one", b"closed"]
    await run.send(2, b"nobody reads this")
    with pytest.raises(Refused) as refused:
        for number in range(3, 100):
            await run.send(number, b"nor this")
    assert refused.value.code == "closed"
    record = await run.ended()
    assert record.delivered == 1
    assert record.last_in >= 2


async def test_nothing_is_taken_after_the_end_of_input(rig: Rig) -> None:
    run = await rig.sh("cat; read -r never < /dev/zero", epoch=1)
    await run.send(1, b"one")
    run.close_input()
    with pytest.raises(Refused, match="takes no more input"):
        await run.send(2, b"two")
    run.kill(0)
    await run.ended()
    with pytest.raises(RunEnded):
        await run.send(2, b"two")


async def test_a_full_disk_refuses_a_frame_and_takes_it_later(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.send(1, b"one")
    pid, room = runner_pid(run), (run.run_dir / "in.spool").stat().st_size + 5000
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    with pytest.raises(Refused, match="could not be written down") as refused:
        await run.send(2, b"2" * 100_000)
    assert refused.value.code == "disk"
    await run.send(2, b"short enough")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    await run.send(3, b"3" * 100_000)
    run.close_input()
    assert await lines(run) == [b"one", b"short enough", b"3" * 100_000]


async def test_bad_words_end_only_the_connection(rig: Rig) -> None:
    run = await rig.sh("cat")
    for number, words in enumerate(
        [
            b"not json\n",
            b"[]\n",
            b'{"type":"dance"}\n',
            b'{"type":"send","n":"1","len":3}\n',
            b'{"type":"send","n":1,"len":-3}\n',
            b'{"type":"kill"}\n',
            b"x" * 5000,
        ],
        2,
    ):
        plain = await Plain.driver(run.run_dir, number)
        plain.raw(words)
        assert (await plain.hear("refused"))["code"] == "malformed", words
        assert await plain.hung_up()
    again = await rig.again(run, 50)
    await again.send(1, b"still here")
    again.close_input()
    assert await lines(again) == [b"still here"]
    assert document(run.run_dir / "exit.json")["how"] == How.EXITED
