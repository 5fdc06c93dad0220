"""A number of things in words, as it is told to people."""

from __future__ import annotations


def counted(n: int, noun: str) -> str:
    """`1 commit`, `2 commits`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
