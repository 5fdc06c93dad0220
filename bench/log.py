"""The event log against raw sqlite3, and its promises about restarts and long streams.

    python -m bench.log            a table
    python -m bench.log --json     the same numbers for a machine

The baseline is the fastest way found to write the same rows with the sqlite3 module alone: one
thread, `executemany`, the same schema and settings, as many rows per transaction as the log had in
the run just before. It makes the same JSON text of the same objects, but has no producers to wake,
no versions to check, no reader and no event loop. Runs alternate; the ratio is the median of pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from athena.log import EventLog, Fold, NewEvent, StateCache, StoredEvent
from athena.log.schema import MIGRATIONS

PAIRS = 5
EVENTS = 20_000
PACED_SECONDS = 5
RESTART_STREAMS, RESTART_EVENTS = 50, 10_000
LONG_EVENTS, LONG_BYTES = 10_000, 5_000

ITEM = {
    "turnId": "turn-17",
    "item": {
        "id": "item-204",
        "type": "toolCall",
        "kind": "edit",
        "status": "completed",
        "title": "Edit src/app.py",
        "locations": [{"path": "src/app.py", "line": 42}],
        "content": [{"type": "text", "text": "The parser now keeps the position. " * 9}],
    },
}


@dataclass(frozen=True)
class Throughput:
    """Events per second with so many producers, and the share of the baseline that is."""

    producers: int
    events_per_second: int
    raw_events_per_second: int
    events_per_commit: float
    ratio: float


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the call to durability."""

    load: str
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Restart:
    """After SIGKILL: the file opened, all streams listed, all states folded."""

    streams: int
    events: int
    open_ms: float
    list_ms: float
    warm_ms: float
    events_folded: int
    background_check_ms: float


@dataclass(frozen=True)
class LongStream:
    """The last 100 events of a long stream, live and archived."""

    megabytes: float
    last_page_ms: float
    resident_growth_mb: float
    archived_last_page_ms: float
    archive_ratio: float


@contextmanager
def folder() -> Iterator[Path]:
    """On the disk that holds the checkout: a tmpfs would make every commit free."""
    path = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path(__file__).parent))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def raw_rate(path: Path, events: int, per_commit: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for statement in MIGRATIONS[0].statements:
        connection.execute(statement)
    connection.executemany("INSERT INTO stream (name) VALUES (?)", [(f"s{n}",) for n in range(64)])
    started, seq = time.perf_counter(), 0
    while seq < events:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (n + 1, n % 64 + 1, n // 64 + 1, time.time_ns() // 1_000_000, "item.completed", 1,
                 json.dumps(ITEM, ensure_ascii=False, separators=(",", ":")), None)
                for n in range(seq, seq + per_commit)
            ],
        )  # fmt: skip
        connection.execute("COMMIT")
        seq += per_commit
    rate = seq / (time.perf_counter() - started)
    connection.close()
    return rate


