"""A connection that drops while the runner lives is nobody's concern but the client's."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from athena.runs import Detached, frames_sent
from tests.runner.proxy import Proxy
from tests.runner.rig import Rig, first, lines
from tests.support.wait import until


async def test_a_dropped_connection_comes_back_by_itself(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    async with Proxy(run.run_dir) as proxy:
        again = await rig.again(run, 2)
        for number in range(1, 6):
            proxy.cut()
            await again.send(number, b"%d" % number)
            assert await first(again, number) == [b"%d" % n for n in range(1, number + 1)]
        assert proxy.connections >= 5
        proxy.cut()
        again.close_input()
        assert (await again.ended()).code == 0


async def test_a_frame_cut_anywhere_arrives_once(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    sent: list[bytes] = []
    async with Proxy(run.run_dir) as proxy:
        again = await rig.again(run, 2)
        for number, cut in enumerate([0, 1, 20, 31, 32, 33, 50, 130, 131, 100_000, 199_999], 1):
            sent.append(bytes([64 + number]) * (100 if cut < 1000 else 200_000))
            proxy.cut_after = cut
            await again.send(number, sent[-1])
        again.close_input()
        assert await lines(again) == sent
        assert proxy.connections >= 10
    assert list(frames_sent(run.run_dir)) == list(enumerate(sent, 1))


async def test_a_kill_is_asked_again_after_a_drop(rig: Rig) -> None:
    run = await rig.sh("cat")
    await run.detach()
    async with Proxy(run.run_dir) as proxy:
        again = await rig.again(run, 2)
        proxy.cut_after = 10
        again.kill(0)
        assert (await again.ended()).how == "killed"


async def test_a_detached_run_goes_on_and_says_no_more(rig: Rig) -> None:
    run = await rig.sh("cat")
    reading = asyncio.create_task(lines(run))
    await run.send(1, b"one")
    await run.detach()
    for task in (reading, asyncio.create_task(run.ended()), asyncio.create_task(run.send(2, b""))):
        with pytest.raises(Detached):
            await task
    again = await rig.again(run, 2)
    assert again.last_in == 1


@pytest.mark.parametrize("length", [90, 100, 104, 108, 150, 400])
async def test_a_long_path_is_no_matter(tmp_path: Path, length: int) -> None:
    folder = tmp_path
    while len(str(folder)) < length:
        folder /= "x" * min(100, max(1, length - len(str(folder)) - 1))
    folder.mkdir(parents=True, exist_ok=True)
    rig = Rig(folder / "s")
    try:
        run = await rig.sh("cat")
        await run.send(1, b"far away")
        await run.detach()
        again = await rig.again(run, 2)
        again.close_input()
        assert await lines(again) == [b"far away"]
    finally:
        rig.close()


async def test_a_relative_path_is_no_matter(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rig.runs.parent)
    rig.runs = Path("runs") / ("y" * 120)
    rig.runs.mkdir()
    run = await rig.sh("cat")
    await run.send(1, b"near")
    run.close_input()
    assert await lines(run) == [b"near"]


PLAY = """
import os, time
for step in open({!r}, "rb").read().split(b"\\0")[:-1]:
    if step == b"PAUSE":
        time.sleep(0.003)
    else:
        os.write(1, step)
"""

# A line has no newline, and no NUL, which separates the steps of the play.
spoken = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"").replace(b"\0", b"."))


@settings(max_examples=25)
@given(data=st.data())
def test_successive_daemons_read_every_line_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    said = data.draw(st.lists(spoken, min_size=1, max_size=30), label="lines")
    torn = data.draw(spoken, label="torn")
    whole = b"".join(one + b"\n" for one in said) + torn
    cuts = data.draw(st.sets(st.integers(0, len(whole)), max_size=20), label="writes end at")
    pauses = data.draw(st.sets(st.sampled_from(sorted(cuts)) if cuts else st.nothing()))
    lives = data.draw(st.lists(st.integers(0, 6), max_size=8), label="daemons' lives in lines")
    steps: list[bytes] = []
    for start, end in itertools.pairwise(sorted({0, *cuts, len(whole)})):
        steps += [b"PAUSE"] * (start in pauses) + [whole[start:end]]
    rig = Rig(tmp_path_factory.mktemp("play"))
    try:
        heard = asyncio.run(_heard(rig, steps, lives))
    finally:
        rig.close()
    assert heard == [*said, *([torn] if torn else [])]


async def _heard(rig: Rig, steps: list[bytes], lives: list[int]) -> list[bytes]:
    """What daemons hear together, each of which dies after so many lines, and the last lives."""
    script = rig.work / "steps"
    script.write_bytes(b"".join(step + b"\0" for step in steps))
    run = await rig.python(PLAY.format(str(script)))
    position, heard = 0, []
    for epoch, life in enumerate(lives, 2):
        async with contextlib.aclosing(run.frames(position)) as frames:
            async for frame in frames:
                if life == 0:
                    break
                life -= 1
                heard.append(frame.data)
                position = frame.end
        run.drop()  # without a word
        run = await rig.again(run, epoch, f"daemon {epoch}")
    return heard + await lines(run, position)


async def test_a_listener_is_told_at_once(rig: Rig) -> None:
    run = await rig.sh("cat")
    loop = asyncio.get_running_loop()
    reading = run.frames(0)
    waits: list[float] = []
    for number in range(1, 21):
        begun = loop.time()
        await run.send(number, b"ping")
        assert (await anext(reading)).data == b"ping"
        waits.append(loop.time() - begun)
    await reading.aclose()
    assert sorted(waits)[10] < 0.1
    await until(lambda: run.last_in == 20)
