"""What a harness says: every byte kept, every line told once, whatever it does to us."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from athena.runner import layout
from athena.runs import Frame, Run, SpoolReader, output_tail
from tests.runner.plain import Plain
from tests.runner.rig import (
    Rig,
    document,
    first,
    held_kb,
    kill_runner,
    lines,
    memory_kb,
    runner_pid,
)
from tests.support.wait import until

MIB = 1024 * 1024
AIM_KB = 12 * 1024


async def collect(
    run: Run, position: int = 0, line_bytes: int = 32 * MIB, count: int = sys.maxsize
) -> list[Frame]:
    """The next frames, at most `count`."""
    found: list[Frame] = []
    async with contextlib.aclosing(run.frames(position, line_bytes)) as frames:
        async for frame in frames:
            found.append(frame)
            if len(found) == count:
                break
    return found


async def test_any_bytes_come_through(rig: Rig) -> None:
    said = [b"", b"\xff\xfe garbage \x00\x01", b"with\rreturn\r", "zwölf".encode(), b"", b"  "]
    (rig.work / "said").write_bytes(b"\n".join(said) + b"\n")
    run = await rig.sh("cat said")
    frames = await collect(run)
    assert [frame.data for frame in frames] == said
    assert (run.run_dir / "out.spool").read_bytes() == (rig.work / "said").read_bytes()
    assert not any(frame.oversize or frame.torn for frame in frames)


async def test_positions_lead_from_each_frame_to_the_next(rig: Rig) -> None:
    run = await rig.sh("seq 1 2000")
    frames = await collect(run)
    assert [frame.position for frame in frames] == [0, *(frame.end for frame in frames[:-1])]
    for frame in (frames[0], frames[777], frames[-1]):
        assert await collect(run, frame.position) == frames[frames.index(frame) :]
    assert await collect(run, frames[-1].end) == []
    assert await collect(run, frames[-1].end + 1000) == []


async def test_several_may_read_at_once_while_it_talks(rig: Rig) -> None:
    run = await rig.sh("for i in 1 2 3 4 5; do echo $i; sleep 0.02; done")
    expected = [b"1", b"2", b"3", b"4", b"5"]
    assert await asyncio.gather(lines(run), lines(run), lines(run)) == [expected] * 3


async def test_an_unfinished_line_is_told_only_at_the_end(rig: Rig) -> None:
    run = await rig.sh("printf 'whole\\nhalf'; read line; printf ' and more'")
    assert await first(run) == [b"whole"]
    await until(lambda: (run.run_dir / "out.spool").stat().st_size == 10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await first(run, position=6)
    run.close_input()
    whole, torn = await collect(run)
    assert (whole.torn, torn.torn) == (False, True)
    assert (torn.position, torn.end, torn.data) == (6, 19, b"half and more")


async def test_a_line_keeps_the_time_at_which_it_was_said(rig: Rig) -> None:
    run = await rig.sh("echo a; sleep 0.3; printf b; sleep 0.3; echo b; echo c")
    await run.detach()
    await until((run.run_dir / "exit.json").exists)
    a, b, c = await collect(await rig.again(run, 2))
    record = document(run.run_dir / "exit.json")
    assert record["startedAt"] <= a.at_ms < c.at_ms <= record["at"]
    assert b.at_ms - a.at_ms >= 550  # it counts when the line became whole
    assert 0 <= c.at_ms - b.at_ms < 250
    (late,) = await collect(await rig.again(run, 3), position=c.position)
    assert late == c


async def test_byte_by_byte_output_does_not_blow_up_the_index(rig: Rig) -> None:
    script = """
import os, time
for _ in range(5000):
    os.write(1, b"x")
    then = time.perf_counter() + 0.0001
    while time.perf_counter() < then:
        pass
