"""Golden text: what a test should see, as a readable file beside it."""

from __future__ import annotations

import os
from pathlib import Path

UPDATE = "UPDATE_GOLDEN"


def assert_golden(path: Path, text: str) -> None:
    """Compare `text` with the file; `UPDATE_GOLDEN=1` writes it, to be read before a commit."""
    if os.environ.get(UPDATE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"{path} is missing; run with {UPDATE}=1 and read what it wrote"
    assert text == path.read_text(encoding="utf-8"), f"{path} differs; {UPDATE}=1 rewrites it"
