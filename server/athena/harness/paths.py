"""Paths as people read them."""

from __future__ import annotations

from pathlib import PurePosixPath


def shown(path: str, cwd: str) -> str:
    """A path inside the working directory is shown relative to it."""
    if not path.startswith("/") or not cwd:
        return path
    try:
        return str(PurePosixPath(path).relative_to(cwd))
    except ValueError:
        return path
