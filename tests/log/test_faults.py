"""Trouble with disk, locks and files, made for real: a clear state, no half batch, reads go on."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from athena.log import EventLog, LogInUse, LogState, LogUnavailable, NotAnEventLog
from tests.log.disk import Disk, small_disk
from tests.log.samples import everything, note, notes, told
from tests.support.wait import until

NOBODY = 65534
PAGE_BYTES = 4096


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


async def refused(log: EventLog) -> LogState:
    """The state that an append is turned away with."""
    with pytest.raises(LogUnavailable) as caught:
        await log.append("a", [note("x" * 9000)])
    return caught.value.state


async def recovered(log: EventLog) -> None:
    await asyncio.wait_for(log.wait_ok(), 20)


async def fill_until_refused(log: EventLog) -> int:
    """Append batches of three until there is trouble; returns how many were taken."""
    for taken in range(10_000):
        try:
            await log.append("a", [note(f"{taken} " + "x" * 9000)] * 3)
        except LogUnavailable:
            return taken
    raise AssertionError("the disk never filled up")


async def test_a_full_disk(disk: Disk) -> None:
    states: list[str] = []
    async with await EventLog.open(
        disk.folder / "athena.db", probe_interval=0.05, on_state=lambda s: states.append(s.name)
    ) as log:
        await log.append("a", notes("before"), command_id="kept")
        await disk.fill(log, leave=200_000)
        taken = await fill_until_refused(log)

        assert log.state.name == "full"
        assert "is full" in log.state.reason
        assert "Free some space" in log.state.hint
        assert await refused(log) == log.state
        assert len(await everything(log)) == log.head == 1 + 3 * taken

        await disk.free(log)
        await recovered(log)
        result = await log.append("a", notes("after"), expected=1 + 3 * taken)
        assert result.first_seq == 2 + 3 * taken
        assert (await log.append("a", [], command_id="kept")).duplicate
        assert (states[0], states[-1]) == ("full", "ok")
        assert (await log.verify()).problems == []


async def test_a_disk_that_is_full_from_the_start(disk: Disk) -> None:
    if disk.mounted:
        await disk.fill()
    async with await EventLog.open(disk.folder / "athena.db", probe_interval=0.05) as log:
        if not disk.mounted:
            await disk.fill(log)
        assert (await refused(log)).name == "full"
        if disk.mounted:
            with pytest.raises(LogUnavailable):
                await log.read()
        await disk.free(log)
        await recovered(log)
        await log.append("a", notes("first"))
        assert told(await log.read()) == ["1 a@1 noted first"]


@contextmanager
def foreign_lock(path: Path) -> Iterator[None]:
    """Another program that has begun to write and does not end."""
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
    finally:
        process.communicate(b"")


async def test_a_database_locked_by_another_program(path: Path) -> None:
    async with await EventLog.open(path, busy_timeout=0.1, probe_interval=0.05) as log:
        await log.append("a", notes("one"))
        with foreign_lock(path):
            results = await asyncio.gather(
                *(log.append("a", notes("lost")) for _ in range(3)), return_exceptions=True
            )
            assert [type(result) for result in results] == [LogUnavailable] * 3
            assert log.state.name == "locked"
            assert "Close the program" in log.state.hint
            assert told(await log.read()) == ["1 a@1 noted one"]
        await recovered(log)
        await log.append("a", notes("two"), expected=1)
        assert told(await log.read()) == ["1 a@1 noted one", "2 a@2 noted two"]


async def test_a_lock_that_is_let_go_in_time_is_only_waited_for(path: Path) -> None:
    async with await EventLog.open(path, busy_timeout=20) as log:
        with foreign_lock(path):
            writing = asyncio.ensure_future(log.append("a", notes("one")))
            await until(lambda: log.metrics.waiting == 0)
        assert (await writing).last_seq == 1
        assert log.state.ok


async def test_a_database_locked_at_the_start(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", notes("one"))
    with foreign_lock(path):
        log = await EventLog.open(path, busy_timeout=0.1, probe_interval=0.05)
        assert (await refused(log)).name == "locked"
        assert (log.head, told(await log.read())) == (1, ["1 a@1 noted one"])
    await recovered(log)
    assert (await log.append("a", notes("two"))).versions == {"a": 2}
    await log.close()


async def test_what_a_foreign_hand_wrote_is_noticed(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", notes("one", "two"))
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("DELETE FROM event WHERE seq = 2")
        connection.close()
        assert (await log.append("a", notes("three"), expected=1)).last_seq == 2


async def crash_image(log: EventLog, folder: Path) -> Path:
    """The files as a crash would leave them."""
    folder.mkdir()
    for name in ("athena.db", "athena.db-wal"):
        shutil.copy(log.path.with_name(name), folder / name)
    return folder / "athena.db"


async def test_damage_is_found_after_an_unclean_stop(log: EventLog, tmp_path: Path) -> None:
    for n in range(400):
        await log.append("a", [note(f"{n} " + "x" * 3000)])
    image = await crash_image(log, tmp_path / "image")
    with open(image, "r+b") as file:
        file.seek(image.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)
        file.write(os.urandom(4 * PAGE_BYTES))

    async with await EventLog.open(image) as broken:
        await broken.checked()
        state = await refused(broken)
        assert state.name == "damaged"
        assert "backups" in state.hint
        assert (await broken.read(0, limit=10))[0].version == 1
        with pytest.raises(LogUnavailable):
            await everything(broken)
        assert not (await broken.verify()).ok


async def test_an_unclean_stop_without_damage_is_fine(log: EventLog, tmp_path: Path) -> None:
    await log.append("a", notes(*range(500)))
    async with await EventLog.open(await crash_image(log, tmp_path / "image")) as image:
        await image.checked()
        assert image.state.ok
        assert image.head == 500
        assert await everything(image) == await everything(log)


@pytest.mark.parametrize(
    "content", [b"Dear diary,\n" * 1000, b"SQLite format 3\0" + b"\xff" * 9000]
)
async def test_a_file_that_is_no_database(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    async with await EventLog.open(path) as log:
        assert (await refused(log)).name == "damaged"
        with pytest.raises(LogUnavailable):
            await log.read()
    assert path.read_bytes() == content


async def test_the_database_of_another_program_is_not_touched(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE song (title)")
    connection.commit()
    connection.close()
    content = path.read_bytes()
    with pytest.raises(NotAnEventLog, match="not one of Athena's"):
        await EventLog.open(path)
    assert path.read_bytes() == content


async def test_a_file_that_is_moved_away_is_not_written_into_the_void(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", notes("one"))
        path.rename(path.with_name("elsewhere.db"))
        state = await refused(log)
        assert state.name == "damaged"
        assert "moved, replaced or deleted" in state.reason


@contextmanager
def ordinary_user() -> Iterator[None]:
    """File permissions mean nothing to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A database in a folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="athena-log-"))
    folder.chmod(0o777)
    try:
        yield folder / "athena.db"
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)


