"""The complete export, and the import that makes the same log of it."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from athena.log import EventLog, ImportRefused, Ingest, NewEvent, OutFrame, VersionConflict
from tests.log.samples import everything, note, notes, told


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[EventLog]:
    async with await EventLog.open(tmp_path / "other" / "athena.db") as log:
        yield log


async def fill(log: EventLog) -> None:
    """A bit of everything that the log can hold."""
    await log.append(
        "agent/1",
        [
            note("first"),
            note("ü" * 20_000),
            NewEvent("fromTheFuture", {"x": [1.5, None]}, v=9, at=7),
        ],
        command_id="command-1",
        ingest=Ingest("run-1", 512, b"\x00memory\xff"),
        outbox=[OutFrame("run-1", 1, b"\xfe"), OutFrame("run-1", 2, b"two")],
    )
    await log.append("agent/2", [NewEvent("said", {"raw": {"$blob": "mine"}, "half": "\ud800"})])
    await log.append("agent/1", notes("last"))
    await log.forget_sent("run-1", 1)
    await log.put_blob(b"\x89PNG\xff" * 100)
    await log.set_position("replica", 3)
    await log.archive("agent/1")
    await log.save_snapshot("costs", "all", 4, b"derived")


async def lines_of(log: EventLog) -> list[bytes]:
    out = io.BytesIO()
    assert await log.export(out) == log.head
    return out.getvalue().splitlines(keepends=True)


async def test_there_and_back(log: EventLog, other: EventLog) -> None:
    await fill(log)
    lines = await lines_of(log)
    assert await other.import_(lines) == log.head == other.head

    assert await everything(other) == await everything(log)
    assert await other.ingest_state("run-1") == Ingest("run-1", 512, b"\x00memory\xff")
    assert await other.outbox_after("run-1") == [OutFrame("run-1", 2, b"two")]
    assert await other.positions() == {"replica": 3}
    assert (await other.append("x", [], command_id="command-1")).versions == {"agent/1": 3}
    assert (await other.verify()).problems == []


async def test_an_export_of_an_import_is_the_same(log: EventLog, other: EventLog) -> None:
    await fill(log)
    lines = await lines_of(log)
    await other.import_(lines)
    assert await lines_of(other) == lines


async def test_the_imported_log_goes_on(log: EventLog, other: EventLog) -> None:
    await fill(log)
    # What the writer of the other log has looked up before must not be remembered as it was.
    with pytest.raises(VersionConflict):
        await other.append("agent/1", notes("lost"), expected=5)
    await other.import_(await lines_of(log))
    result = await other.append("agent/1", notes("new"), expected=await log.version("agent/1"))
    assert result.first_seq == log.head + 1
    frame = OutFrame("run-1", 3, b"three")
    await other.append("agent/1", [], outbox=[frame])
    assert (await other.outbox_after("run-1"))[-1] == frame


async def test_kinds_of_a_newer_writer_survive(log: EventLog, other: EventLog) -> None:
    await fill(log)
    await other.import_(await lines_of(log))
    (event,) = await other.read(kinds=["fromTheFuture"])
    assert (event.v, event.at, event.data) == (9, 7, {"x": [1.5, None]})


async def test_an_export_is_one_moment(log: EventLog) -> None:
    await log.append("a", notes(*range(3000)))
    seen: list[tuple[int, int]] = []
    out = io.BytesIO()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 1000:  # Written past the log, in the middle of the export.
            connection = sqlite3.connect(log.path)
            with connection:
                connection.execute("DELETE FROM event WHERE seq > 1500")
            connection.close()

    assert await log.export(out, progress) == 3000
    assert seen == [(1000, 3000), (2000, 3000), (3000, 3000)]


async def test_a_sink_that_fails_is_not_the_logs_fault(log: EventLog) -> None:
    await log.append("a", [note("x" * 1000)] * 100)
    with open("/dev/full", "wb", buffering=0) as sink, pytest.raises(OSError, match="No space"):
        await log.export(sink)
    assert log.state.ok


async def test_every_line_is_json_and_the_last_one_counts(log: EventLog) -> None:
    await fill(log)
    records = [json.loads(line) for line in await lines_of(log)]
    assert records[0] == {"type": "athena-export", "format": 1, "schema": 1, "head": log.head}
    assert records[-1]["type"] == "end"
    assert sum(records[-1]["counts"].values()) == len(records) - 2


async def test_only_an_empty_log_takes_an_import(log: EventLog, other: EventLog) -> None:
    await fill(log)
    await other.append("a", notes("mine"))
    with pytest.raises(ImportRefused, match="needs an empty log"):
        await other.import_(await lines_of(log))
    assert told(await other.read()) == ["1 a@1 noted mine"]


def without(lines: list[bytes], number: int) -> list[bytes]:
    return lines[:number] + lines[number + 1 :]


def changed(lines: list[bytes], old: bytes, new: bytes) -> list[bytes]:
    assert any(old in line for line in lines)
    return [line.replace(old, new) for line in lines]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda lines: [], "cut off"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-1], lines[-1][:10]], "no line of an Athena export"),
        (lambda lines: without(lines, 0), "must be the header"),
        (lambda lines: changed(lines, b'"format":1', b'"format":2'), "update Athena"),
        (lambda lines: without(lines, 2), "missing before this one"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "comes twice"),
        (lambda lines: without(lines, len(lines) - 2), "lines are missing"),
        (lambda lines: [*lines, lines[1]], "more after the last line"),
        (
            lambda lines: changed(lines, b'"text":"\xc3\xbc\xc3', b'"text":"xx\xc3'),
            "not what its id",
        ),
        (lambda lines: changed(lines, b'"position":512', b'"position":"far"'), "no line of an"),
        (lambda lines: [lines[0], b"[1,2]\n"], "no line of an Athena export"),
        (lambda lines: [lines[0], b'{"type":"nonsense"}\n'], "no line of an Athena export"),
        (lambda lines: [lines[0], b"\xff\xfe garbage\n"], "no line of an Athena export"),
    ],
)
async def test_a_spoilt_export_is_refused_whole(
    log: EventLog, other: EventLog, spoil: object, complaint: str
) -> None:
    await fill(log)
    lines = await lines_of(log)
    assert callable(spoil)
    with pytest.raises(ImportRefused, match=complaint):
        await other.import_(spoil(lines))
    assert other.head == 0
    assert (await other.runs(), await other.streams()) == ([], [])
    assert await other.import_(lines) == log.head
