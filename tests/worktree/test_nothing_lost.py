"""Nothing that anyone wrote is ever lost: random lives of a repository, with kills.

The lives run in a program of its own (`tests.worktree.nothing_lost`), since they fork.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = 5
LIVES = 2_000
PARTS = 4


def live(seed: int, runs: int) -> None:
    program = [sys.executable, "-m", "tests.worktree.nothing_lost"]
    done = subprocess.run(
        [*program, "--seed", str(seed), "--runs", str(runs)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{runs} lives, nothing lost" in done.stdout


def test_a_few_lives() -> None:
    live(1_000_000, FEW)


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_two_thousand_lives(part: int) -> None:
    live(part * LIVES // PARTS, LIVES // PARTS)
