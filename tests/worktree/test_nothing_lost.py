"""Nothing that anyone wrote is ever lost: random lives of a repository, with kills.

The lives run in a program of its own (`tests.worktree.nothing_lost`), since they fork. Each run of
the tests has some; `make lives` has two thousand.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = 25
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


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(2))
def test_some_lives(part: int) -> None:
    live(1_000_000 + part * FEW, FEW)


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_two_thousand_lives(part: int) -> None:
    live(part * LIVES // PARTS, LIVES // PARTS)
