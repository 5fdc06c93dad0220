"""Repositories and worktrees on disks that are full or read-only: told, and nothing is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from athena.relay.client import CallError
from tests.app.playing import spawn
from tests.support.athena import Athena, Client, make_repository
from tests.worktree.disk import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def notices(client: Client, agent: str) -> str:
    items = client.call("athena/transcript/page", agent=agent)["items"]
    return " ".join(i["item"]["text"] for i in items if i["item"]["type"] == "notice")


def test_no_room_for_a_worktree(athena: Athena, tmp_path: Path, disk: Disk) -> None:
    project = make_repository(tmp_path / "project", {"big.bin": "x" * 200_000, "a": "a\n"})
    (athena.root / "athena.toml").write_text(f"[workspace]\nlocation = '{disk.path}/{{name}}'\n")
    disk.fill(leave=64_000)
    with athena.client() as client:
        agent = spawn(client, project, "write mine.txt: done", workspace={"kind": "new"})["id"]
        failed = client.until_status(agent, "failed")
        assert f"The disk of {disk.path} is full" in failed["reason"]
        branches = ["git", "-C", str(project), "branch", "--list", "athena/*"]
        assert subprocess.run(branches, capture_output=True, check=True).stdout == b""
        disk.free()
        client.call("athena/agent/resume", agent=agent)
        place = client.until(agent, "idle")["workspace"]["path"]
        assert Path(place, "mine.txt").read_text() == "done\n"


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_no_change_where_nothing_can_be_kept(athena: Athena, disk: Disk, how: str) -> None:
    project = make_repository(disk.path / "project", {"a.txt": "a\n"})
    with athena.client() as client:
        text = "edit a.txt: a -> changed"
        agent = spawn(client, project, text, workspace={"kind": "new"})["id"]
        place = Path(client.until(agent, "idle")["workspace"]["path"])
        if how == "full":
            disk.fill()
        else:
            disk.read_only(True)
        for method in ("athena/revert/run", "athena/merge/run", "athena/workspace/remove"):
            with pytest.raises(CallError) as refused:
                client.call(method, agent=agent)
            assert "Traceback" not in refused.value.message
            assert (place / "a.txt").read_text() == "changed\n", method
            assert (project / "a.txt").read_text() == "a\n", method
        if how == "full":
            disk.free()
        else:
            disk.read_only(False)
        assert client.call("athena/revert/run", agent=agent)["done"]
        assert (place / "a.txt").read_text() == "a\n"
