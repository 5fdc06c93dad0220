"""Noticing agents from which nothing comes any more, without false alarms.

An agent makes progress while its harness says anything or its processes use the CPU, those in
terminals that it asked for included. A harness that waits for the user is not stalled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

from athena.app.actor import AgentActor
from athena.app.context import Context

CHECK_SECONDS = 2.0

LEAST_CPU_SHARE = 0.02
"""Of one processor, between two looks. What only waits, with its timers, uses less."""

Spent = dict[tuple[int, float], float]
"""CPU seconds of processes by pid and start; a process counts for its children that ended."""


@dataclass(slots=True)
class Quiet:
    """An agent whose harness has said nothing for a while. Times are of the monotonic clock."""

    moved_at: float
    looked_at: float | None = None
    spent: Spent = field(default_factory=Spent)


class StallWatch:
    """Looks at the agents at work now and then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._quiet: dict[str, Quiet] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for actor in self._context.directory.actors():
                await self._look(actor)

    async def _look(self, actor: AgentActor) -> None:
        live = actor.live
        if live is None or live.run is None or not self._should_move(actor):
            self._quiet.pop(actor.agent_id, None)
            return
        limit = actor.state.spec.stall_seconds or self._context.limits.stall_seconds
        now = time.monotonic()
        if now - live.heard_at < limit / 2:
            # Looking at processes costs much more than looking at a clock.
            self._quiet.pop(actor.agent_id, None)
            if actor.state.stalled:
                await actor.note_recovery()
            return
        quiet = self._quiet.setdefault(actor.agent_id, Quiet(live.heard_at))
        spent = await asyncio.to_thread(cpu_spent, actor.processes())
        known, quiet.spent = quiet.spent, spent
        looked_at, quiet.looked_at = quiet.looked_at, now
        if looked_at is None:
            return
        if is_at_work(known, spent, now - looked_at):
            quiet.moved_at = now
        seconds = now - max(quiet.moved_at, live.heard_at)
        if seconds > limit and not actor.state.stalled:
            await actor.note_stall(seconds)
        elif seconds < limit and actor.state.stalled:
            await actor.note_recovery()

    def _should_move(self, actor: AgentActor) -> bool:
        state = actor.state
        opening = state.run is not None and not state.run.ready
        return (state.turn is not None or opening) and not state.requests


def is_at_work(before: Spent, now: Spent, seconds: float) -> bool:
    """Whether processes work, by what they have spent in the seconds between two looks.

    Each process is compared with itself: the end of one that spent much hides no other.
    """
    grown = sum(max(0.0, used - before.get(key, 0.0)) for key, used in now.items())
    return grown > LEAST_CPU_SHARE * seconds


def cpu_spent(leaders: Iterable[int]) -> Spent:
    """The CPU seconds of processes and of all their descendants that live."""
    spent: Spent = {}
    for pid in leaders:
        try:
            leader = psutil.Process(pid)
            family = [leader, *leader.children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            try:
                spent[process.pid, process.create_time()] = sum(process.cpu_times()[:4])
            except psutil.Error:
                continue
    return spent
