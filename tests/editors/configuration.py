"""The configurations that docs/editors/*.md tell users to copy, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "editors"


def configuration(editor: str, language: str) -> str:
    """The first block of code of a language in the page of an editor."""
    text = (DOCS / f"{editor}.md").read_text()
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/editors/{editor}.md has no block of {language}"
    return found[1]