async def log_rate(path: Path, events: int, producers: int) -> tuple[float, float]:
    """Events per second, and events per commit."""
    async with await EventLog.open(path) as log:

        async def produce(stream: str) -> None:
            for version in range(events // producers):
                await log.append(stream, [NewEvent("item.completed", ITEM)], expected=version)

        started = time.perf_counter()
        await asyncio.gather(*(produce(f"s{n}") for n in range(producers)))
        rate = log.head / (time.perf_counter() - started)
        return rate, log.metrics.jobs / log.metrics.groups


def throughput(producers: int) -> Throughput:
    events = EVENTS if producers > 1 else EVENTS // 10
    ours: list[float] = []
    raws: list[float] = []
    per_commit = 1.0
    for _ in range(PAIRS):
        with folder() as path:
            rate, per_commit = asyncio.run(log_rate(path / "log.db", events, producers))
            ours.append(rate)
            raws.append(raw_rate(path / "raw.db", events, max(round(per_commit), 1)))
    ratios = [mine / raw for mine, raw in zip(ours, raws, strict=True)]
    return Throughput(
        producers,
        round(statistics.median(ours)),
        round(statistics.median(raws)),
        round(per_commit, 1),
        round(statistics.median(ratios), 2),
    )


async def paced(agents: int, per_second: int, seconds: float) -> Latency:
    took: list[float] = []
    with folder() as path:
        async with await EventLog.open(path / "log.db") as log:

            async def produce(stream: str, start: float) -> None:
                loop = asyncio.get_running_loop()
                for n in range(round(per_second / agents * seconds)):
                    await asyncio.sleep(start + n * agents / per_second - loop.time())
                    begun = time.perf_counter()
                    await log.append(stream, [NewEvent("item.completed", ITEM)])
                    took.append(time.perf_counter() - begun)

            start = asyncio.get_running_loop().time()
            await asyncio.gather(*(produce(f"s{n}", start + n / per_second) for n in range(agents)))
    cuts = statistics.quantiles(took, n=100)
    load = f"{per_second} events/s over {agents} agents"
    return Latency(load, round(cuts[49] * 1000, 2), round(cuts[98] * 1000, 2))


State = dict[str, object]


def evolve(state: State, event: StoredEvent) -> State:
    return {**state, "items": event.version, "last": event.data["item"]}


FOLD = Fold[State](
    name="bench",
    initial=lambda stream: {"agent": stream},
    evolve=evolve,
    encode=lambda state: json.dumps(state).encode(),
    decode=json.loads,
)


async def fill_and_die(path: Path, streams: int, events: int) -> None:
    """The life before the restart: appends, a cache that follows, and no orderly end."""
    log = await EventLog.open(path)
    cache = StateCache(log, FOLD)
    for _ in range(events // 100):
        await asyncio.gather(
            *(
                log.append(f"agent/{n}", [NewEvent("item.completed", ITEM)] * 100)
                for n in range(streams)
            )
        )
        for n in range(streams):
            await cache.get(f"agent/{n}")
    os.kill(os.getpid(), signal.SIGKILL)


def restart() -> Restart:
    with folder() as path:
        size = [str(RESTART_STREAMS), str(RESTART_EVENTS)]
        command = [sys.executable, "-m", "bench.log", "--fill", str(path / "log.db"), *size]
        subprocess.run(command, check=False)
        return asyncio.run(come_back(path / "log.db"))


async def come_back(database: Path) -> Restart:
    begun = time.perf_counter()
    async with await EventLog.open(database) as log:
        opened = time.perf_counter()
        streams = await log.streams("agent/")
        listed = time.perf_counter()
        cache = StateCache(log, FOLD)
        await cache.warm([head.stream for head in streams])
        warmed = time.perf_counter()
        await log.checked()
        checked = time.perf_counter()
        assert log.head == RESTART_STREAMS * RESTART_EVENTS
        assert cache.metrics.entries == RESTART_STREAMS
        return Restart(
            len(streams),
            log.head,
            round((opened - begun) * 1000, 1),
            round((listed - opened) * 1000, 1),
            round((warmed - listed) * 1000, 1),
            cache.metrics.events_folded,
            round((checked - begun) * 1000, 1),
        )


async def long_stream() -> LongStream:
    with folder() as path:
        async with await EventLog.open(path / "log.db") as log:
            for start in range(0, LONG_EVENTS, 500):
                texts = [f"{start + n} {os.urandom(LONG_BYTES // 4).hex()}" * 2 for n in range(500)]
                await log.append("agent/1", [NewEvent("said", {"text": text}) for text in texts])
            before = resident_mb()
            live = await last_page(log)
            growth = resident_mb() - before
            size = await page_bytes(log)
            await log.archive("agent/1")
            archived = await last_page(log)
            packed = sqlite3.connect(log.path).execute("SELECT sum(length(data)) FROM segment")
            ratio = packed.fetchone()[0] / size
    return LongStream(
        round(size / 1e6, 1), round(live, 1), round(growth, 1), round(archived, 1), round(ratio, 2)
    )


async def last_page(log: EventLog) -> float:
    begun = time.perf_counter()
    assert len(await log.read_stream_back("agent/1", limit=100)) == 100
    return (time.perf_counter() - begun) * 1000


async def page_bytes(log: EventLog) -> int:
    found = sqlite3.connect(log.path).execute("SELECT sum(length(data)) FROM event")
    return int(found.fetchone()[0])


def resident_mb() -> float:
    """The most that this process ever held in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure() -> dict[str, object]:
    """All numbers of this file, in the order of the table."""
    return {
        "throughput": [asdict(throughput(producers)) for producers in (1, 16, 64, 256)],
        "latency": [
            asdict(asyncio.run(paced(1, 20, PACED_SECONDS))),
            asdict(asyncio.run(paced(20, 500, PACED_SECONDS))),
        ],
        "restart": [asdict(restart())],
        "longStream": [asdict(asyncio.run(long_stream()))],
    }


def table(title: str, rows: list[dict[str, object]]) -> str:
    """Markdown, one row per measurement."""
    names = list(rows[0])
    lines = [f"### {title}", "", " | ".join(["", *names, ""]).strip()]
    lines.append("|" + " --- |" * len(names))
    lines += [" | ".join(["", *(str(row[name]) for name in names), ""]).strip() for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="measure the event log")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--fill", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        path, streams, events = options.fill
        asyncio.run(fill_and_die(Path(path), int(streams), int(events)))
    measured = measure()
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    for title, rows in measured.items():
        assert isinstance(rows, list)
        sys.stdout.write(table(title, rows) + "\n")


if __name__ == "__main__":
    main()
