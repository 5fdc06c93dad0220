"""Setup, run and teardown scripts of a worktree: streamed output, a time limit, a group ended."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from athena.worktree.errors import ScriptFailed
from athena.worktree.git import OnText, as_text
from athena.worktree.ports import PortRange
from athena.worktree.process import run

SETUP_SECONDS = 600.0
CURSOR_FILE = ".cursor/worktrees.json"


@dataclass(frozen=True, slots=True)
class Scripts:
    """The commands of a project, each a line for the shell; run one after the other."""

    setup: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    teardown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended: exit code (negative: by a signal), output and seconds."""

    command: str
    code: int
    output: str
    seconds: float
    timed_out: bool

    @property
    def ok(self) -> bool:
        return self.code == 0 and not self.timed_out


async def run_script(
    command: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_text: OnText | None = None,
    seconds: float | None = SETUP_SECONDS,
) -> Ran:
    """Run one shell line to its end. What it started ends with it, or at the time limit.

    For a script that serves, pass `seconds=None` and cancel the task to end it.
    """
    began = time.monotonic()
    on_output = None if on_text is None else as_text(on_text)
    ended = await run(
        ["/bin/sh", "-c", command],
        cwd=cwd,
        env=env,
        seconds=seconds,
        on_output=on_output,
        end_group=True,
    )
    output = ended.output.decode(errors="replace")
    return Ran(command, ended.code, output, time.monotonic() - began, ended.timed_out)


def environment(
    base: Mapping[str, str] | None,
    *,
    worktree: Path,
    repository: Path,
    branch: str | None,
    agent: str,
    ports: PortRange | None,
) -> dict[str, str]:
    """The variables that scripts and harnesses of a worktree see, added to `base`.

    ROOT_WORKTREE_PATH is what `.cursor/worktrees.json` promises to its commands.
    """
    found = dict(os.environ if base is None else base)
    found |= {
        "ATHENA_WORKTREE": str(worktree),
        "ATHENA_REPOSITORY": str(repository),
        "ATHENA_AGENT": agent,
        "ROOT_WORKTREE_PATH": str(repository),
    }
    if branch is not None:
        found["ATHENA_BRANCH"] = branch
    return found | (ports.environment() if ports else {})


def cursor_scripts(root: Path) -> Scripts:
    """The setup commands of `.cursor/worktrees.json`; none where there is no such file.

    A value is a list of commands, or the name of a script beside the file. Raises `ScriptFailed`
    for a file that cannot be read as that.
    """
    file = root / CURSOR_FILE
    try:
        loaded: Any = json.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return Scripts()
    except (OSError, ValueError) as error:
        raise _unusable(file, str(error)) from error
    if not isinstance(loaded, dict):
        raise _unusable(file, "it is not an object")
    found = cast("dict[str, Any]", loaded)
    system = "windows" if sys.platform == "win32" else "unix"
    value = found.get(f"setup-worktree-{system}", found.get("setup-worktree", []))
    if isinstance(value, str):
        return Scripts(setup=(f"sh {shlex.quote(str(file.parent / value))}",))
    if isinstance(value, list):
        commands = cast("list[Any]", value)
        if all(isinstance(command, str) for command in commands):
            return Scripts(setup=tuple(commands))
    raise _unusable(file, "setup-worktree is neither a list of commands nor the name of a script")


def _unusable(file: Path, why: str) -> ScriptFailed:
    return ScriptFailed(f"{file} cannot be used: {why}.", advice="Repair or remove it.")
