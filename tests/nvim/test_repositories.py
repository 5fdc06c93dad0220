"""An agent that works in several repositories: made, mentioned, reviewed, compared, brought home."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.nvim.conftest import Open, prompts, spawn
from tests.nvim.screen import Nvim
from tests.nvim.test_landing import git, quickfix
from tests.support.athena import Athena, Client, make_repository
from tests.support.wait import until_sync

LASTING = True

THERE = "${ATHENA_WORKTREES#*:}"
# The same file in both, so that nothing can be taken for that of the other.
BOTH = f"""
edit text.txt: line 5 -> FIVE
run sed -i 's/line 5/CINQ/' "{THERE}/text.txt"
other turns:
    say You said: ${{prompt}}
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Another repository, beside the project."""
    text = "".join(f"line {n}\n" for n in range(1, 31))
    return make_repository(tmp_path / "library", {"text.txt": text, "lib.py": "lib\n"})


@pytest.fixture
def agent(client: Client, project: Path, library: Path) -> str:
    """An agent that changed a file in both."""
    workspace = {"kind": "new", "also": [str(library)]}
    made = spawn(client, project, BOTH, name="spanner", workspace=workspace)
    client.until("spanner", "idle")
    return made["id"]


def side(nvim: Nvim) -> str:
    """The text of the current buffer."""
    return "\n".join(nvim.call("nvim_buf_get_lines", 0, 0, -1, True))


def verdicts(client: Client, **where: str) -> list[str]:
    found = client.call("athena/changeset/get", agent="spanner", **where)
    return [file["verdict"] for file in found["files"]]


def test_they_are_chosen_above_the_prompt(
    athena: Athena, client: Client, project: Path, library: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena spawn harness=scripted name=spanner")
    nvim.sees("new agent", "<M-o> options")
    nvim.keys("See @lib")
    nvim.keys("<M-o>")
    nvim.sees("5: Workspace: a new worktree", "Type number")
    nvim.keys("5<CR>")
    nvim.sees("2: A new worktree, in other repositories too")
    nvim.keys("2<CR>")
    nvim.sees("A folder of another repository")
    nvim.keys("../lib<Tab>")
    nvim.sees("../library/")
    nvim.keys("<CR>")
    nvim.sees("And another, besides library (empty: no more):")
    nvim.keys("<CR>")
    nvim.sees("Workspace: a new worktree, also in library")
    nvim.keys("<CR>")
    nvim.sees("also in library", "-- INSERT --")
    # Files there are mentioned by the name of the repository.
    nvim.keys("<BS>b")
    nvim.sees("library/lib.py   file", "library/text.txt file")
    nvim.keys("rary/lib.py")
    nvim.until(lambda: "library/lib.py" in side(nvim), "it is written")
    nvim.keys("<Esc>:w<CR>")
    until_sync(client.agents)
    client.until_workspace("spanner")
    place = client.agent("spanner")["workspace"]
    assert [other["repository"] for other in place["also"]] == [str(library)]
    text, link = prompts(client, "spanner", 1)[0]
    assert text["text"] == "See @library/lib.py"
    assert link["uri"] == (library / "lib.py").as_uri()


def test_they_are_named_on_the_command_line(
    athena: Athena, client: Client, project: Path, library: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    line = "Athena spawn workspace=new,../l"
    offered = nvim.call("nvim_call_function", "getcompletion", [line, "cmdline"])
    assert offered == ["workspace=new,../library/"]
    nvim.command("Athena spawn harness=scripted workspace=new,../library name=spanner prompt=Hello")
    nvim.sees("needs permission")
    place = client.agent("spanner")["workspace"]
    assert [other["repository"] for other in place["also"]] == [str(library)]
    # What runs there sees both, and a prompt mentions files by the name of the repository.
    nvim.command("Athena prompt spanner Look at @library/lib.py and @hello.py")
    until_sync(lambda: client.agent("spanner")["queue"])
    (_, *links) = client.agent("spanner")["queue"][0]["content"]
    assert [link["uri"] for link in links] == [
        (Path(place["also"][0]["path"]) / "lib.py").as_uri(),
        (Path(place["path"]) / "hello.py").as_uri(),
    ]


def test_all_that_it_changed_is_reviewed_where_it_is(
    athena: Athena, client: Client, agent: str, library: Path, nvim: Nvim
) -> None:
    nvim.command("Athena changes spanner")
    nvim.sees("2 files, +2 -2", "5 FIVE", "spanner text.txt · 1 open · file 1 of 2")
    assert quickfix(nvim) == [
        "text.txt:0 modified · +1 -1",
        "library/text.txt:0 modified · +1 -1",
    ]
    nvim.keys("]f")
    nvim.sees("5 CINQ", "library/text.txt · 1 open · file 2 of 2")
    nvim.keys("gr")
    nvim.sees("1 rejected")
    until_sync(lambda: verdicts(client, repository="library") == ["rejected"])
    assert verdicts(client) == ["open"]
    nvim.until(lambda: quickfix(nvim)[1].endswith("rejected"), "the verdict is listed")
    nvim.keys("gcc")
    nvim.sees("Comment on library/text.txt:5:")
    nvim.keys("Why French?<CR>")
    nvim.sees("» Why French?", "pending")
    nvim.keys("gs")
    there = client.agent("spanner")["workspace"]["also"][0]["path"]
    assert f"{there}/text.txt:5: Why French?" in prompts(client, "spanner", 2)[-1][0]["text"]
    client.until("spanner", "idle")
    # The comment is not on the file of the same name in the other.
    nvim.sees("» Why French?", "sent")
    nvim.keys("[f")
    nvim.sees("5 FIVE", "file 1 of 2")
    nvim.sees_not("» Why French?")
    nvim.keys("]f")
    nvim.sees("5 CINQ")
    nvim.keys("gf")
    nvim.until(lambda: nvim.call("nvim_buf_get_name", 0) == f"{there}/text.txt", "the file itself")
    nvim.command("tabclose")
    # One of them alone.
    nvim.keys("q")
    nvim.sees_not("file 2 of 2")
    nvim.command("Athena changes spanner repository=library")
    nvim.sees("1 file, +1 -1", "5 CINQ")
    nvim.keys("q")
    nvim.sees_not("5 CINQ")
    nvim.command("Athena changes spanner repository=project")
    nvim.sees("1 file, +1 -1", "5 FIVE")


def test_it_is_brought_home_to_the_one_in_view_or_chosen(
    athena: Athena, client: Client, agent: str, project: Path, library: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    line = "Athena merge spanner repository="
    offered = nvim.call("nvim_call_function", "getcompletion", [line, "cmdline"])
    assert offered == ["repository=project", "repository=library"]
    # Elsewhere it is asked for.
    nvim.command("Athena commit spanner message=Count in French")
    nvim.sees("Commit Work: Repository", "1: project", "2: library (athena/spanner)")
    nvim.keys("2<CR>")
    nvim.sees("done, 1 file")
    places = client.agent("spanner")["workspace"]
    there = Path(places["also"][0]["path"])
    assert git(there, "log", "-1", "--format=%s") == "Count in French"
    assert git(Path(places["path"]), "log", "-1", "--format=%s") == "one"
    # In a review it is that of the file.
    nvim.command("Athena changes spanner repository=library")
    nvim.sees("5 CINQ")
    nvim.keys("gm")
    nvim.sees("Merge Work: spanner into main of library", "2: Squash into one commit")
    nvim.keys("2<CR>")
    nvim.sees("merged")
    assert "CINQ" in (library / "text.txt").read_text()
    assert "FIVE" not in (project / "text.txt").read_text()
    # And back again, where it was taken back.
    nvim.command("Athena revert spanner repository=library")
    nvim.sees("Revert all of spanner: text.txt?")
    nvim.keys("1<CR>")
    nvim.sees("reverted")
    assert "CINQ" not in (there / "text.txt").read_text()
    nvim.command("Athena undo spanner")
    until_sync(lambda: "CINQ" in (there / "text.txt").read_text())


def test_what_it_changed_in_a_submodule_is_reviewed_there_and_comes_along(
    athena: Athena, client: Client, project: Path, library: Path, open_nvim: Open
) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    git(project, *allowed, "submodule", "--quiet", "add", str(library), "deps/lib")
    git(project, "commit", "-qm", "with a submodule")
    script = "edit deps/lib/text.txt: line 5 -> CINQ"
    spawn(client, project, script, name="spanner", workspace={"kind": "new"})
    client.until("spanner", "idle")
    nvim = open_nvim()
    nvim.command("Athena changes spanner")
    nvim.sees("1 file, +1 -1", "5 CINQ", "deps/lib/text.txt · 1 open")
    nvim.keys("gcc")
    nvim.sees("Comment on deps/lib/text.txt:5:")
    nvim.keys("Why French?<CR>")
    nvim.sees("» Why French?")
    nvim.keys("gf")
    there = f"{client.agent('spanner')['workspace']['path']}/deps/lib/text.txt"
    nvim.until(lambda: nvim.call("nvim_buf_get_name", 0) == there, "the file itself")
    nvim.command("tabclose")
    # There is one repository to merge, so that it is not asked for.
    nvim.command("Athena merge spanner how=squash")
    nvim.sees("merged", "git submodule update")
    git(project, "submodule", "--quiet", "update")
    assert "CINQ" in (project / "deps/lib/text.txt").read_text()


def test_work_in_another_repository_is_published_from_there(
    athena: Athena, client: Client, agent: str, library: Path, tmp_path: Path, open_nvim: Open
) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(library, "remote", "add", "origin", str(tmp_path / "remote.git"))
    nvim = open_nvim()
    nvim.command("Athena publish spanner repository=library")
    nvim.sees("published: origin/athena/spanner")
    assert "CINQ" in git(tmp_path / "remote.git", "show", "athena/spanner:text.txt")


def test_what_is_accepted_there_is_put_there(
    athena: Athena, client: Client, agent: str, project: Path, library: Path, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena changes spanner repository=library")
    nvim.sees("5 CINQ", "1 open")
    nvim.keys("ga")
    nvim.sees("1 accepted")
    nvim.keys("gP")
    nvim.sees("done", "1 file")
    assert "CINQ" in (library / "text.txt").read_text()
    assert subprocess.run(["git", "diff", "--quiet"], cwd=project, check=False).returncode == 0


def test_its_worktrees_are_told_apart(
    athena: Athena, client: Client, agent: str, open_nvim: Open
) -> None:
    nvim = open_nvim()
    nvim.command("Athena workspaces")
    nvim.sees("spanner in library", "athena/spanner")
    nvim.keys("q")
    nvim.command("Athena")
    nvim.sees("spanner", "idle")
    nvim.keys("K")
    nvim.sees("works in", "and in", "library: ")


def test_two_are_compared_in_each(
    athena: Athena, client: Client, agent: str, project: Path, library: Path, open_nvim: Open
) -> None:
    steps = f"""run sed -i 's/line 5/FUENF/' "{THERE}/text.txt" """
    workspace = {"kind": "new", "also": [str(library)]}
    spawn(client, project, steps, name="second", workspace=workspace)
    client.until("second", "idle")
    nvim = open_nvim()
    nvim.command("Athena compare spanner second")
    nvim.sees("2 files +2 -2", "1 file +1 -1", "both     library/text.txt")
    nvim.keys("<C-w>kd")
    nvim.sees(" spanner library/text.txt", " second library/text.txt", "CINQ", "FUENF")
