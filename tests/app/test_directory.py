"""How agents are found: their order, their names, the directory that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from athena.relay.client import CallError
from tests.support.athena import Athena, Client, Json, make_repository


@pytest.fixture
def athena(tmp_path: Path) -> Iterator[Athena]:
    made = Athena(tmp_path)
    made.start()
    yield made
    made.stop()


def spawn(client: Client, project: Path, name: str) -> str:
    client.call("athena/agent/spawn", harness="scripted", name=name, project=str(project))
    return client.until(name, "idle")["id"]


def refusal(client: Client, method: str, **params: object) -> str:
    with pytest.raises(CallError) as caught:
        client.call(method, **params)
    return caught.value.message


def test_agents_are_listed_as_they_were_made_also_after_a_restart(
    athena: Athena, tmp_path: Path
) -> None:
    project = make_repository(tmp_path / "project")
    names = ["delta", "alpha", "charlie", "bravo"]
    with athena.client() as client:
        for name in names:
            spawn(client, project, name)
    athena.kill()
    with athena.client() as client:
        assert [agent["name"] for agent in client.agents()] == names


def test_a_project_has_the_agents_of_its_folders(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project", {"src/deep/a.py": "1\n"})
    other = make_repository(tmp_path / "project-two")
    with athena.client() as client:
        spawn(client, project, "above")
        spawn(client, project / "src" / "deep", "below")
        spawn(client, other, "beside")
        found = client.call("athena/agent/list", project=str(project))["agents"]
        assert [agent["name"] for agent in found] == ["above", "below"]
        found = client.call("athena/agent/list", project=str(project / "src"))["agents"]
        assert [agent["name"] for agent in found] == ["below"]


def test_a_name_is_one_agents(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    with athena.client() as client:
        first = spawn(client, project, "first")
        spawn(client, project, "second")
        taken = refusal(client, "athena/agent/rename", agent="second", name="first")
        assert f"another agent called first ({first})" in taken
        assert "empty" in refusal(client, "athena/agent/rename", agent="second", name="  ")
        client.call("athena/agent/rename", agent="second", name="second")
        client.call("athena/agent/kill", agent="first")
        client.until("first", "dead", "done")
        client.call("athena/agent/archive", agent="first")
        client.call("athena/agent/rename", agent="second", name="first")
        taken = refusal(client, "athena/agent/restore", agent=first)
        assert "another agent called first" in taken
        client.call("athena/agent/rename", agent="first", name="second")
        client.call("athena/agent/restore", agent=first)
        assert client.agent("first")["id"] == first


def test_a_name_with_a_typing_error_has_a_suggestion(athena: Athena, tmp_path: Path) -> None:
    project = make_repository(tmp_path / "project")
    with athena.client() as client:
        spawn(client, project, "tidy")
        assert "Did you mean tidy?" in refusal(client, "athena/agent/get", agent="tdiy")
        assert "Did you mean" not in refusal(client, "athena/agent/get", agent="zzzz")


def test_agents_that_are_made_at_once_have_names_of_their_own(athena: Athena, folder: Path) -> None:
    wanted = {"harness": "scripted", "project": str(folder), "workspace": {"kind": "none"}}
    with athena.client() as client:
        asked = [
            client.raw.request("athena/agent/spawn", {**wanted, "prompt": "the same words"})
            for _ in range(8)
        ]
        names = {cast("Json", one.result(30))["name"] for one in asked}
        assert len(names) == 8 and "the-same-words" in names


def test_only_one_agent_gets_a_name(athena: Athena, folder: Path) -> None:
    wanted = {"harness": "scripted", "project": str(folder), "workspace": {"kind": "none"}}
    with athena.client() as client:
        ids = [client.call("athena/agent/spawn", **wanted)["id"] for _ in range(6)]
        asked = [
            client.raw.request("athena/agent/rename", {"agent": one, "name": "wanted"})
            for one in ids
        ]
        refused = [one.exception(30) for one in asked]
        assert sum(error is None for error in refused) == 1
        assert client.agent("wanted")["id"] in ids
