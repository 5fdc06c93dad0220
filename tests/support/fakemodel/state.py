"""The little that the server keeps: scripts, gates, how often a failure was served, requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web

from tests.support.fakemodel.plan import Plan
from tests.support.fakemodel.record import Request
from tests.support.fakemodel.script import Fail, Script
from tests.support.fakemodel.scripts import BUILTIN

GATE_SECONDS = 300.0


class State:
    """Shared by the model handlers and the control handlers; one event loop, so no locks."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = dict(BUILTIN)
        self.gates: dict[str, asyncio.Event] = {}
        self.waiting: Counter[str] = Counter()
        self.failures: Counter[tuple[str, int]] = Counter()
        self.requests: list[Request] = []
        self.count = 0

    def begin(self, http: web.Request, **fields: Any) -> Request:
        """Record a new request."""
        self.count += 1
        agent = http.headers.get("user-agent", "")
        record = Request(self.count, http.method, http.path, agent, **fields)
        self.requests.append(record)
        return record

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())

    async def pass_gate(self, name: str) -> None:
        """Wait until the gate is open; `TimeoutError` after `GATE_SECONDS`."""
        self.waiting[name] += 1
        try:
            await asyncio.wait_for(self.gate(name).wait(), GATE_SECONDS)
        finally:
            self.waiting[name] -= 1

    def still_fails(self, chosen: Plan, fail: Fail) -> bool:
        """Count one more try of this round, and say whether it fails too."""
        key = (str(chosen.marker), chosen.round)
        self.failures[key] += 1
        return self.failures[key] <= fail.times
