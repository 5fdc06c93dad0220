"""Running the programs that install things: quiet when they work, quoted when they fail."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup.errors import SetupError

TAIL_LINES = 30


def say(text: str) -> None:
    """Tell the person who waits what is being done."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 1200,
) -> str:
    """Run a command and return what it printed, standard error included.

    `env` is added to this process's environment. Raises `SetupError` with the last lines printed
    when the command fails, cannot be started, or takes longer than `seconds`.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except OSError as error:
        raise SetupError(f"cannot run {words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"no end after {seconds:.0f} s: {shlex.join(words)}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-TAIL_LINES:])
        raise SetupError(f"exit code {done.returncode}: {shlex.join(words)}\n{tail}")
    return done.stdout
