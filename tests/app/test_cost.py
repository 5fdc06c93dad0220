"""What all agents cost from a moment on: through a real daemon and real processes."""

from __future__ import annotations

import time
from pathlib import Path

from tests.app.playing import spawn
from tests.support.athena import Athena, Client

HOUR_MS = 60 * 60_000


def spent(client: Client, since: int) -> dict[str, object]:
    return client.call("athena/cost/get", since=since)


def test_the_cost_of_all_agents(athena: Athena, folder: Path) -> None:
    now = time.time_ns() // 1_000_000
    with athena.client() as client:
        assert spent(client, now - HOUR_MS) == {"agents": 0}
        for name, cost in (("one", "0.25"), ("two", "0.5")):
            spawn(client, folder, f"usage input=10 output=1 cost={cost}\nsay Done", name=name)
            client.until(name, "idle")
        spawn(client, folder, "say For nothing", name="three")
        client.until("three", "idle")
        client.call("athena/agent/stop", agent="two")
        client.until("two", "done")
        client.call("athena/agent/archive", agent="two")
    athena.kill()
    with athena.client() as client:
        cost = {"amount": 0.75, "currency": "USD", "source": "reported"}
        assert spent(client, now - HOUR_MS) == {"cost": cost, "agents": 2}
        assert spent(client, now + HOUR_MS) == {"agents": 0}
