"""Noticing agents from which nothing comes any more, without false alarms.

An agent makes progress while its harness says anything or its processes use the CPU. A harness
that waits for the user is not stalled.
"""

from __future__ import annotations

import asyncio
import time

import psutil

from athena.app.actor import AgentActor
from athena.app.context import Context

CHECK_SECONDS = 2.0
LEAST_CPU_SECONDS = 0.05


class StallWatch:
    """Looks at the agents at work now and then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._cpu: dict[str, float] = {}
        self._moved: dict[str, float] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for actor in self._context.directory.actors():
                await self._look(actor)

    async def _look(self, actor: AgentActor) -> None:
        live = actor.live
        if live is None or live.run is None or not self._should_move(actor):
            self._forget(actor)
            return
        limit = actor.state.spec.stall_seconds or self._context.settings(None).daemon.stall_seconds
        now = time.monotonic()
        if now - live.heard_at < limit / 2:
            # Looking at processes costs much more than looking at a clock.
            self._forget(actor)
            if actor.state.stalled:
                await actor.note_recovery()
            return
        cpu = await asyncio.to_thread(cpu_seconds, live.run.pid)
        moved = self._moved.setdefault(actor.agent_id, live.heard_at)
        if cpu - self._cpu.setdefault(actor.agent_id, cpu) > LEAST_CPU_SECONDS:
            self._cpu[actor.agent_id] = cpu
            self._moved[actor.agent_id] = moved = now
        quiet = now - max(moved, live.heard_at)
        if quiet > limit and not actor.state.stalled:
            await actor.note_stall(quiet)
        elif quiet < limit and actor.state.stalled:
            await actor.note_recovery()

    def _forget(self, actor: AgentActor) -> None:
        self._cpu.pop(actor.agent_id, None)
        self._moved.pop(actor.agent_id, None)

    def _should_move(self, actor: AgentActor) -> bool:
        state = actor.state
        opening = state.run is not None and not state.run.ready
        return (state.turn is not None or opening) and not state.requests


def cpu_seconds(pid: int | None) -> float:
    """The CPU time of a process and its descendants that live; 0 when it is gone."""
    if pid is None:
        return 0.0
    try:
        leader = psutil.Process(pid)
        family = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0.0
    for process in family:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total
