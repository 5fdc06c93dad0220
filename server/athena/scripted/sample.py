"""The sample project that the scenarios `fix` and `document` work on: a basket with a bug."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "basket.py": '''\
"""A shopping basket."""


def total(prices):
    """What all the things in the basket cost together."""
    sum = prices[0]
    for price in prices[1:]:
        sum += price
    return sum
''',
    "test_basket.py": """\
import unittest

from basket import total


class TotalTest(unittest.TestCase):
    def test_some_things(self):
        self.assertEqual(total([10, 20, 12]), 42)

    def test_an_empty_basket(self):
        self.assertEqual(total([]), 0)


if __name__ == "__main__":
    unittest.main()
""",
    "README.md": """\
# Basket

Adds up what is in a shopping basket:

    >>> from basket import total
    >>> total([10, 20, 12])
    42

Run the tests with `python3 -m unittest`.
""",
    ".gitignore": "__pycache__/\n",
}


def write_sample(folder: Path) -> None:
    """Write the project's files into a folder; it makes no repository of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
