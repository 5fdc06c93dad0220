"""The demo's sample repository: a small Python project with a bug and a test that shows it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FILES: dict[str, str] = {
    "basket.py": '''"""A basket of prices."""


def total(prices):
    """The sum of all prices."""
    sum = prices[0]
    for price in prices[1:]:
        sum += price
    return sum
''',
    "test_basket.py": """import unittest

from basket import total


class Totals(unittest.TestCase):
    def test_two_prices(self):
        self.assertEqual(total([2, 3]), 5)

    def test_empty_basket(self):
        self.assertEqual(total([]), 0)


if __name__ == "__main__":
    unittest.main()
""",
    "README.md": """# Basket

Adds up prices:

    >>> from basket import total
    >>> total([10, 20])
    30
""",
}

AUTHOR = {
    "GIT_AUTHOR_NAME": "Athena demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "Athena demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
}


def make_sample(directory: Path) -> None:
    """Make the repository with one commit on `main`."""
    directory.mkdir(parents=True)
    for name, text in FILES.items():
        (directory / name).write_text(text, encoding="utf-8")
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("commit", "-q", "--no-gpg-sign", "-m", "A basket of prices"),
    ):
        subprocess.run(
            ["git", "-C", str(directory), *arguments], check=True, env={**os.environ, **AUTHOR}
        )
