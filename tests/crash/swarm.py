"""Many agents at work while the daemon is killed at random."""

from __future__ import annotations

import random
import time
from pathlib import Path

import psutil

from tests.app.playing import scenario
from tests.crash.compare import log_of
from tests.crash.kills import kill
from tests.support.athena import Athena, make_repository

TASK = """
think  I begin with a look around.
say    This is the work of one of many.
repeat {rounds}:
    write  file-${{count}}.txt: round ${{count}}
    run    cat file-${{count}}.txt
    say    Round ${{count}} printed ${{output}}
    wait   {pause}
permit run echo allowed
usage  input=900 output=50 cost=0.004
say    All rounds are done.
"""


def play(
    root: Path, agents: int, rounds: int, kills: int, chance: random.Random, pause: str = "150ms"
) -> tuple[dict[str, list[str]], int]:
    """Let agents play the task, with so many kills at random moments. Logs by name, and kills."""
    athena = Athena(root / "athena", {"ATHENA_SCRIPTED_PACE": "1"})
    place = make_repository(root / "repository")
    athena.start()
    done = 0
    try:
        names = [f"agent-{n:02}" for n in range(agents)]
        ids: dict[str, str] = {}
        for name in names:
            with athena.client() as client:
                ids[name] = client.call(
                    "athena/agent/spawn",
                    harness="scripted",
                    project=str(place),
                    workspace={"kind": "new"},
                    name=name,
                    prompt=scenario(TASK.format(rounds=rounds, pause=pause)),
                    commandId=name,
                )["id"]
            if done < kills:
                kill(athena, chance)
                done += 1
        answered: set[str] = set()
        while not _over(athena, answered):
            if done < kills:
                time.sleep(chance.uniform(0, 0.25))
                kill(athena, chance)
                done += 1
        logs = {name: log_of(athena, agent, root) for name, agent in ids.items()}
        return logs, done
    finally:
        athena.stop()
        assert_no_orphans(athena)


def _over(athena: Athena, answered: set[str]) -> bool:
    """Answer what is asked, each request once, and say whether all agents rest."""
    with athena.client() as client:
        agents = client.agents()
        for agent in agents:
            assert len(agent["requests"]) <= 1, agent["requests"]
            for request in agent["requests"]:
                name = request["requestId"]
                assert name not in answered, f"{name} was answered and is open again"
                answered.add(name)
                client.call("athena/request/answer", requestId=name, option="allow")
        return all(a["status"] == "idle" and not a["queue"] for a in agents)


def assert_no_orphans(athena: Athena) -> None:
    """No process of the test's runs is left."""
    left = [
        process.info
        for process in psutil.process_iter(["pid", "cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(str(athena.state) in word for word in process.info["cmdline"] or [])
    ]
    assert not left, left
