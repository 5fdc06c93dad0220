"""`make demo HARNESS=…`: two agents of a real harness at work, against a model that is a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harnesses.checks import harnesses

pytestmark = pytest.mark.harnesses


@pytest.mark.parametrize(
    "name", [*harnesses("claude", "codex", "pi"), pytest.param("gemini", marks=pytest.mark.slow)]
)
def test_the_demo(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.demo", name, "--json"],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.defpath, "TMPDIR": str(tmp_path), "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    fixed, added = json.loads(done.stdout)["agents"]
    assert (fixed["status"], added["status"]) == ("idle", "idle")
    assert "+    return sum(prices)" in fixed["diff"]
    assert "+def discounted(total, percent):" in added["diff"]
    assert list(tmp_path.iterdir()) == []
