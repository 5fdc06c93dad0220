"""What Athena adds to a turn of a real harness, against the same harness driven over bare pipes.

    python -m bench.turn

Both sides talk to the same fake model, in turns: one turn over pipes, one through Athena. A turn is
a prompt that is answered with one sentence; `bare` is from writing the prompt's frame to reading
the frame that ends the turn, `athena` from calling `athena/agent/prompt` to the notification of
`turnEnded`, in a project without git; `with checkpoints` is the same in a git repository, where the
whole worktree is kept before and after each turn. `Many` runs agents of both native harnesses at
once, each through a tour with tools.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from athena.harness.direct import DirectSession
from athena.harness.driver import Launch, Prompt
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol.content import TextContent
from athena.protocol.spec import AgentSpec
from athena.relay.client import HeadlessClient
from tests.support.athena import Athena, make_repository
from tests.support.fakemodel import FakeModel
from tests.support.harness_env import HARNESS_ENVS

TURNS = 30
MANY = 8
NAMES = ("codex", "claude")
PROMPT = "[[fake:hello]]"
ENDS = {"codex": b'"method":"turn/completed"', "claude": b'"type":"result"'}
FREE: dict[str, dict[str, Any]] = {
    "codex": {"options": {"approvalPolicy": "never", "sandbox": "danger-full-access"}},
    "claude": {"mode": "acceptEdits", "options": {"allowed-tools": ["Bash"]}},
}
"""How each harness works without asking."""

PATIENCE = 120.0


class Bare:
    """A harness over pipes; the driver only says the words before and in the prompt."""

    def __init__(self, name: str, root: Path, model: FakeModel) -> None:
        self.name = name
        self.numbers = itertools.count(1)
        row = HARNESS_ENVS[name]
        home = root / f"home-{name}"
        home.mkdir()
        repository = make_repository(root / f"repository-{name}")
        environment = row.make_home(home, model.url)
        environment["PATH"] = f"{row.program.parent}:{environment['PATH']}"
        spec = AgentSpec(name="bare", harness=name, project=str(repository), **FREE[name])
        launch = Launch("bare", spec, str(repository))
        self.driver = driver_for(BY_NAME[name])
        self.session = _Piped(self.driver, launch, environment, root / f"{name}.stderr")

    async def open(self) -> None:
        await self.session.start()
        await self.session.until_opened(PATIENCE)
        await self.session.listen_raw()

    async def turn(self) -> float:
        """The milliseconds of one turn."""
        number = next(self.numbers)
        prompt = Prompt(f"t{number}", f"p{number}", [TextContent(text=PROMPT)])
        step = self.driver.intend(self.session.memory, prompt)
        begun = time.perf_counter()
        await self.session.say(step.sends)
        await self.session.until_said(ENDS[self.name])
        return (time.perf_counter() - begun) * 1000


class _Piped(DirectSession):
    """Hands the lines to the driver until the session is open, and to nobody afterwards."""

    async def listen_raw(self) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._reading = None

    async def say(self, frames: Sequence[bytes]) -> None:
        assert self._process is not None and self._process.stdin is not None
        for frame in frames:
            self._process.stdin.write(frame + b"\n")
        await self._process.stdin.drain()

    async def until_said(self, mark: bytes) -> None:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while mark not in (line := await self._process.stdout.readline()):
                if not line:
                    raise EOFError(self.stderr())


class Through:
    """An agent of an Athena, and a client that follows it."""

    def __init__(self, name: str, client: HeadlessClient, place: Path, git: bool) -> None:
        self.client = client
        repository = place / f"athena-{name}-{git}"
        if git:
            make_repository(repository)
        else:
            repository.mkdir()
        given = {"harness": name, "project": str(repository), "workspace": {"kind": "none"}}
        spawned = call(client, "athena/agent/spawn", **given, **FREE[name])
        self.agent: str = spawned["id"]

    def turn(self) -> float:
        """The milliseconds of one turn."""
        begun = time.perf_counter()
        call(self.client, "athena/agent/prompt", agent=self.agent, text=PROMPT)
        for method, params in self.client.notifications(PATIENCE):
            if method == "athena/event/batch" and self._ended(params):
                return (time.perf_counter() - begun) * 1000
        raise TimeoutError("the turn did not end")

    def _ended(self, params: Any) -> bool:
        return any(
            event["kind"] == "turnEnded" and event["agentId"] == self.agent
            for event in params["events"]
        )


def call(client: HeadlessClient, method: str, **params: object) -> Any:
    return client.call(method, params, timeout=PATIENCE)


@contextmanager
def whole(root: Path, model: FakeModel) -> Iterator[Athena]:
    """An Athena whose agents find the harnesses."""
    home = root / "athena" / "home"
    home.mkdir(parents=True)
    environment: dict[str, str] = {}
    programs: list[str] = []
    for name in NAMES:
        row = HARNESS_ENVS[name]
        environment |= row.make_home(home, model.url)
        programs.append(str(row.program.parent))
    environment["PATH"] = ":".join([*programs, environment["PATH"]])
    athena = Athena(root / "athena", environment)
    athena.start()
    try:
        yield athena
    finally:
        athena.stop()


async def added(name: str, root: Path, athena: Athena, model: FakeModel) -> dict[str, Any]:
    """One row: all sides in turns, in one run."""
    bare = Bare(name, root, model)
    await bare.open()
    with athena.client() as opened:
        client = opened.raw
        call(client, "athena/event/subscribe")
        plain = Through(name, client, root, git=False)
        versioned = Through(name, client, root, git=True)
        rounds = [(await bare.turn(), plain.turn(), versioned.turn()) for _ in range(TURNS + 1)][1:]
        memory = weigh(plain.agent)
    await bare.session.kill()
    alone, folder, repository = (statistics.median(each) for each in zip(*rounds, strict=True))
    return {
        "harness": name,
        "bare ms": round(alone, 1),
        "athena ms": round(folder, 1),
        "added ms": round(statistics.median(two - one for one, two, _ in rounds), 1),
        "with checkpoints ms": round(repository, 1),
        **memory,
    }


def weigh(agent: str) -> dict[str, Any]:
    """The memory of an agent's processes: proportional set sizes, in megabytes."""
    parents = {int(folder.name): parent(folder) for folder in Path("/proc").glob("[0-9]*")}
    [runner] = [pid for pid in parents if is_runner(pid, agent)]
    below = {runner}
    while more := {pid for pid, above in parents.items() if above in below} - below:
        below |= more
    sizes = {pid: pss(Path(f"/proc/{pid}")) for pid in below}
    own = sizes.pop(runner)
    harness = sum(sizes.values())
    return {
        "harness MB": round(harness, 1),
        "runner MB": round(own, 1),
        "runner %": round(100 * own / harness, 1),
    }