"""
    run = await rig.python(script)
    (frame,) = await collect(run)
    assert (len(frame.data), frame.torn) == (5000, True)
    record = await run.ended()
    lasted = record.at - record.started_at
    records = (run.run_dir / "out.index").stat().st_size / layout.INDEX_RECORD
    assert records <= lasted + 1


async def test_a_very_long_line_is_told_by_its_head(rig: Rig) -> None:
    script = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo after"
    run = await rig.sh(f"echo before; {script}; sleep 60")
    pid = runner_pid(run)
    tracemalloc.start()
    try:
        before, long, after = await collect(run, count=3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MIB  # the limit of a line, and some
    assert (before.data, after.data) == (b"before", b"after")
    assert (long.position, long.end) == (7, 7 + 100_000_001)
    assert (long.oversize, long.torn) == (True, False)
    assert long.data == b"x" * 64 * 1024
    assert memory_kb(pid) <= AIM_KB


async def test_the_limit_of_a_line_is_exact(rig: Rig) -> None:
    run = await rig.sh("echo 12345; echo 123456; printf 1234567")
    frames = await collect(run, line_bytes=5)
    assert [(frame.data, frame.oversize, frame.torn) for frame in frames] == [
        (b"12345", False, False),
        (b"12345", True, False),
        (b"12345", True, True),
    ]


async def test_a_flood_does_not_wait_for_a_client_that_never_reads(rig: Rig) -> None:
    run = await rig.sh("read go; head -c 300000000 /dev/zero; sleep 60")
    pid = runner_pid(run)
    await run.detach()
    plain = await Plain.driver(run.run_dir, 2)
    plain.writer.transport.pause_reading()  # type: ignore[attr-defined]
    before = held_kb(pid)
    plain.send(1, b"go")
    await until(lambda: (run.run_dir / "out.spool").stat().st_size == 300_000_000, timeout=60)
    assert held_kb(pid) <= before + 1024
    assert memory_kb(pid) <= AIM_KB
    plain.say(type="kill", grace_ms=0)  # it is still heard
    await until((run.run_dir / "exit.json").exists)


async def test_a_full_disk_stalls_the_harness_and_loses_nothing(rig: Rig) -> None:
    run = await rig.sh("read go; seq 1 200000; echo done")
    states: list[str] = []
    run.on_state = states.append
    pid = runner_pid(run)
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    await run.send(1, b"go")
    await until(lambda: run.state == "stalled: disk full")
    assert (run.run_dir / "out.spool").stat().st_size == 100_000
    again = await rig.again(run, 2)
    again.on_state = states.append
    assert again.state == "stalled: disk full"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    expected = [b"%d" % number for number in range(1, 200_001)]
    assert await lines(again) == [*expected, b"done"]
    assert states[:2] == ["stalled: disk full", "running"]


async def test_a_disk_that_is_full_at_the_end_delays_the_record(rig: Rig) -> None:
    run = await rig.sh("read go; seq 1 50000")
    pid = runner_pid(run)
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    await run.send(1, b"go")
    await until(lambda: run.state == "stalled: disk full")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
    harness = run.pid
    run.kill(0)
    await until(lambda: not Path(f"/proc/{harness}/cwd").exists())
    assert not (run.run_dir / "exit.json").exists()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    said = await lines(run)
    assert said[:3] == [b"1", b"2", b"3"]
    assert sum(map(len, said)) + len(said) - 1 <= (await run.ended()).out


async def test_output_may_be_limited(rig: Rig) -> None:
    run = await rig.sh("yes", out_bytes=MIB)
    await until(lambda: run.state == "stalled: output limit")
    size = (run.run_dir / "out.spool").stat().st_size
    assert MIB <= size <= MIB + 128 * 1024
    run.kill(0)
    assert (await run.ended()).out == size
    tail = output_tail(run.run_dir, 10)
    assert tail.truncated
    assert tail.data == (b"y\n" * 10)[-10:]


async def test_the_tail_of_an_output_begins_with_a_whole_character(rig: Rig) -> None:
    run = await rig.sh("printf 'aß€😀z'")
    await run.ended()
    whole = "aß€😀z".encode()
    for most in range(len(whole) + 2):
        tail = output_tail(run.run_dir, most)
        assert tail.truncated == (most < len(whole))
        assert len(tail.data) <= most
        assert "aß€😀z".endswith(tail.data.decode())


async def test_the_spool_of_a_dead_runner_is_read_to_its_last_byte(rig: Rig) -> None:
    run = await rig.sh("echo one; echo two; printf thr; sleep 60")
    await first(run, 2)
    await until(lambda: (run.run_dir / "out.spool").stat().st_size == 11)
    await run.detach()
    kill_runner(run.run_dir)
    again = await rig.again(run, 2)
    frames = await collect(again, position=4)
    assert [(frame.data, frame.torn) for frame in frames] == [(b"two", False), (b"thr", True)]


async def test_a_lost_index_costs_only_the_exact_times(rig: Rig) -> None:
    run = await rig.sh("seq 1 100")
    await run.ended()
    (run.run_dir / "out.index").write_bytes(b"")
    frames = await collect(run)
    assert [frame.data for frame in frames] == [b"%d" % number for number in range(1, 101)]
    assert abs(frames[0].at_ms - time.time() * 1000) < 60_000


def test_a_reader_holds_little_of_a_long_spool(tmp_path: Path) -> None:
    line = b"x" * 299 + b"\n"
    with open(tmp_path / layout.OUT, "wb") as spool, open(tmp_path / layout.INDEX, "wb") as index:
        for number in range(50_000):
            index.write(layout.index_record(number * 300, 1_000_000 + number))
            spool.write(line)
    tracemalloc.start()
    try:
        with contextlib.closing(SpoolReader(tmp_path)) as reader:
            count = 0
            while (batch := reader.read()) is not None:
                assert [frame.at_ms for frame in batch] == list(
                    range(1_000_000 + count, 1_000_000 + count + len(batch))
                )
                count += len(batch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 3 * MIB
