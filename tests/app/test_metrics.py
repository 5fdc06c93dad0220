"""The counters of `athena/system/metrics`, by what they count."""

from __future__ import annotations

from pathlib import Path

from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync

AGENTS = 4


def cache(client: Client) -> Json:
    return client.call("athena/system/metrics")["cache"]


def agents(client: Client, folder: Path) -> list[str]:
    """Agents that have done something and ended."""
    made = [spawn(client, folder, f"say number {n}")["id"] for n in range(AGENTS)]
    for agent in made:
        client.until(agent, "idle")
        client.call("athena/agent/stop", agent=agent)
        client.until_status(agent, "done")
    return made


def test_recent_agents_are_warm_after_a_start(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        made = agents(client, folder)
    athena.run("daemon", "restart")
    with athena.client() as client:
        warm = cache(client)
        assert (warm["entries"], warm["snapshotsLoaded"]) == (AGENTS, AGENTS)
        assert (warm["eventsFolded"], warm["evictions"]) == (0, 0)
        assert warm["bytes"] > 0
        for agent in made:
            client.agent(agent)
        after = cache(client)
        assert after["hits"] - warm["hits"] == AGENTS
        assert after["misses"] == warm["misses"]


def test_what_does_not_fit_is_let_go_and_comes_back(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        made = agents(client, folder)
    athena.run("daemon", "stop")
    Path(athena.environment["ATHENA_CONFIG"]).write_text("[daemon]\ncache_bytes = 1\n")
    athena.start()
    with athena.client() as client:
        small = cache(client)
        assert small["entries"] == 1
        assert small["evictions"] >= AGENTS - 1
        assert {a["id"] for a in client.agents()} == set(made)
        for agent in made:
            page = client.call("athena/transcript/page", agent=agent)
            assert page["items"]
            assert client.agent(agent)["status"] == "done"
        until_sync(lambda: cache(client)["misses"] > small["misses"])
        assert cache(client)["entries"] == 1


def test_the_log_and_the_daemon_are_counted(athena: Athena, folder: Path) -> None:
    with athena.client() as client:
        agent = spawn(client, folder)["id"]
        client.until(agent, "idle")
        before = client.call("athena/system/metrics")
        for n in range(10):
            client.call("athena/agent/rename", agent=agent, name=f"n{n}")
        after = client.call("athena/system/metrics")
        assert after["log"]["head"] - before["log"]["head"] >= 10
        assert after["log"]["groups"] - before["log"]["groups"] >= 10
        assert after["log"]["databaseBytes"] > 0
        assert after["daemon"]["runsAttached"] == 1
        assert after["daemon"]["connections"] == 1
        assert after["daemon"]["cpuSeconds"] > 0
