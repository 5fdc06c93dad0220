"""The suites of `clients/vscode/test`, inside the extension host of a real workbench."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import make_repository
from tests.vscode.workbench import Workbench

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(400)]


def test_suites_in_the_extension_host(
    vsix: Path, workbench: Callable[..., Workbench], tmp_path: Path
) -> None:
    repository = make_repository(tmp_path / "repo")
    bench = workbench(driver=True)
    report = tmp_path / "report.txt"
    try:
        bench.drive("host.mjs", 320, folder=str(repository), limit=300, failures=str(tmp_path))
    except AssertionError as failed:
        words = report.read_text() if report.exists() else "(no report)"
        raise AssertionError(f"{words}\n{failed}") from None
    words = report.read_text()
    print(words)
    assert words.count("ok ") >= 15
