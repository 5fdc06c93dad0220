"""A real VS Code workbench of a test's own, with our extension, beside an Athena of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.athena import Athena
from tests.support.wait import until_sync
from tools.setup import path

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "clients" / "vscode"
DRIVERS = Path(__file__).parent / "drive"

SETTINGS: dict[str, Any] = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.colorTheme": "Dark Modern",
    "window.commandCenter": False,
    "chat.disableAIFeatures": True,
    "telemetry.telemetryLevel": "off",
    "extensions.autoUpdate": "off",
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "update.mode": "none",
    "git.openRepositoryInParentFolders": "never",
    "security.workspace.trust.enabled": False,
}


def rehearse(athena: Athena, scenario: str) -> None:
    """Let every agent play a scenario of its harness, so that prompts are what a person writes."""
    file = athena.root / "scenario.txt"
    file.write_text(scenario)
    command = [sys.executable, "-m", "athena.scripted", "--scenario", str(file)]
    (athena.root / "athena.toml").write_text(
        '[defaults]\nharness = "rehearsed"\n\n'
        f"[harness.rehearsed]\ncommand = {json.dumps(command)}\n"
    )


class Workbench:
    """code-server on a port of its own; `url` opens a folder in it."""

    def __init__(
        self,
        root: Path,
        athena: Athena,
        settings: Mapping[str, Any],
        machine: Mapping[str, Any] | None = None,
    ) -> None:
        self.root = root
        self.athena = athena
        self.port = _free_port()
        self.data = root / "data"
        self.extensions = root / "extensions"
        self.extensions.mkdir()
        (root / "config.yaml").write_text("")
        _write(self.data / "User" / "settings.json", {**SETTINGS, **settings})
        # What programs are run is a setting of the machine, as the window is one of a remote host.
        here = {"athena.server.command": athena.command()} if machine is None else machine
        _write(self.data / "Machine" / "settings.json", here)

    @property
    def environment(self) -> dict[str, str]:
        """What the extension host, and so `athena lsp`, inherits: nothing of our own."""
        node = str(path("node").parent)
        return {**self.athena.environment, "PATH": f"{node}:{self.athena.environment['PATH']}"}

    def install(self, vsix: Path) -> None:
        """Install an extension from its package, as a user does."""
        subprocess.run(
            [*self._command(), "--install-extension", str(vsix)],
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=120,
        )

    @contextmanager
    def running(self, driver: bool = False) -> Iterator[Workbench]:
        """Serve until the end of the block. `driver` lets suites tell their end; toasts then stay
        away."""
        log = (self.root / "code-server.log").open("wb")
        flags = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
        process = subprocess.Popen(
            [
                *self._command(),
                *("--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}"),
                *flags,
                "--disable-getting-started-override",
                *(("--vscode-option", "enable-smoke-test-driver") if driver else ()),
            ],
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until_sync(self._is_healthy, timeout=60, what="code-server answers")
            yield self
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
            log.close()

    def drive(self, script: str, timeout: float, **inputs: object) -> dict[str, Any]:
        """Run a script of `drive/` in the browser and return what it found."""
        origin = f"http://127.0.0.1:{self.port}"
        profile = self.root / "profile"
        return drive(script, self.environment, profile, timeout, origin=origin, **inputs)

    def _command(self) -> list[str]:
        return [
            str(path("code-server")),
            *("--config", str(self.root / "config.yaml")),
            *("--user-data-dir", str(self.data)),
            *("--extensions-dir", str(self.extensions)),
        ]

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1) as told:
                return told.status == 200
        except OSError:
            return False


def drive(
    script: str, environment: Mapping[str, str], profile: Path, timeout: float, **inputs: object
) -> dict[str, Any]:
    """Run a script of `drive/` with a browser and return what it found, and its words."""
    given = {
        "chromium": str(path("chromium")),
        "playwright": str(path("playwright-core")),
        "profile": str(profile),
        "extension": str(EXTENSION),
        **inputs,
    }
    done = subprocess.run(
        [str(path("node")), "--no-warnings", str(DRIVERS / script), json.dumps(given)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if done.returncode != 0:
        raise AssertionError(f"{script} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    *_, last = done.stdout.strip().splitlines() or ["{}"]
    return {"output": done.stdout, **(json.loads(last) if last.startswith("{") else {})}


def _write(file: Path, settings: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings, indent=2))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
