"""The whole of Athena: from a harness's line to a client's notification, and back from the dead.

    python -m bench.whole [--json]

Everything is real: the daemon, its runners, harness processes, the socket and the database.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psutil

from athena.daemon.supervisor import SETTLED_SECONDS
from athena.relay import control
from tests.lsp.editor import Editor
from tests.support.athena import Athena, Client, Json
from tests.support.wait import until_sync

EMITTER = Path(__file__).with_name("emitter.py")
AGENTS, PER_SECOND, SECONDS = 20, 25, 10
MANY, EVENTS = 50, 10_000
LARGE_ITEMS, LARGE_BYTES = 10_000, 5_000

Row = dict[str, Any]


@contextmanager
def athena_of(root: Path) -> Iterator[Athena]:
    """An Athena whose harness is the emitter."""
    athena = Athena(root)
    command = json.dumps([sys.executable, str(EMITTER)])
    Path(athena.environment["ATHENA_CONFIG"]).write_text(
        f"[harness.emitter]\ncommand = {command}\n"
    )
    athena.start()
    try:
        yield athena
    finally:
        with athena.client() as client:
            for agent in client.agents():
                client.call("athena/agent/kill", agent=agent["id"])
            until_sync(lambda: all("runId" not in a for a in client.agents()), 60)
        control.stop(str(athena.state), force=True)


def spawn(client: Client, place: Path, name: str, wanted: Row | None = None) -> str:
    """An agent of the emitter, with its first prompt if one is given."""
    asked: Json = {
        "harness": "emitter",
        "name": name,
        "project": str(place),
        "workspace": {"kind": "none"},
    }
    if wanted:
        asked["prompt"] = json.dumps(wanted)
    return client.call("athena/agent/spawn", **asked)["id"]


def all_at_rest(client: Client) -> bool:
    return all(a["status"] == "idle" and not a["queue"] for a in client.agents())


def latency(root: Path) -> list[Row]:
    """From the moment a harness says something to the moment a client is told.

    An editor was there before, so the daemon has loaded all that it loads in its first seconds.
    """
    with athena_of(root) as athena, athena.client() as client:
        with Editor(athena, root):
            pass
        ids = [spawn(client, root, f"a{n:02}") for n in range(AGENTS)]
        until_sync(lambda: all_at_rest(client), 60)
        with athena.client() as follower:
            follower.call("athena/event/subscribe", kinds=["itemCompleted", "turnEnded"])
            wanted = {"count": PER_SECOND * SECONDS, "per_second": PER_SECOND}
            for agent in ids:
                client.call("athena/agent/prompt", agent=agent, text=json.dumps(wanted))
            delays: list[float] = []
            ended = 0
            for _, params in follower.raw.notifications(30):
                now = time.time_ns()
                assert isinstance(params, dict)
                for event in params["events"]:
                    if event["kind"] == "turnEnded":
                        ended += 1
                    elif event["data"]["item"]["type"] == "toolCall":
                        delays.append((now - int(event["data"]["item"]["title"])) / 1e6)
                if ended == AGENTS:
                    break
    delays.sort()
    return [
        {
            "agents": AGENTS,
            "events per second": AGENTS * PER_SECOND,
            "measured": len(delays),
            "p50 ms": round(statistics.median(delays), 1),
            "p99 ms": round(delays[int(len(delays) * 0.99)], 1),
            "max ms": round(delays[-1], 1),
        }
    ]


def restart(root: Path) -> list[Row]:
    """From SIGKILL to every agent attached and listed by the next daemon."""
    with athena_of(root) as athena:
        with athena.client() as client:
            wanted = {"count": EVENTS}
            for n in range(MANY):
                spawn(client, root, f"a{n:02}", wanted)
            until_sync(lambda: all_at_rest(client), 900)
            events = client.call("athena/system/info")["cursor"]
        rows: list[Row] = []
        for what, kill in (("the daemon", athena.crash), ("its supervisor too", athena.kill)):
            times: list[float] = []
            for _ in range(3):
                _settle(athena)
                began = time.monotonic()
                kill()
                with athena.client() as client:
                    until_sync(lambda: _attached(client) == MANY, 60)
                    assert len(client.agents()) == MANY
                    times.append(time.monotonic() - began)
            rows.append(
                {
                    "killed": what,
                    "agents": MANY,
                    "events": events,
                    "median s": round(statistics.median(times), 2),
                    "worst s": round(max(times), 2),
                }
            )
        return rows


def _settle(athena: Athena) -> None:
    """Wait until the daemon is old enough to be replaced by its supervisor."""

    def old() -> bool:
        found = control.status(str(athena.state))
        return found is not None and cast("float", found["uptimeSeconds"]) > SETTLED_SECONDS

    until_sync(old, 10)


def _attached(client: Client) -> int:
    return int(client.call("athena/system/metrics")["daemon"]["runsAttached"])


def pages(root: Path) -> list[Row]:
    """The last page of an agent with 50 MB of transcript."""
    with athena_of(root) as athena, athena.client() as client:
        wanted = {"count": LARGE_ITEMS, "bytes": LARGE_BYTES}
        agent = spawn(client, root, "large", wanted)
        until_sync(lambda: all_at_rest(client), 300)
        daemon = psutil.Process(athena.pid)
        before = daemon.memory_info().rss
        times: list[float] = []
        for _ in range(20):
            began = time.monotonic()
            page = client.call("athena/transcript/page", agent=agent, limit=50)
            times.append((time.monotonic() - began) * 1000)
            assert len(page["items"]) == 50
        grown = daemon.memory_info().rss - before
    return [
        {
            "items": LARGE_ITEMS,
            "megabytes": LARGE_ITEMS * LARGE_BYTES // 1_000_000,
            "median ms": round(statistics.median(times), 1),
            "worst ms": round(max(times), 1),
            "memory grown MB": round(grown / 2**20, 1),
        }
    ]


def memory(root: Path) -> list[Row]:
    """What a daemon and a runner hold: resident, and their share of what is shared."""
    with athena_of(root) as athena, athena.client() as client:
        spawn(client, root, "one", {"count": 10})
        until_sync(lambda: all_at_rest(client), 60)
        daemon = psutil.Process(athena.pid)
        runners = [p for p in psutil.process_iter() if _is_runner(p, athena.state)]
        found = [("daemon with one agent", daemon), ("runner", runners[0])]
        return [
            {
                "process": name,
                "resident MB": round(p.memory_info().rss / 2**20, 1),
                "proportional MB": round(p.memory_full_info().pss / 2**20, 1),
            }
            for name, p in found
        ]


def _is_runner(process: psutil.Process, state: Path) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return any("runner" in w for w in words) and any(str(state) in w for w in words)


def measure() -> dict[str, list[Row]]:
    """All tables by their titles."""
    tables: dict[str, list[Row]] = {}
    for title, bench in (
        ("Harness line to client notification", latency),
        ("Restart after SIGKILL, until every agent is attached and listed", restart),
        ("Last page of a large agent", pages),
        ("Memory", memory),
    ):
        with tempfile.TemporaryDirectory(prefix="athena-bench-") as name:
            tables[title] = bench(Path(name))
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    measured = measure()
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    for title, rows in measured.items():
        sys.stdout.write(f"{title}\n")
        for row in rows:
            sys.stdout.write("  " + ", ".join(f"{k}: {v}" for k, v in row.items()) + "\n")


if __name__ == "__main__":
    main()
