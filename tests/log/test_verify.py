"""Every promise that `verify` looks after, broken by hand and found."""

from __future__ import annotations

import sqlite3

import pytest

from athena.log import EventLog, Ingest, OutFrame
from tests.log.samples import note, notes

LONG = "x" * 20_000


async def fill(log: EventLog) -> None:
    await log.append("a", notes(1, 2, 3), command_id="c")
    await log.append("b", [note(LONG)])
    await log.append("a", [], ingest=Ingest("run", 1, b""), outbox=[OutFrame("run", 1, b"x")])
    await log.append("old", notes(*range(5)))
    await log.archive("old")
    await log.append("a", notes(4))
    await log.set_position("replica", 2)
    await log.save_snapshot("costs", "a", 3, b"x")


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        ("DELETE FROM event WHERE seq = 2", "after event 1 comes event 3"),
        ("UPDATE event SET version = 9 WHERE seq = 3", "stream a jumps to version 9"),
        ("UPDATE event SET data = '{\"te' WHERE seq = 1", "event 1: its data is no JSON"),
        ("UPDATE event SET data = '[]' WHERE seq = 1", "event 1: its data is no JSON object"),
        ("UPDATE segment SET data = x'00112233'", "cannot be read"),
        ("UPDATE segment SET last_version = 6", "does not hold the events"),
        ("DELETE FROM segment", "after event 4 comes event 10"),
        ("UPDATE blob SET size = 7", "is not what its id says"),
        ("UPDATE blob SET data = x'00'", "cannot be read"),
        ("DELETE FROM blob", "is missing, an event refers to it"),
        ("DELETE FROM stream WHERE name = 'b'", "row 4 of event refers to a missing row of stream"),
        ("DELETE FROM run", "of outbox refers to a missing row of run"),
        ("UPDATE command SET last_seq = 99", "command c is ahead of the log"),
        ("UPDATE follower SET seq = 99", "follower replica is ahead of the log"),
        ("UPDATE snapshot SET seq = 99", "snapshot costs/a is ahead of the log"),
        ("UPDATE run SET sent = 0", "outbox frame 1 of run run was never counted"),
    ],
)
async def test_harm_is_found(log: EventLog, harm: str, finding: str) -> None:
    await fill(log)
    assert (await log.verify()).problems == []
    connection = sqlite3.connect(log.path)
    with connection:
        connection.execute(harm)
    connection.close()

    report = await log.verify()
    assert not report.ok
    assert any(finding in problem for problem in report.problems), report.problems


async def test_progress_is_told(log: EventLog) -> None:
    await log.append("a", notes(*range(2500)))
    seen: list[tuple[int, int]] = []
    report = await log.verify(lambda done, total: seen.append((done, total)))
    assert seen == [(1000, 2500), (2000, 2500), (2500, 2500)]
    assert (report.events, report.streams, report.segments, report.blobs) == (2500, 1, 0, 0)
