"""From the installed package to a merged change in a real workbench, seen in a real browser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import ROOT, Workbench, rehearse

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(400)]

PROJECT = {
    ".gitignore": "__pycache__/\n",
    "basket.py": (
        'def total(prices):\n    """The sum of the prices."""\n    total = prices[0]\n'
        "    for price in prices[1:]:\n        total += price\n    return total\n\n\n"
        "def count(prices):\n    return len(prices)\n\n\n"
        "def mean(prices):\n    return total(prices) / len(prices)\n"
    ),
    "test_basket.py": (
        "import unittest\n\nfrom basket import total\n\n\n"
        "class Basket(unittest.TestCase):\n"
        "    def test_empty(self):\n        self.assertEqual(total([]), 0)\n\n\n"
        'if __name__ == "__main__":\n    unittest.main()\n'
    ),
}

SCENARIO = """
# Repairs a fault in one of two ways, and does what a comment asks for.
think  The test of the empty basket fails. I look at how the total is computed before I change it.
say    The test of the empty basket fails. I read `basket.py` first.
plan   [>] Find the fault  [ ] Repair it  [ ] Run the tests
read   basket.py
search prices
plan   [x] Find the fault  [>] Repair it  [ ] Run the tests
if prompt contains another:
    edit basket.py:
        -    total = prices[0]
        -    for price in prices[1:]:
        -        total += price
        -    return total
        +    return sum(prices)
if not prompt contains another:
    edit basket.py:
        -    total = prices[0]
        -    for price in prices[1:]:
        +    total = 0
        +    for price in prices:
        @@
        -    return total(prices) / len(prices)
        +    return total(prices) / len(prices) if prices else 0
usage  input=5200 output=310 cached=3100 cost=0.021
gate   GATE
plan   [x] Find the fault  [x] Repair it  [>] Run the tests
permit run python3 -m unittest -q test_basket
plan   [x] Find the fault  [x] Repair it  [x] Run the tests
say
    The total began with the **first price**, which an empty basket does not have. Now:

    | basket | before | now |
    | --- | --- | --- |
    | empty | `IndexError` | `0` |
    | filled | the sum | the sum |

    ```python
    assert total([]) == 0
    ```
usage  input=6400 output=420 cached=5200 cost=0.024

turn 2:
    edit basket.py: The sum of the prices. -> The sum of the prices; 0 for an empty basket.
    say  The docstring says it now.
    usage input=2100 output=60 cached=1900 cost=0.006
"""

PICTURES = ROOT / "docs" / "images"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "go"


@pytest.fixture
def athena(athena: Athena, gate: Path) -> Athena:
    """Every agent plays the same scenario, so prompts are what a person would write."""
    rehearse(athena, SCENARIO.replace("GATE", str(gate)))
    return athena


def test_from_the_package_to_a_merged_change(
    vsix: Path,
    athena: Athena,
    workbench: Callable[..., Workbench],
    gate: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    repository = make_repository(tmp_path / "shop", PROJECT)
    bench = workbench(vsix)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    found = bench.drive(
        "whole.mjs",
        300,
        folder=str(repository),
        gate=str(gate),
        lock=str(athena.state / "daemon.lock"),
        pictures=str(pictures),
        failures=str(tmp_path),
    )
    print(found["output"])
    assert found["killed"] != found["back"], "another daemon took over"
    assert found["shown"] == found["unique"] > 5, "no item is shown twice"
    assert found["completed"] == "Let @basket.py "
    assert len(found["columns"]) == 2
    assert found["taken"] != PROJECT["basket.py"] and "return sum(prices)" in found["taken"]
    merged = (repository / "basket.py").read_text()
    assert "for price in prices:" in merged
    assert "0 for an empty basket" in merged
    log = subprocess.run(
        ["git", "log", "--format=%s%n%b"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Athena-Agent" in log.stdout
    if request.config.getoption("--pictures"):
        for picture in pictures.iterdir():
            shutil.copy(picture, PICTURES / picture.name)
