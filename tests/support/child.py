"""A child of the test that does not outlive it, nor hold it up when it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def child(command: Sequence[str], **more: Any) -> Generator[subprocess.Popen[Any]]:
    """Run a command as `subprocess.Popen` does; at the end it is killed where it still runs.

    The end of `with subprocess.Popen(...)` alone waits, and so for ever when the test has failed
    before it ended the process.
    """
    with subprocess.Popen(command, **more) as process:
        try:
            yield process
        finally:
            process.kill()
