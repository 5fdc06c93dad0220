"""The number of this daemon: each one of a state directory has a higher one than those before."""

from __future__ import annotations

import logging
import os
from pathlib import Path

logger = logging.getLogger(__name__)


def next_epoch(state_dir: Path, now: int) -> int:
    """A number above all earlier ones; called under the daemon's lock. `now` in milliseconds.

    It is kept, in case the clock is set back. On a full disk the clock alone has to do: a daemon
    that shows what there is and goes on when there is room is better than none.
    """
    path = state_dir / "epoch"
    try:
        last = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        last = 0
    epoch = max(last + 1, now)
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("w", encoding="ascii") as file:
            file.write(str(epoch))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        logger.warning("the number of this daemon is not kept: %s", error)
    return epoch
