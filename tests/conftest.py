"""What holds for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

EDITOR_FOLDERS = {"editors", "nvim", "vscode"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of folders that need real editors, before pytest chooses by marker."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in EDITOR_FOLDERS:
            item.add_marker("editors")
