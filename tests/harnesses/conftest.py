"""Real harnesses against the fake model: each run has a fresh home, repository and environment."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from athena.harness.capabilities import at_first_sight
from athena.harness.driver import Launch
from athena.harness.identity import find
from athena.harness.registry import driver_for
from athena.harness.rows import BY_NAME
from athena.protocol.spec import AgentSpec, McpServer
from tests.harnesses import scripts
from tests.harnesses.live import Answer, Live, allow
from tests.support.athena import Athena, make_repository
from tests.support.fakemodel import FakeModel
from tests.support.harness_env import HARNESS_ENVS

_runs = itertools.count(1)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeModel]:
    with FakeModel(dump=tmp_path_factory.mktemp("requests")) as running:
        for name, script in {**scripts.CLAUDE, **scripts.CODEX}.items():
            running.put_script(name, script)
        yield running


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A small git repository."""
    path = tmp_path / "repo"
    path.mkdir()
    (path / "hello.py").write_text('print("hello")\n')
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        subprocess.run([*git, *words], cwd=path, check=True)
    return path


def mcp_server(*words: str) -> McpServer:
    """The tests' own MCP server, under the name `t`."""
    program = Path(__file__).parents[1] / "support" / "mcp_server.py"
    return McpServer(name="t", command=sys.executable, args=[str(program), *words])


class Starts(Protocol):
    """Makes runs of a harness; all of one test share a home."""

    def __call__(
        self,
        name: str,
        answer: Answer = allow,
        resume: str | None = None,
        fork: bool = False,
        primer: str | None = None,
        env: dict[str, str] | None = None,
        **spec: Any,
    ) -> Live: ...


@pytest.fixture
async def run(tmp_path: Path, repo: Path, model: FakeModel) -> AsyncIterator[Starts]:
    lives: list[Live] = []
    home = tmp_path / "home"
    home.mkdir()

    def make(
        name: str,
        answer: Answer = allow,
        resume: str | None = None,
        fork: bool = False,
        primer: str | None = None,
        env: dict[str, str] | None = None,
        **spec: Any,
    ) -> Live:
        row = HARNESS_ENVS[name]
        environment = row.make_home(home, model.url) | (env or {})
        agent = AgentSpec(name="t", harness=name, project=str(repo), **spec)
        # Names must be of this run alone: the real harnesses keep sessions by them.
        run_id = f"{tmp_path.name}-{next(_runs)}"
        launch = Launch(run_id, agent, str(repo), resume, fork, primer)
        environment["PATH"] = f"{row.program.parent}:{environment['PATH']}"
        # As users have it: the cache has a script around each, which says nothing of it.
        package = row.program.parents[1] / "node_modules" / ".bin"
        program = find(BY_NAME[name], {"PATH": f"{package}:{environment['PATH']}"})
        assert program is not None
        driver = driver_for(BY_NAME[name], at_first_sight(name, program, 0))
        live = Live(driver, launch, environment, answer)
        lives.append(live)
        return live

    yield make
    for live in lives:
        await live.kill()


@pytest.fixture
def athena(tmp_path: Path, model: FakeModel) -> Iterator[Athena]:
    """An Athena whose agents find the harnesses of the test, in one fresh home."""
    home = tmp_path / "athena" / "home"
    home.mkdir(parents=True)
    environment: dict[str, str] = {}
    programs: list[str] = []
    for name in ("claude", "codex", "gemini", "copilot", "pi"):
        row = HARNESS_ENVS[name]
        environment |= row.make_home(home, model.url)
        programs.append(str(row.program.parent))
    environment["PATH"] = ":".join([*programs, environment["PATH"]])
    athena = Athena(tmp_path / "athena", environment)
    athena.start()
    yield athena
    athena.stop()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "repository")