def allow(path: Path, folder_mode: int, file_mode: int) -> None:
    path.parent.chmod(folder_mode)
    for file in path.parent.iterdir():
        file.chmod(file_mode)


async def test_a_read_only_folder(public_path: Path) -> None:
    async with await EventLog.open(public_path) as log:
        await log.append("a", notes("one"))
    allow(public_path, 0o555, 0o444)
    with ordinary_user():
        log = await EventLog.open(public_path, probe_interval=0.05)
        state = await refused(log)
        assert state.name == "readOnly"
        assert "Make the file and its folder writable" in state.hint
        assert (log.head, told(await log.read())) == (1, ["1 a@1 noted one"])
    allow(public_path, 0o777, 0o666)
    with ordinary_user():
        await recovered(log)
        await log.append("a", notes("two"), expected=1)
        assert told(await log.read()) == ["1 a@1 noted one", "2 a@2 noted two"]
        await log.close()


async def test_a_read_only_file(public_path: Path) -> None:
    async with await EventLog.open(public_path) as log:
        await log.append("a", notes("one"))
    allow(public_path, 0o777, 0o444)
    with ordinary_user():
        async with await EventLog.open(public_path) as log:
            assert (await refused(log)).name == "readOnly"
            assert told(await log.read()) == ["1 a@1 noted one"]


async def test_a_second_log_in_the_same_process(log: EventLog) -> None:
    with pytest.raises(LogInUse, match=f"in use by process {os.getpid()}"):
        await EventLog.open(log.path)
    await log.append("a", notes("the first goes on"))
    assert log.state.ok


async def test_a_second_log_in_another_process(log: EventLog) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from athena.log import EventLog\n"
        "asyncio.run(EventLog.open(pathlib.Path(sys.argv[1])))\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    second = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        str(log.path),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert f"in use by process {os.getpid()}" in stderr.decode()


async def test_a_program_that_forgets_to_close_ends(path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from athena.log import EventLog, NewEvent\n"
        "async def main():\n"
        "    log = await EventLog.open(pathlib.Path(sys.argv[1]))\n"
        "    await log.append('a', [NewEvent('noted', {'text': 'one'})])\n"
        "    sys.exit(3)\n"
        "asyncio.run(main())\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), env=environment
    )
    try:
        assert await asyncio.wait_for(process.wait(), 20) == 3
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    async with await EventLog.open(path) as log:
        assert told(await log.read()) == ["1 a@1 noted one"]


async def test_files_are_private(log: EventLog) -> None:
    await log.append("a", notes("one"))
    await log.backup()
    modes = {p.name: p.stat().st_mode & 0o777 for p in log.path.parent.rglob("*") if p.is_file()}
    assert len(modes) >= 4
    assert set(modes.values()) == {0o600}
    assert log.path.parent.stat().st_mode & 0o777 == 0o700
