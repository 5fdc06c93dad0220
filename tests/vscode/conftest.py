"""One build for all tests of the client, and a workbench for each that asks for one."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.athena import Athena
from tests.vscode.workbench import EXTENSION, ROOT, Workbench
from tools.setup import path
from tools.setup.npm import node_environment

Start = Callable[..., Workbench]


@pytest.fixture(scope="session")
def vsix() -> Path:
    """The extension's package, built from the sources as they are, with the suites beside it."""
    package = EXTENSION / "athena-agents.vsix"
    with (ROOT / "clients" / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _npm("ci", "--ignore-scripts", needed=not _is_installed())
        _npm("run", "build", "-w", "webview")
        _npm("run", "build:tests", "-w", "vscode")
        _npm("run", "vsix", "-w", "vscode")
    return package


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    """An Athena of the test's own, whose agents are scripted."""
    root = tmp_path / "athena"
    root.mkdir()
    (root / "athena.toml").write_text('[defaults]\nharness = "scripted"\n')
    made = Athena(root, {"ATHENA_TEST_REPORT": str(tmp_path / "report.txt")})
    yield made
    made.stop()


@pytest.fixture
def workbench(tmp_path: Path, athena: Athena) -> Iterator[Start]:
    """Starts a workbench with the given settings; it ends with the test."""
    with ExitStack() as stack:

        def start(
            vsix: Path | None = None,
            driver: bool = False,
            extensions: Sequence[Path] = (),
            machine: Mapping[str, Any] | None = None,
            **settings: Any,
        ) -> Workbench:
            root = tmp_path / "workbench"
            root.mkdir()
            made = Workbench(root, athena, settings, machine)
            for package in [*([vsix] if vsix else []), *extensions]:
                made.install(package)
            return stack.enter_context(made.running(driver))

        yield start


def _is_installed() -> bool:
    lock = ROOT / "clients" / "package-lock.json"
    stamp = ROOT / "clients" / "node_modules" / ".package-lock.json"
    return stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime


def _npm(*words: str, needed: bool = True) -> None:
    if not needed:
        return
    done = subprocess.run(
        [str(path("node").parent / "npm"), "--silent", *words],
        cwd=ROOT / "clients",
        env={**node_environment(), "HOME": str(Path.home())},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode != 0:
        raise AssertionError(f"npm {' '.join(words)}\n{done.stdout}{done.stderr}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures", action="store_true", help="write the pictures of the docs from what is seen"
    )
