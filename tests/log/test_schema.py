"""Old databases and old events under a new program, and new ones under an old program."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from athena.log import EventLog, LogUnavailable, NewEvent, Upcasters
from athena.log.model import JsonObject
from athena.log.schema import MIGRATIONS, Migration
from tests.log.samples import everything, notes, told

GOLDEN = Path(__file__).parent / "golden"

SECOND = Migration("labels", ("ALTER TABLE stream ADD COLUMN label TEXT", "CREATE TABLE t2 (x)"))


async def old_database(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append("a", notes("one", "two"))


async def test_a_migration_keeps_the_data_and_leaves_a_copy(path: Path) -> None:
    await old_database(path)
    async with await EventLog.open(path, migrations=[*MIGRATIONS, SECOND]) as log:
        assert log.state.ok
        await log.append("a", notes("three"))
        assert told(await log.read())[-1] == "3 a@3 noted three"
    copy = path.parent / "backups" / "athena-before-schema-2.db"
    async with await EventLog.open(copy) as before:
        assert told(await before.read()) == ["1 a@1 noted one", "2 a@2 noted two"]


async def test_a_new_database_needs_no_copy(path: Path) -> None:
    async with await EventLog.open(path, migrations=[*MIGRATIONS, SECOND]) as log:
        assert log.state.ok
    assert not (path.parent / "backups").exists()


async def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    await old_database(path)
    broken = Migration("broken", (*SECOND.statements, "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await EventLog.open(path, migrations=[*MIGRATIONS, broken])
    async with await EventLog.open(path) as log:
        assert log.state.ok
        assert len(await everything(log)) == 2
    async with await EventLog.open(path, migrations=[*MIGRATIONS, SECOND]) as log:
        assert log.state.ok


async def test_a_newer_database_is_only_read(path: Path) -> None:
    async with await EventLog.open(path, migrations=[*MIGRATIONS, SECOND]) as log:
        await log.append("a", notes("one"))
    content = hashlib.sha256(path.read_bytes()).digest()
    async with await EventLog.open(path, probe_interval=0.01) as log:
        assert log.state.name == "readOnly"
        assert "newer Athena (schema 2, this one knows 1)" in log.state.reason
        assert "Update Athena" in log.state.hint
        with pytest.raises(LogUnavailable):
            await log.append("a", notes("lost"))
        assert (log.head, told(await log.read())) == (1, ["1 a@1 noted one"])
    assert hashlib.sha256(path.read_bytes()).digest() == content
    assert not (path.parent / "backups").exists()


def split_name(data: JsonObject) -> JsonObject:
    first, _, last = str(data["name"]).partition(" ")
    return {"first": first, "last": last}


def add_title(data: JsonObject) -> JsonObject:
    return {**data, "title": "Dr."}


UPCASTERS = Upcasters({("named", 1): split_name, ("named", 2): add_title})


async def test_events_are_read_in_the_shape_of_today(path: Path) -> None:
    async with await EventLog.open(path) as log:
        await log.append(
            "a",
            [
                NewEvent("named", {"name": "Ada Lovelace"}),
                NewEvent("named", {"first": "Alan", "last": "Turing"}, v=2),
                NewEvent("named", {"unknown": True}, v=7),
                NewEvent("other", {"name": "untouched"}),
            ],
        )
    async with await EventLog.open(path, upcasters=UPCASTERS) as log:
        found = [(e.kind, e.v, e.data) for e in await log.read()]
        assert found == [
            ("named", 3, {"first": "Ada", "last": "Lovelace", "title": "Dr."}),
            ("named", 3, {"first": "Alan", "last": "Turing", "title": "Dr."}),
            ("named", 7, {"unknown": True}),
            ("other", 1, {"name": "untouched"}),
        ]
        mentions = await log.read_mentions("a", ["name"])
        assert [name for _, _, name in mentions] == [None, None, None, "untouched"]
    async with await EventLog.open(path) as log:
        assert (await log.read())[0].data == {"name": "Ada Lovelace"}


async def test_exports_of_the_past_are_still_read(path: Path) -> None:
    """The golden exports are only added to: each was written by some Athena and must go in."""
    exports = sorted(GOLDEN.glob("*.ndjson"))
    assert exports
    for export in exports:
        own = path.with_name(export.stem) / "athena.db"
        async with await EventLog.open(own, upcasters=UPCASTERS) as log:
            await log.import_(export.read_bytes().splitlines())
            told = [
                f"{e.seq} {e.stream}@{e.version} {e.kind}/{e.v} {e.data}"
                for e in await everything(log)
            ]
            assert told == export.with_suffix(".txt").read_text().splitlines()
            assert (await log.verify()).problems == []
