"""`athena/system/...`: the daemon itself."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import fields

from pydantic.alias_generators import to_camel

from athena import __version__
from athena.app.context import Context
from athena.border import Connection
from athena.protocol.base import Empty
from athena.protocol.methods import PROTOCOL_VERSION
from athena.protocol.transcript import Metrics, SystemInfo


async def info(context: Context, connection: Connection, asked: Empty) -> SystemInfo:
    """Who the daemon is, and how it is."""
    state = context.log.state
    return SystemInfo(
        version=__version__,
        protocol=PROTOCOL_VERSION,
        pid=os.getpid(),
        state_dir=str(context.state_dir),
        database=str(context.log.path),
        started_at=context.started_at,
        log_state=state.name,
        log_reason=f"{state.reason}. {state.hint}" if not state.ok else None,
        problems=context.problems.all(),
        cursor=context.log.head,
        agents=len(context.directory.views()),
        connections=context.connections,
    )


async def metrics(context: Context, connection: Connection, asked: Empty) -> Metrics:
    """Counters of the daemon."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024
    return Metrics(
        cache=counters(context.cache.metrics),
        log=counters(context.log.metrics),
        daemon={
            "uptimeMs": context.clock() - context.started_at,
            "cpuSeconds": used.ru_utime + used.ru_stime,
            "maxRssBytes": used.ru_maxrss * scale,
            "connections": context.connections,
            "actors": len(context.directory.actors()),
            "runsAttached": sum(
                a.live is not None and a.live.run is not None for a in context.directory.actors()
            ),
        },
    )


def counters(record: object) -> dict[str, float]:
    """The fields of a dataclass of counters, by their wire names."""
    return {to_camel(f.name): float(getattr(record, f.name)) for f in fields(record)}  # pyright: ignore[reportArgumentType]
