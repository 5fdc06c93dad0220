"""What a harness asks of the machine: answered in words where it is senseless, and never stuck."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from athena.app.effects import Effects
from athena.app.terminals import Terminals
from athena.harness import driver as d
from tests.app.playing import spawn
from tests.support.athena import Athena
from tests.support.wait import until_sync

ENV = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def effects(runs: Path, work: Path) -> Effects:
    return Effects([work], Terminals(runs, "a.r1", work, ENV, epoch=1))


async def done(effects: Effects, effect: d.Effect) -> d.EffectDone:
    async with asyncio.timeout(20):
        return await effects.perform(effect)


@pytest.mark.parametrize("made", [os.mkfifo, os.mkdir])
async def test_what_is_no_file_is_neither_read_nor_written(
    runs: Path, work: Path, made: Callable[[Path], None]
) -> None:
    """Nobody may ever write to a pipe: to open it would wait for that."""
    made(work / "odd")
    one = effects(runs, work)
    for asked in (
        d.ReadTextFile("e1", str(work / "odd")),
        d.WriteTextFile("e2", str(work / "odd"), "text"),
    ):
        assert "is no file" in ((await done(one, asked)).error or "")


async def test_lines_end_where_editors_end_them(runs: Path, work: Path) -> None:
    text = "one\x0cstill one\u2028too\r\ntwo\nthree"
    (work / "a").write_bytes(text.encode())
    one = effects(runs, work)

    async def read(line: int | None, limit: int | None) -> object:
        return (await done(one, d.ReadTextFile("e", str(work / "a"), line, limit))).result

    assert await read(2, 1) == "two\n"
    assert await read(3, None) == "three"
    assert await read(None, 1) == "one\x0cstill one\u2028too\r\n"
    assert await read(9, 1) == ""


@pytest.mark.parametrize("name", ["term1/..", "term1/../..", "../work", "", "term2", "x\0"])
async def test_a_terminal_that_was_not_made_is_none(runs: Path, work: Path, name: str) -> None:
    one = effects(runs, work)
    await done(one, d.CreateTerminal("e1", "term1", "true"))
    (runs / "other").mkdir()
    before = {*runs.iterdir(), *work.iterdir()}
    for asked in (d.ReadTerminal("e2", name), d.KillTerminal("e3", name)):
        assert "there is no terminal" in ((await done(one, asked)).error or "")
    assert {*runs.iterdir(), *work.iterdir()} == before
    await one.close()


async def test_what_an_earlier_daemon_started_is_ended_as_well(runs: Path, work: Path) -> None:
    before = effects(runs, work)
    await done(before, d.CreateTerminal("e1", "term1", "touch began; sleep 1000"))
    (pid,) = before.processes()
    assert pid is not None
    await effects(runs, work).close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_terminal_ends_with_its_harness_also_under_another_daemon(
    athena: Athena, folder: Path
) -> None:
    wanted = '{"command": "echo $$ > pid; sleep 1000"}'
    with athena.client() as client:
        agent = spawn(client, folder, f"request terminal/create {wanted}\ngate pid\nmark on\nhang")[
            "id"
        ]
        until_sync((folder / "on").exists)
        pid = int(until_sync((folder / "pid").read_text))
    athena.kill()
    athena.start()
    with athena.client() as client:
        assert psutil.pid_exists(pid)
        client.call("athena/agent/kill", agent=agent)
        client.until(agent, "dead")
    assert not psutil.pid_exists(pid)
