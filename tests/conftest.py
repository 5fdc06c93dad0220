"""What holds for all tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

EDITOR_FOLDERS = {"editors", "nvim", "vscode"}


# How long one example takes says more of the machine than of what is tested.
settings.register_profile(
    "any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Let the tests' processes hear CTRL-C also where all of them run in the background.

    A shell without job control starts such a job with SIGINT ignored, and children inherit it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of folders that need real editors, before pytest chooses by marker."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in EDITOR_FOLDERS:
            item.add_marker("editors")
