"""The two ways in which a daemon is killed."""

from __future__ import annotations

import random

from tests.support.athena import Athena


def kill(athena: Athena, chance: random.Random) -> None:
    """SIGKILL the daemon: with its supervisor, or alone so that it may be replaced at once."""
    chance.choice((athena.kill, athena.crash))()
