"""Finding Athena where no setting names it, in a window of a remote host (code-server is one)."""

from __future__ import annotations

import json
import shlex
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import ROOT, Workbench

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(300)]

# At first it does not know yet.
API = """
let asked = 0;
const getActiveEnvironmentPath = () => {
  if (!asked++) throw new Error("not yet");
  return { path: PYTHON };
};
exports.activate = () => ({ environments: { getActiveEnvironmentPath } });
"""


def python_extension(package: Path, python: Path) -> Path:
    """The part of the Python extension that others use, as a package: it cannot be had here."""
    manifest = {
        "name": "python",
        "publisher": "ms-python",
        "version": "2099.1.0",
        "engines": {"vscode": "^1.95.0"},
        "main": "./main.js",
        "activationEvents": [],
        "extensionKind": ["workspace"],
    }
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("extension/package.json", json.dumps(manifest))
        archive.writestr("extension/main.js", API.replace("PYTHON", json.dumps(str(python))))
    return package


def test_missing_at_first_then_in_the_python_environment(
    vsix: Path,
    athena: Athena,
    workbench: Callable[..., Workbench],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The view says how to install it; once it is in the environment it is found and started."""
    environment = tmp_path / "venv" / "bin"
    environment.mkdir(parents=True)
    bench = workbench(
        vsix,
        extensions=[python_extension(tmp_path / "python.vsix", environment / "python")],
        machine={},
    )
    found = bench.drive(
        "found.mjs",
        240,
        folder=str(make_repository(tmp_path / "repo")),
        program=str(environment / "athena"),
        text=f'#!/bin/sh\nexec {shlex.join(athena.command())} "$@"\n',
        pictures=str(tmp_path),
        failures=str(tmp_path),
    )
    assert {"How to Install It", "Try Again"} <= set(found["links"])
    assert f"Program: {environment / 'athena'} (Python environment)" in found["said"]
    if request.config.getoption("--pictures"):
        shutil.copy(tmp_path / "vscode-missing.png", ROOT / "docs" / "images")
