"""Shells as they are used: one types a beginning and presses TAB. No word is whole without it."""

from __future__ import annotations

import os
import pty
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from athena.cli.completion import HOW
from tests.app.playing import spawn
from tests.support.athena import Athena
from tests.support.wait import until_sync
from tools.setup import path

pytestmark = pytest.mark.editors

STARTED: dict[str, tuple[list[str], str]] = {
    "bash": (["--noprofile", "-i"], ".bashrc"),
    "zsh": (["-i"], ".zshrc"),
    "fish": (["-i"], ".config/fish/config.fish"),
}
"""Arguments of an interactive shell, and the file that it reads first."""

BEFORE = {"zsh": "autoload -Uz compinit && compinit -u\n"}


@pytest.fixture(scope="module")
def athena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    root = tmp_path_factory.mktemp("athena")
    bin_ = root / "bin"
    bin_.mkdir()
    athena = Athena(root, {"PATH": f"{bin_}:{os.environ['PATH']}", "TERM": "xterm"})
    program = bin_ / "athena"
    program.write_text(f'#!/bin/sh\nexec {" ".join(athena.command())} "$@"\n')
    program.chmod(0o755)
    athena.start()
    yield athena
    athena.stop()


@contextmanager
def shell(name: str, athena: Athena) -> Iterator[int]:
    """A shell at a terminal, with the completion set up as `athena completion` says."""
    home = athena.root / "home"
    arguments, file = STARTED[name]
    if name == "fish":
        (home / ".config/fish/completions").mkdir(parents=True, exist_ok=True)
        script = athena.run("completion", "fish")
        (home / ".config/fish/completions/athena.fish").write_text(script)
    else:
        (home / file).write_text(BEFORE.get(name, "") + HOW[name] + "\n")
    program = "/bin/bash" if name == "bash" else str(path(name))
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(athena.root)
        os.execve(program, [name, *arguments], athena.environment)
    reading = threading.Thread(target=drain, args=(terminal,), daemon=True)
    reading.start()
    try:
        yield terminal
    finally:
        os.kill(pid, signal.SIGHUP)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        reading.join(10)
        os.close(terminal)


def drain(terminal: int) -> None:
    """Read what the shell prints, so that it never waits for a reader."""
    while True:
        try:
            if not os.read(terminal, 4096):
                return
        except OSError:
            return


def completed(name: str, athena: Athena, *typed: str) -> str:
    """The command line that a shell makes of words, TAB pressed behind each."""
    told = athena.root / f"typed-in-{name}"
    told.unlink(missing_ok=True)
    home, end = "\x01", "\x05"
    line = "".join(f"{word}\t" for word in typed)
    with shell(name, athena) as terminal:
        os.write(terminal, f"athena {line}{home}echo {end}> {told}\r".encode())
        until_sync(lambda: told.exists() and told.read_text().endswith("\n"), timeout=60)
    return " ".join(told.read_text().split())


@pytest.mark.parametrize("name", STARTED)
def test_tab_completes_verbs_options_and_agents(name: str, athena: Athena) -> None:
    with athena.client() as client:
        spawn(client, athena.root, name=f"first-of-{name}")
    agent = f"first-of-{name[:3]}"
    assert completed(name, athena, "tran", "--mar", agent) == (
        f"athena transcript --markdown first-of-{name}"
    )


@pytest.mark.parametrize("name", STARTED)
def test_tab_completes_what_is_asked_and_the_answers(name: str, athena: Athena) -> None:
    with athena.client() as client:
        agent = spawn(client, athena.root, "permit run true", name=f"asks-in-{name}")["id"]
        client.until(agent, "needsPermission")
        found = completed(name, athena, "answ", f"asks-in-{name[:3]}", "rej")
        client.call("athena/agent/kill", agent=agent)
    assert found == f"athena answer asks-in-{name} reject-once"


@pytest.mark.parametrize("name", STARTED)
def test_tab_starts_no_daemon(name: str, tmp_path: Path) -> None:
    nobody = Athena(tmp_path)
    asked = {"COMP_WORDS": "athena agent stop ", "COMP_CWORD": "3"}
    nobody.environment |= {**asked, "_ATHENA_COMPLETE": f"{name}_complete"}
    assert nobody.run().strip() == ""
    assert nobody.pid is None
