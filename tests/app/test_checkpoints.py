"""How long the captured states of agents are kept."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.app.playing import scenario, spawn
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync


def points(client: Client, agent: str, **where: str) -> list[str]:
    found = client.call("athena/checkpoint/list", agent=agent, **where)["checkpoints"]
    return [c["ref"] for c in found]


def test_old_ones_are_forgotten_as_the_settings_say(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    with athena.client() as client:
        names: list[str] = []
        for _ in range(2):
            agent = spawn(client, project, "write one.txt: 1", workspace={"kind": "new"})["id"]
            client.until(agent, "idle")
            text = scenario("write two.txt: 2")
            client.call("athena/agent/prompt", agent=agent, text=text)
            client.until(agent, "idle")
            names.append(agent)
        live, put_away = names
        client.call("athena/agent/stop", agent=put_away)
        client.until_status(put_away, "done")
        client.call("athena/agent/archive", agent=put_away)
        before = {agent: points(client, agent) for agent in names}
        assert [len(refs) for refs in before.values()] == [4, 4]
        young = client.call("athena/checkpoint/prune", project=str(project))
        assert (young["checkpoints"], young["left"]) == ([], 8)
        keep = "[checkpoint]\nkeep_newest = 3\nkeep_newest_archived = 1\nkeep_days = 0\n"
        (athena.root / "athena.toml").write_text(keep)
        ahead = client.call("athena/checkpoint/prune", project=str(project), dryRun=True)
        assert {c["ref"] for c in ahead["checkpoints"]} == {
            *before[live][:1],
            *before[put_away][:3],
        }
        assert ahead["left"] == 8
    # A daemon does so by itself soon after its start.
    athena.kill()
    athena.start()
    with athena.client() as client:
        until_sync(lambda: points(client, put_away) == before[put_away][-1:])
        until_sync(lambda: points(client, live) == before[live][-3:])
        turns = client.call("athena/changeset/get", agent=live, scope="turn")
        assert [f["path"] for f in turns["files"]] == ["two.txt"]


def test_they_are_forgotten_in_all_repositories_of_an_agent(athena: Athena, tmp_path: Path) -> None:
    inner, other, project = (
        make_repository(tmp_path / name, {"a.txt": "a"}) for name in ("inner", "other", "project")
    )
    for words in (["submodule", "add", str(inner), "deps"], ["commit", "-qm", "with a submodule"]):
        allowed = ["git", "-c", "protocol.file.allow=always"]
        subprocess.run([*allowed, *words], cwd=project, check=True, capture_output=True)
    text = "write deps/b.txt: b\nturn 2:\n    write c.txt: c"
    where = {"workspace": {"kind": "new", "also": [str(other)]}}
    with athena.client() as client:
        agent = spawn(client, project, text, **where)["id"]
        client.until(agent, "idle")
        client.call("athena/agent/prompt", agent=agent, text="go on")
        client.until(agent, "idle")
        before = {name: points(client, agent, repository=name) for name in ("other", "deps")}
        assert [len(refs) for refs in before.values()] == [4, 4]
        keep = "[checkpoint]\nkeep_newest = 3\nkeep_days = 0\n"
        (athena.root / "athena.toml").write_text(keep)
    athena.kill()
    athena.start()
    with athena.client() as client:
        for name, refs in before.items():
            until_sync(lambda n=name, r=refs: points(client, agent, repository=n) == r[-3:])
