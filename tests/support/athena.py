"""A whole Athena for a test: a daemon process of its own, and clients of it.

The daemon, and every harness below it, gets exactly the environment given here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from athena.relay import control, hello, paths
from athena.relay.client import HeadlessClient
from tests.support.wait import until_sync

SERVER = Path(__file__).parents[2] / "server"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

Json = dict[str, Any]


class Athena:
    """A state directory with a daemon that can be killed and comes back."""

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.state = root / "state"
        home = root / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": SYSTEM_PATH,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@localhost",
            "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@localhost",
            "PYTHONPATH": str(SERVER),
            "ATHENA_STATE_DIR": str(self.state),
            "ATHENA_CONFIG": str(root / "athena.toml"),
            "ATHENA_SCRIPTED_PACE": "0",
            **(environment or {}),
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line `athena ARGUMENTS`."""
        return [sys.executable, "-m", "athena", *arguments]

    def run(self, *arguments: str, check: bool = True, cwd: Path | None = None) -> str:
        """What a command prints; with `check` it must end well."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self) -> None:
        """Start the daemon."""
        self.run("daemon", "start")

    @property
    def pid(self) -> int | None:
        """The daemon's process, if one holds the lock."""
        try:
            told = hello.decode((self.state / paths.LOCK).read_bytes())
        except (OSError, ValueError):
            return None
        return cast("int | None", told.get("pid"))

    def kill(self) -> None:
        """SIGKILL the daemon and its supervisor, and wait until they are gone."""
        control.kill(str(self.state))
        until_sync(lambda: not control._is_held(str(self.state)), what="the daemon is gone")

    def crash(self) -> None:
        """SIGKILL the daemon alone, and wait until it is; its supervisor may replace it."""
        pid = self.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until_sync(lambda: control.has_died(str(self.state), pid), what="the daemon is gone")

    def stop(self) -> None:
        """Kill all agents of this test and end the daemon."""
        try:
            with self.client() as client:
                for agent in client.agents():
                    client.call("athena/agent/kill", agent=agent["id"])
                until_sync(lambda: all("runId" not in a for a in client.agents()))
        finally:
            control.stop(str(self.state), force=True)

    @contextmanager
    def client(self, name: str = "test") -> Iterator[Client]:
        """A connection through the headless door."""
        saved = dict(os.environ)
        os.environ.clear()
        os.environ.update(self.environment)
        try:
            opened = HeadlessClient(str(self.state), name=name)
        finally:
            os.environ.clear()
            os.environ.update(saved)
        with opened:
            yield Client(opened)


class Client:
    """Calls of methods, and waiting for agents."""

    def __init__(self, client: HeadlessClient) -> None:
        self.raw = client

    def call(self, method: str, **params: object) -> Json:
        """The result of a method."""
        return cast("Json", self.raw.call(method, params, timeout=30))

    def agents(self) -> list[Json]:
        """All agents."""
        return self.call("athena/agent/list")["agents"]

    def agent(self, name: str) -> Json:
        """One agent."""
        return self.call("athena/agent/get", agent=name)

    def until(self, name: str, *statuses: str, timeout: float = 45) -> Json:
        """Wait until an agent has one of the statuses and no prompt waits."""

        def reached() -> Json | None:
            agent = self.agent(name)
            return agent if agent["status"] in statuses and not agent["queue"] else None

        found = until_sync(
            reached, timeout, lambda: f"{name} is one of {statuses}: {self.agent(name)}"
        )
        assert found is not None
        return found

    def until_status(self, name: str, *statuses: str, timeout: float = 45) -> Json:
        """Wait until an agent has one of the statuses, whatever waits."""

        def reached() -> Json | None:
            agent = self.agent(name)
            return agent if agent["status"] in statuses else None

        found = until_sync(
            reached, timeout, lambda: f"{name} is one of {statuses}: {self.agent(name)}"
        )
        assert found is not None
        return found

    def until_workspace(self, name: str) -> str:
        """Wait until an agent has its workspace, and return the directory."""
        found = until_sync(lambda: self.agent(name).get("workspace"))
        assert found
        return found["cwd"]

    def events(self, agent: str | None = None) -> list[Json]:
        """All events, or those of one agent."""
        found: list[Json] = []
        cursor = 0
        while True:
            wanted = {"after": cursor, "limit": 2000, **({"agent": agent} if agent else {})}
            page = self.call("athena/event/list", **wanted)
            found += page["events"]
            cursor = page["cursor"]
            if not page.get("more"):
                return found


def make_repository(path: Path, files: Mapping[str, str] | None = None) -> Path:
    """A git repository with one commit on `main`."""
    path.mkdir(parents=True)
    for name, text in (files or {"hello.py": 'print("hello")\n'}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", *identity, *arguments], cwd=path, check=True)
    return path
