"""The number of this daemon: each one of a state directory has a higher one than those before."""

from __future__ import annotations

import os
from pathlib import Path


def next_epoch(state_dir: Path) -> int:
    """Count up and keep the number; called under the daemon's lock."""
    path = state_dir / "epoch"
    try:
        last = int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        last = 0
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="ascii") as file:
        file.write(str(last + 1))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return last + 1
