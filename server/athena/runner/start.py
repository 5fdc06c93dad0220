"""From the daemon's command to a runner on its own: lock, spec, a session of its own, the harness.

The first process stays until the harness runs, so its exit tells the daemon that the run can be
attached to. The second one, forked off, belongs to nobody: the daemon's death does not touch it
and it leaves the daemon no zombie. (The fork also shares what the interpreter read from files,
which makes the runner a quarter smaller than the process that it came from.)
"""

from __future__ import annotations

import fcntl
import os
import sys

from . import layout, shapes
from .runner import launch
from .spec import SPEC_BYTES, Spec

READY = b"ready\n"
ANSWER_BYTES = 4096


def main(arguments: list[str]) -> int:
    """Run one harness in the run directory named by the only argument; see `layout` and `spec`."""
    if len(arguments) != 1:
        return _fail("usage: python -I -S runner/__main__.py RUN_DIR < spec.json")
    try:
        os.chdir(arguments[0])
        _lock()
        spec = Spec(shapes.parse(_read_all(0)), os.getcwd())
    except (OSError, ValueError) as error:
        return _fail(str(error))
    ready, answer = os.pipe()
    if os.fork():
        os.close(answer)
        told = os.read(ready, ANSWER_BYTES)
        if told != READY:
            return _fail(told.decode(errors="replace") or f"the runner died; see {layout.LOG}")
        os.write(1, told)
        return 0
    os.close(ready)
    _leave()
    try:
        runner = launch(spec)
    except OSError as error:
        os.write(answer, f"the run directory cannot be used: {error}".encode())
        return 1
    os.write(answer, READY)
    os.close(answer)
    if runner:
        runner.run()
    return 0


def _lock() -> None:
    """Hold `lock` for life. A run that has an ending already must never start (again)."""
    descriptor = os.open(layout.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if os.path.exists(layout.EXIT) or os.path.exists(layout.RUN):
        raise ValueError("this run directory has been used already")


def _leave() -> None:
    """Away from the daemon's session and its stdio."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(layout.LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in enumerate((nothing, nothing, log)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _read_all(descriptor: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := os.read(descriptor, 65536):
        parts.append(part)
        size += len(part)
        if size > SPEC_BYTES:
            raise ValueError(f"the spec is longer than {SPEC_BYTES} bytes")
    return b"".join(parts)


def _fail(words: str) -> int:
    sys.stderr.write(words + "\n")
    return 1
