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
    run sed -i s/1/2/ "${ATHENA_WORKTREES#*:}/lib.py"
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
    found = bench.drive(
        "roots.mjs",
        250,
        workspace=str(window),
        pictures=str(tmp_path),
        failures=str(tmp_path),
    )
    assert all("Changed by mender" in mark for mark in found["marked"])
    with athena.client() as client:
        agents = {agent["name"]: agent for agent in client.agents()}
    assert agents["mender"]["project"] == str(shop / "part")
    assert agents["write-the-library"]["project"] == str(library)
    (other,) = agents["mender"]["workspace"]["also"]
    assert other["repository"] == str(library)
    assert found["written"] == "One line\nand another"
    assert "Bring 1 file of mender into main of library?" in found["merging"]
    assert (library / "lib.py").read_text() == "x = 2\n"
    assert (shop / "part" / "shop.py").read_text() == "x = 1\n"
