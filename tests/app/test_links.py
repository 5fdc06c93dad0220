"""Files that a prompt names are those of the agent's own worktrees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.playing import spawn
from tests.support.athena import Athena, Client, Json, make_repository


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The main project and another repository."""
    main = make_repository(tmp_path / "app", {"part/app.py": "app\n", "a b.py": "\n"})
    (main / "loose.txt").write_text("not in git\n")
    return main, make_repository(tmp_path / "lib", {"lib.py": "lib\n"})


def link(file: Path, **more: object) -> Json:
    return {"type": "resource_link", "uri": file.as_uri(), "name": file.name, **more}


def heard(shared: Athena, client: Client, agent: str) -> list[str]:
    """The addresses of what the harness was given with its last prompt."""
    spool = shared.state / "runs" / client.agent(agent)["runId"] / "in.spool"
    frames = [json.loads(line) for line in spool.read_text().splitlines()]
    prompts = [f["params"]["prompt"] for f in frames if f.get("method") == "session/prompt"]
    return [block["uri"] for block in prompts[-1] if block["type"] == "resource_link"]


def test_a_file_of_the_users_is_that_of_the_agents_worktree(
    shared: Athena, client: Client, places: tuple[Path, Path]
) -> None:
    main, lib = places
    links = [
        link(main / "part" / "app.py", line=1, endLine=1),
        link(main / "a b.py"),
        link(lib / "lib.py"),
        # What only the user has is read where it is.
        link(main / "loose.txt"),
        link(Path("/etc/hostname")),
        {"type": "resource_link", "uri": "https://example.com/part/app.py", "name": "elsewhere"},
    ]
    workspace = {"kind": "new", "also": [str(lib)]}
    made = spawn(
        client, main, "say Ready.\nother turns:\n    say Yes.", workspace=workspace, content=links
    )
    agent = client.until(made["id"], "idle")
    own = Path(agent["workspace"]["path"])
    other = Path(agent["workspace"]["also"][0]["path"])
    wanted = [
        (own / "part" / "app.py").as_uri() + "#L1-1",
        (own / "a b.py").as_uri(),
        (other / "lib.py").as_uri(),
        *(one["uri"] for one in links[3:]),
    ]
    assert heard(shared, client, agent["id"]) == wanted
    # What the user said is told as they said it; a link to the agent's own file stays one.
    page = client.call("athena/transcript/page", agent=agent["id"], types=["userMessage"])
    said = [b for b in page["items"][0]["item"]["content"] if b["type"] == "resource_link"]
    assert said == links
    again = [link(own / "a b.py")]
    client.call("athena/agent/prompt", agent=agent["id"], text="Again", content=again)
    client.until(agent["id"], "idle")
    assert heard(shared, client, agent["id"]) == [again[0]["uri"]]


def test_in_a_folder_of_a_repository_and_without_a_worktree(
    shared: Athena, client: Client, places: tuple[Path, Path]
) -> None:
    main, _ = places
    links = [link(main / "a b.py"), link(main / "part" / "app.py")]
    made = spawn(client, main / "part", "say Ready.", workspace={"kind": "new"}, content=links)
    agent = client.until(made["id"], "idle")
    own = Path(agent["workspace"]["path"])
    assert heard(shared, client, agent["id"]) == [
        (own / "a b.py").as_uri(),
        (own / "part" / "app.py").as_uri(),
    ]
    made = spawn(client, main, "say Ready.", workspace={"kind": "none"}, content=links)
    agent = client.until(made["id"], "idle")
    assert heard(shared, client, agent["id"]) == [one["uri"] for one in links]
