"""Tables in a terminal of 80 columns, with everything in them that may be long."""

from __future__ import annotations

from pathlib import Path

from tests.app.playing import spawn
from tests.support.athena import Athena, make_repository

WIDTH = 80
NOWHERE = "[workspace]\nlocation = '/proc/nowhere/{name}'\n"


def test_every_agent_is_named_whatever_it_does(tmp_path: Path) -> None:
    athena = Athena(tmp_path / "athena", {"COLUMNS": str(WIDTH)})
    athena.start()
    try:
        with athena.client() as client:
            asks = "permit run echo " + "a long command " * 20
            first = spawn(client, tmp_path, asks, name="first-with-a-rather-long-name")["id"]
            client.until(first, "needsPermission")
            project = make_repository(tmp_path / "project")
            (project / "athena.toml").write_text(NOWHERE)
            second = spawn(client, project, "say x", name="second", workspace={"kind": "new"})
            client.until_status(second["id"], "failed")
            lines = athena.run("ls").splitlines()
    finally:
        athena.stop()
    assert [line.split()[0] for line in lines] == [
        "agent",
        "first-with-a-rather-long-name",
        "second",
    ]
    assert all(len(line.rstrip()) <= WIDTH for line in lines)
    assert "needs permission" in lines[1] and "failed" in lines[2]
    assert "echo a long" in lines[1], "what it does has some room"
