"""The native views in a real workbench, by mouse: three agents that did different things."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import ROOT, Workbench, rehearse

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(400)]

BASKET = (
    "def total(prices):\n    return sum(prices)\n\n\ndef count(prices):\n    return len(prices)\n"
)
PICTURES = ROOT / "docs" / "images"
SCENARIO = """
if prompt contains basket:
    edit basket.py: sum(prices) -> sum(prices, 0)
    say Woven.
    usage input=2100 output=60 cost=0.012
if prompt contains Spin:
    write spun.txt: thread
    run git add -A && git commit -qm Spin
    write later.txt: not committed
    say Spun.
    usage input=3100 output=80 cost=0.02
if prompt contains wool:
    write gone.txt: blue
    permit run echo dyed
    say Dyed.
"""
PROMPTS = {
    "weaver": "Let the total of an empty basket be zero",
    "spinner": "Spin it",
    "dyer": "Dye the wool and say when it is dry",
}


def left_behind(repository: Path, state: Path) -> Path:
    """The worktree of an agent that only another Athena knows of."""
    state.mkdir()
    other = Athena(state)
    try:
        with other.client() as client:
            client.call(
                "athena/agent/spawn", name="left", harness="scripted", project=str(repository)
            )
            return Path(client.until("left", "idle")["workspace"]["path"])
    finally:
        other.stop()


def test_every_native_view(
    vsix: Path,
    athena: Athena,
    workbench: Callable[..., Workbench],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    repository = make_repository(tmp_path / "shop", {"basket.py": BASKET, "README.md": "Shop\n"})

    def git(*words: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
        subprocess.run(["git", *identity, *words], cwd=repository, check=True)

    git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    git("remote", "add", "origin", str(tmp_path / "remote.git"))
    bench = workbench(vsix)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rehearse(athena, SCENARIO)
    left = left_behind(repository, tmp_path / "other")
    with athena.client() as client:
        for name, prompt in PROMPTS.items():
            client.call("athena/agent/spawn", name=name, prompt=prompt, project=str(repository))
        woven = Path(client.until("weaver", "idle")["workspace"]["path"])
        spun = Path(client.until("spinner", "idle")["workspace"]["path"])
        dyed = Path(client.until("dyer", "needsPermission")["workspace"]["path"])
        (repository / "basket.py").write_text(BASKET.replace("sum(prices)", "sum(list(prices))"))
        git("commit", "-aqm", "Another way")
        found = bench.drive(
            "views.mjs",
            300,
            folder=str(repository),
            vanishing=str(dyed / "gone.txt"),
            spun=str(spun / "spun.txt"),
            woven=str(woven),
            pictures=str(pictures),
            failures=str(tmp_path),
        )
        answers = [e for e in client.events("dyer") if e["kind"] == "requestClosed"]
    print(found["output"])
    assert len(answers) == 1, "answered once"
    assert "basket.py" in found["dropped"]
    assert found["inTwo"] == [1, 1], "shown in both windows"
    states = {row.split("athena/")[1]: row for row in found["workspaces"]}
    assert "↓1" in states["weaver"] and "● 1" in states["weaver"]
    assert "↑1" in states["spinner"]
    assert "1 request waiting for you" in found["status"] and "$0.03" in found["status"]
    assert any("Needs permission" in row for row in found["groups"])
    assert [row[:7] for row in found["filtered"]] == ["spinner"]
    assert found["vanished"]
    assert f"{left}?" in found["removing"] and not left.exists()
    assert {row.split("athena/")[1] for row in found["stay"]} == set(PROMPTS)
    assert "one turn" in found["revert"] and "spun.txt" in found["revert"]
    assert found["reverted"] and found["spunAgain"]
    assert "basket.py:2" in found["conflict"] and "both sides changed" in found["conflict"]
    assert "Nothing was changed" in found["conflict"]
    assert found["unsaved"] == 0, "what is only shown is nobody's to save"
    assert "athena/spinner" in found["published"]
    assert "2 files on main" in found["rebased"]
    assert (repository / "later.txt").read_text() == "not committed\n"
    parents = subprocess.check_output(
        ["git", "log", "-3", "--format=%p"], cwd=repository, text=True
    )
    assert all(len(line.split()) == 1 for line in parents.splitlines()), "no merge commit"
    before, merged = found["before"], found["merged"]
    assert set(merged["files"]) - set(before["files"]) == {"later.txt", "spun.txt"}
    assert before["branch"] == merged["branch"] == "main" and merged["status"] == ""
    assert found["undone"] == before and found["redone"] == merged
    assert f"main is at {before['commit'][:8]} again, 2 files changed" in found["undoing"]
    assert f"main is at {merged['commit'][:8]} again, 2 files changed" in found["redoing"]
    assert found["refused"] == found["meanwhile"]
    assert found["meanwhile"] == {**merged, "commit": found["meanwhile"]["commit"]}
    assert "main has moved on since" in found["refusing"] and "git revert" in found["refusing"]
    assert "spinner" in found["author"] and "$0.020" in found["author"]
    assert "Changed by weaver" in found["explorer"]
    assert f"{woven} is gone. “Recover Captured Work” brings it back." in found["gone"]
    assert "sum(prices, 0)" in (woven / "basket.py").read_text()
    if request.config.getoption("--pictures"):
        for picture in pictures.iterdir():
            shutil.copy(picture, PICTURES / picture.name)
