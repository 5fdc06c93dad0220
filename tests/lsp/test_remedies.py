"""What a plain editor is told to do: in the words of a shell, which it can do as well."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.lsp.conftest import Start
from tests.lsp.editor import Refused
from tests.support.athena import Client

WORK = "```scenario\nwrite new.txt: made by the agent\n```"


def test_a_plain_editor_has_the_words_of_a_shell(
    start: Start, repository: Path, client: Client
) -> None:
    spawned = client.call(
        "athena/agent/spawn",
        prompt=WORK,
        project=str(repository),
        workspace={"kind": "new"},
        name="painter",
    )
    agent = client.until(spawned["id"], "idle")
    place = Path(agent["workspace"]["path"])
    shutil.rmtree(place)
    editor = start()
    with pytest.raises(Refused, match="`athena workspace restore painter` brings it back"):
        editor.execute("athena.agent.prompt", agent=agent["id"], text="go on")
    with pytest.raises(Refused, match="needs ref"):
        editor.execute("athena.workspace.restore")
    assert editor.execute("athena.workspace.restore", agent=agent["id"])["path"] == str(place)
    assert (place / "new.txt").read_text() == "made by the agent\n"
