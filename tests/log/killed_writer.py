"""A program that writes to a log without end and says so line by line; the tests kill it.

After each append that came back it prints `batch <number> <last seq>`. Every third batch brings
ingest state and an outbox frame, and now and then a stream is archived.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from athena.log import EventLog, Ingest, NewEvent, OutFrame

PRODUCERS = 8


async def produce(log: EventLog, producer: int, start: int) -> None:
    run, number = f"run-{producer}", start
    state = await log.ingest_state(run)
    position = state.position if state else 0
    while True:
        number += 1
        batch = f"{producer}.{number}"
        events = [NewEvent("part", {"batch": batch, "of": 3, "pad": "x" * 500}) for _ in range(3)]
        ingest, outbox = None, []
        if number % 3 == 0:
            position += 1
            ingest = Ingest(run, position, str(position).encode())
            events.append(NewEvent("ingested", {"run": run, "position": position}))
            outbox = [OutFrame(run, position, batch.encode())]
        result = await log.append(
            f"s{producer}", events, command_id=batch, ingest=ingest, outbox=outbox
        )
        os.write(1, f"batch {batch} {result.last_seq}\n".encode())
        if number % 40 == 0:
            await log.archive(f"s{producer}")


async def main(path: Path, start: int) -> None:
    async with await EventLog.open(path) as log:
        assert log.state.ok, log.state
        await asyncio.gather(*(produce(log, n, start) for n in range(PRODUCERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
