"""The web view of agents that work in several repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.athena import Athena, make_repository
from tests.vscode.workbench import drive

pytestmark = [pytest.mark.xdist_group("vscode"), pytest.mark.timeout(300)]

# The same file in both, so that nothing can be taken for that of the other.
BOTH = """
run echo here > shared.txt
run echo there > "${ATHENA_WORKTREES#*:}/shared.txt"
other turns:
    say You said: ${prompt}
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A project and a library."""
    project = make_repository(tmp_path / "project", {"shared.txt": "one\n"})
    return project, make_repository(tmp_path / "library", {"shared.txt": "one\n"})


@pytest.fixture
def agents(athena: Athena, places: tuple[Path, Path]) -> list[str]:
    """Two agents that changed a file in both."""
    project, library = places
    workspace = {"kind": "new", "also": [str(library)]}
    prompt = f"both\n```scenario{BOTH}```\n"
    with athena.client() as client:
        made = [
            client.call(
                "athena/agent/spawn",
                name=name,
                prompt=prompt,
                project=str(project),
                workspace=workspace,
            )["id"]
            for name in ("one", "two")
        ]
        for agent in made:
            client.until(agent, "idle")
    return made


def seen(athena: Athena, tmp_path: Path, agents: list[str], play: str) -> dict[str, Any]:
    given = {"athena": athena.command(), "failures": str(tmp_path), "agents": agents, "play": play}
    profile = tmp_path / "profile"
    return drive("view_repositories.mjs", athena.environment, profile, 60, **given)


def test_a_comparison_shows_the_files_of_each(
    vsix: Path, athena: Athena, agents: list[str], tmp_path: Path
) -> None:
    found = seen(athena, tmp_path, agents, "comparison")
    assert found["files"] == ["shared.txt", "library/shared.txt"]
    opened, compared, taken = found["actions"]
    there = ("library", "shared.txt")
    assert (opened["do"], opened["repository"], opened["path"]) == ("openDiff", *there)
    assert (compared["do"], compared["repository"], compared["path"]) == ("compareFile", *there)
    assert (taken["argument"]["repository"], taken["argument"]["paths"]) == (there[0], [there[1]])


def test_a_prompt_mentions_files_of_each(
    vsix: Path, athena: Athena, agents: list[str], tmp_path: Path
) -> None:
    found = seen(athena, tmp_path, agents, "prompt")
    assert found["offers"] == ["shared.txt", "shared.txtlibrary"]
    assert found["sent"]["text"].strip() == "See @library/shared.txt"
    with athena.client() as client:
        (other,) = client.agent(agents[0])["workspace"]["also"]
    (link,) = found["sent"]["content"]
    assert link["uri"] == (Path(other["path"]) / "shared.txt").as_uri()