def is_runner(pid: int, agent: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"runner" in words and words.rstrip(b"\0").endswith(f"{agent}.r1".encode())


def parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def pss(folder: Path) -> float:
    for line in (folder / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def many(root: Path, athena: Athena) -> dict[str, Any]:
    """Agents of both harnesses at once, each with tools; all turns must end well."""
    begun = time.perf_counter()
    with athena.client() as client:
        agents: list[str] = []
        for number, name in itertools.product(range(MANY), NAMES):
            repository = make_repository(root / f"many-{name}-{number}")
            prompt = f"[[fake:tour cwd={repository}]]"
            given = {"harness": name, "project": str(repository), "workspace": {"kind": "none"}}
            spawned = client.call("athena/agent/spawn", prompt=prompt, **given, **FREE[name])
            agents.append(spawned["id"])
        for agent in agents:
            client.until(agent, "idle", timeout=PATIENCE * 4)
        ended = [
            event["data"]["stopReason"]
            for event in client.events()
            if event["kind"] == "turnEnded" and event["agentId"] in agents
        ]
    return {
        "agents": len(agents),
        "turns that ended well": ended.count("endTurn"),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def measure() -> dict[str, list[dict[str, Any]]]:
    """All tables of this part; installs the harnesses where they are not there yet."""
    setup = [sys.executable, "-m", "tools.setup", "install", *NAMES]
    subprocess.run(setup, check=True, stdout=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="athena-bench-") as folder, FakeModel() as model:
        root = Path(folder)
        with whole(root, model) as athena:
            turns = [asyncio.run(added(name, root, athena, model)) for name in NAMES]
        with whole(root / "many", model) as athena:
            crowd = many(root / "many", athena)
    return {"A turn, bare and through Athena": turns, "Many agents at once": [crowd]}


def main() -> None:
    sys.stdout.write(json.dumps(measure(), indent=2) + "\n")


if __name__ == "__main__":
    main()
