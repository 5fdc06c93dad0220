"""Dated copies of the whole database."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from athena.log import BackupFailed, EventLog, backup
from tests.log.disk import small_disk
from tests.log.samples import everything, notes

DAY_MS = 24 * 60 * 60 * 1000


async def test_a_copy_is_a_whole_log(log: EventLog) -> None:
    await log.append("a", notes(*range(100)))
    copy = await log.backup()
    await log.append("a", notes("after"))
    assert copy.parent == log.backups
    async with await EventLog.open(copy) as same:
        assert len(await everything(same)) == 100
        assert (await same.verify()).problems == []


async def test_the_newest_are_kept(path: Path) -> None:
    now = 1_700_000_000_000
    async with await EventLog.open(path, clock=lambda: now) as log:
        keepsake = log.backups / "athena-before-schema-2.db"
        made = [await log.backup(keep=3)]
        keepsake.write_bytes(b"kept")
        for _ in range(5):
            now += DAY_MS
            made.append(await log.backup(keep=3))
        assert backup.dated(log.backups) == made[-3:]
        assert keepsake.exists()
        assert sorted(p.name for p in log.backups.iterdir()) == sorted(
            [keepsake.name, *(p.name for p in made[-3:])]
        )


async def test_a_copy_is_due_once_a_day(path: Path) -> None:
    now = 1_700_000_000_000
    async with await EventLog.open(path, clock=lambda: now) as log:
        assert log.daily_backup_due()
        made = await log.backup()
        os.utime(made, (now / 1000, now / 1000))
        assert not log.daily_backup_due()
        now += DAY_MS - 1000
        assert not log.daily_backup_due()
        now += 1000
        assert log.daily_backup_due()


async def test_a_clock_that_is_set_back(path: Path) -> None:
    now = 1_700_000_000_000
    async with await EventLog.open(path, clock=lambda: now) as log:
        for _ in range(3):
            now += DAY_MS
            os.utime(await log.backup(keep=3), (now / 1000, now / 1000))
        now -= 30 * DAY_MS
        assert log.daily_backup_due()
        made = await log.backup(keep=3)
        os.utime(made, (now / 1000, now / 1000))
        assert made.exists() and len(backup.dated(log.backups)) == 3
        assert not log.daily_backup_due()


async def test_writing_goes_on_meanwhile(log: EventLog) -> None:
    await log.append("a", notes(*range(20_000)))
    copying = asyncio.ensure_future(log.backup())
    written = 0
    while not copying.done():
        await log.append("b", notes(written))
        written += 1
    assert written > 0
    connection = sqlite3.connect(await copying)
    assert connection.execute("SELECT count(*) FROM event").fetchone()[0] >= 20_000
    connection.close()


async def test_a_copy_that_does_not_fit_leaves_nothing(log: EventLog, tmp_path: Path) -> None:
    await log.append("a", notes(*("x" * 1000 + str(n) for n in range(9000))))
    with small_disk(tmp_path / "disk") as disk:
        if not disk.mounted:
            (disk.folder / "file").touch()
            disk = type(disk)(disk.folder / "file", mounted=False)
        with pytest.raises(BackupFailed, match=str(disk.folder)):
            await log.backup(disk.folder)
        assert not disk.folder.is_dir() or list(disk.folder.iterdir()) == []
    assert log.state.ok
    await log.append("a", notes("the log itself is fine"))
