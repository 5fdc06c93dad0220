"""A project that is not trusted cannot let an agent do more than the user's own settings do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from athena.app.caution import cautious
from athena.app.tables import SettingsFile
from tests.app.playing import spawn
from tests.support.athena import Athena, make_repository


def read(text: str) -> SettingsFile:
    return SettingsFile.model_validate(tomllib.loads(text))


CASES = {
    "a mode": ("", "defaults.mode = 'yolo'", ["defaults.mode"]),
    "the user's own mode": ("defaults.mode = 'ask'", "defaults.mode = 'ask'", []),
    "a harmless default": ("", "defaults.model = 'small'", []),
    "a mode of an archetype": ("", "archetype.mine.mode = 'yolo'", ["archetype.mine.mode"]),
    "a reviewer that writes": (
        "",
        "archetype.reviewer.prompt = 'Do it.'",
        ["archetype.reviewer.readonly"],
    ),
    "a reviewer that reads": ("", "archetype.reviewer.readonly = true", []),
    "more tools": (
        "archetype.mine.tools = ['Read']",
        "archetype.mine.tools = ['Read', 'Bash']",
        ["archetype.mine.tools"],
    ),
    "fewer tools": (
        "archetype.mine.tools = ['Read', 'Bash']",
        "archetype.mine.tools = ['Read']",
        [],
    ),
    "from reading to writing": (
        "defaults.archetype = 'planner'",
        "defaults.archetype = 'executor'",
        ["defaults.archetype"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out(name: str) -> None:
    own, theirs, expected = CASES[name]
    found, withheld = cautious(read(own), read(theirs))
    assert list(withheld) == expected
    assert cautious(read(own), found)[1] == ()


def test_an_agent_is_told_what_was_left_out(athena: Athena, tmp_path: Path) -> None:
    settings = "[defaults]\nmode = 'bypassPermissions'\n"
    project = make_repository(tmp_path / "project", {"athena.toml": settings})
    # The first script of a workspace has an item, too.
    (athena.root / "athena.toml").write_text("[workspace]\nsetup = ['echo set up']\n")
    with athena.client() as client:
        agent = spawn(client, project, workspace={"kind": "new"})["id"]
        client.until(agent, "idle")
        items = client.call("athena/transcript/page", agent=agent)["items"]
        assert [one["item"]["type"] for one in items] == ["notice", "toolCall"]
        assert "sets defaults.mode" in items[0]["item"]["text"]
        (remedy,) = items[0]["item"]["remedies"]
        assert remedy["arguments"] == {"project": str(project)}
        assert f"`athena workspace trust --project {project}`" in items[0]["item"]["text"]
        spawned = next(e for e in client.events(agent) if e["kind"] == "agentSpawned")
        assert "mode" not in spawned["data"]["spec"]
        client.call("athena/workspace/trust", project=str(project))
        trusted = spawn(client, project)["id"]
        spawned = next(e for e in client.events(trusted) if e["kind"] == "agentSpawned")
        assert spawned["data"]["spec"]["mode"] == "bypassPermissions"
