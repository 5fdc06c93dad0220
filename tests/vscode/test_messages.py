"""Messages of the workbench: the buttons that take back what they tell, and the focus they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import Workbench, rehearse

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(300)]

BASKET = "def total(prices):\n    return sum(prices)\n"
SCENARIO = """
edit basket.py: sum(prices) -> sum(prices, 0)
say Woven.

turn 2:
    edit basket.py: <<<<<<< -> resolved
"""
DYING = """
import os, subprocess, sys
deaths, *command = sys.argv[1:]
server = subprocess.Popen(command, stdin=subprocess.PIPE)
heard = b""
while chunk := os.read(0, 65536):
    heard += chunk
    if b"athena/event/subscribe" in heard:
        server.kill()
        server.wait()
        open(deaths, "a").write(".")
        sys.exit(1)
    server.stdin.write(chunk)
    server.stdin.flush()
"""
"""A server that dies when the window asks to be told what happens."""


def test_messages(
    vsix: Path, athena: Athena, workbench: Callable[..., Workbench], tmp_path: Path
) -> None:
    files = {"basket.py": BASKET, "notes.txt": ""}
    repository = make_repository(tmp_path / "shop", files)
    rehearse(athena, SCENARIO)
    bench = workbench(vsix)
    deaths = tmp_path / "deaths"
    dying = [sys.executable, "-c", DYING, str(deaths), *athena.command()]
    with athena.client() as client:
        client.call("athena/agent/spawn", name="weaver", prompt="Weave", project=str(repository))
        place = Path(client.until("weaver", "idle")["workspace"]["path"])
        (repository / "basket.py").write_text(BASKET.replace("sum(", "sum(list("))
        identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
        commit = ["git", *identity, "commit", "-aqm", "Another way"]
        subprocess.run(commit, cwd=repository, check=True)
        found = bench.drive(
            "messages.mjs",
            200,
            folder=str(repository),
            theirs=str(place / "basket.py"),
            settings=str(bench.data / "Machine" / "settings.json"),
            dying=json.dumps({"athena.server.command": dying}),
            deaths=str(deaths),
            failures=str(tmp_path),
        )
    print(found["output"])
    assert "asked to resolve" in found["handed"]
    assert "Undo: done. What was resolved so far is kept as refs/athena/" in found["undoing"]
    assert found["undone"] == BASKET.replace("sum(prices)", "sum(prices, 0)")
    assert found["explorer"], "the views of Athena did not come forward"
    assert found["written"] == "before and after"
