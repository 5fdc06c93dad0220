"""A window with two folders, of which one is a part of its repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import Workbench, rehearse

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(300)]

SCENARIO = """
if prompt contains shop:
    edit shop.py: 1 -> 2
say Done.
"""


def test_several_folders(
    vsix: Path, athena: Athena, workbench: Callable[..., Workbench], tmp_path: Path
) -> None:
    """An agent works in the folder of the file in view, or in the one that the user says."""
    library = make_repository(tmp_path / "library", {"lib.py": "x = 1\n"})
    shop = make_repository(tmp_path / "shop", {"part/shop.py": "x = 1\n"})
    folders = [{"path": str(library)}, {"path": str(shop / "part")}]
    window = tmp_path / "two.code-workspace"
    window.write_text(json.dumps({"folders": folders}))
    rehearse(athena, SCENARIO)
    bench = workbench(vsix)
    found = bench.drive("roots.mjs", 200, workspace=str(window), failures=str(tmp_path))
    assert "Changed by mend-the-shop" in found["marked"]
    with athena.client() as client:
        places = {agent["name"]: agent["project"] for agent in client.agents()}
    assert places["mend-the-shop"] == str(shop / "part")
    assert places["write-the-library"] == str(library)
