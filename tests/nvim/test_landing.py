"""Review and what follows it: by turn, by motion, into the project, to a remote, over a conflict."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.nvim.conftest import Open, prompts, spawn
from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync

LASTING = True

NEW = {"kind": "new"}


def git(place: Path, *arguments: str) -> str:
    """What git prints there."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=place, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def quickfix(nvim: Nvim) -> list[str]:
    """The quickfix list, a line each: where, and what."""
    return nvim.lua("""
        return vim.tbl_map(function(item)
          return ("%s:%d %s"):format(item.module ~= "" and item.module
            or vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ":t"), item.lnum, item.text)
        end, vim.fn.getqflist())
    """)


def test_a_turn_is_reviewed_by_itself(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE\nturn 2:\n    edit text.txt: line 25 -> LATER"
    spawn(client, project, steps, name="editor", workspace=NEW)
    client.until("editor", "idle")
    client.call("athena/agent/prompt", agent="editor", text="Go on")
    client.until("editor", "idle")
    nvim = open_nvim()
    nvim.command("Athena transcript editor")
    nvim.sees("## Turn 2", "✓ edit: Edit text.txt")
    nvim.keys("G[tC")
    nvim.sees("turn 2", "1 open")
    side = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), ' ')"
    nvim.until(lambda: "LATER" in nvim.lua(side), "the new side is here")
    nvim.keys("]c")
    assert nvim.call("nvim_get_current_line") == "LATER"
    nvim.keys("]c")
    nvim.sees("this is the last change")
    nvim.keys("qggC")
    nvim.sees("turn 1", "1 open")
    nvim.until(lambda: "FIVE" in nvim.lua(side) and "LATER" not in nvim.lua(side), "the first turn")


def test_changed_files_are_in_the_quickfix_list(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE\nwrite new.txt: new\ndelete hello.py"
    spawn(client, project, steps, name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim = open_nvim()
    nvim.command("Athena changes editor")
    nvim.sees("3 files, +2 -2")
    assert quickfix(nvim) == [
        "hello.py:0 deleted · +0 -1",
        "new.txt:0 added · +1 -0",
        "text.txt:0 modified · +1 -1",
    ]
    nvim.command("clast")
    nvim.sees("5 line 5", "5 FIVE")
    nvim.keys("gA")
    nvim.sees("1 accepted")
    nvim.keys("[f")
    nvim.sees("no file", "1 new")
    # A verdict that is taken back is open again; the cursor is at the first change.
    nvim.keys("]f")
    nvim.sees("5 FIVE", "1 accepted")
    nvim.keys("gu")
    nvim.sees("1 open")
    # The file itself, at the same line.
    nvim.keys("gf")
    nvim.until(lambda: "worktrees" in nvim.call("nvim_buf_get_name", 0), "the file itself")
    assert nvim.call("nvim_get_current_line") == "FIVE"


def test_the_list_of_files_says_what_became_of_them(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE\nwrite new.txt: new\nturn 2:\n    write later.txt: more"
    spawn(client, project, steps, name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim = open_nvim()
    nvim.command("Athena changes editor")
    nvim.sees("new.txt · 1 open · file 1 of 2")
    nvim.keys("]f")
    nvim.sees("text.txt · 1 open · file 2 of 2")
    nvim.keys("ga")
    nvim.sees("1 accepted")
    nvim.until(lambda: quickfix(nvim)[1].endswith("+1 -1 · accepted"), "the verdict is listed")
    client.call("athena/agent/prompt", agent="editor", text="Go on")
    client.until("editor", "idle")
    # The file that came meanwhile is there; the one in view is still the one in view.
    nvim.sees("text.txt · 1 accepted · file 3 of 3")
    nvim.keys("2[f")
    nvim.sees("later.txt · 1 open · file 1 of 3")


def test_each_change_is_in_view_where_one_goes_to_it(
    athena: Athena, client: Client, project: Path, nvim: Nvim
) -> None:
    hunks = "".join(f"    -line {n}\n" for n in range(3, 10)) + "    +NINE\n    @@\n"
    hunks += "".join(f"    -line {n}\n" for n in range(14, 20)) + "    +NINETEEN"
    spawn(client, project, f"edit text.txt:\n{hunks}", name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim.command("Athena changes editor")
    nvim.sees("NINE", "2 open")
    nvim.keys("]c")
    nvim.sees("NINETEEN", "18 line 18")
    nvim.keys("gcc")
    nvim.sees("Comment on text.txt:8:")
    nvim.keys("Why?<CR>")
    nvim.sees("NINETEEN", "» Why?")


def test_comments_by_motion_go_to_the_agent_that_wrote_it(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE\nother turns:\n    say You said: ${prompt}"
    spawn(client, project, steps, name="writer", workspace=NEW)
    client.until("writer", "idle")
    nvim = open_nvim()
    nvim.command("Athena changes writer")
    nvim.sees("FIVE", "1 open")
    nvim.keys("gc2j")
    nvim.sees("Comment on text.txt:5-7:")
    nvim.keys("All three?<CR>")
    nvim.sees("» All three?", "pending", "noted; gs sends the comments")
    # Of a selection, and sent at once.
    nvim.keys("10GVjgC")
    nvim.sees("Comment on text.txt:10-11:")
    nvim.keys("And these?<CR>")
    nvim.sees("the comment was sent")
    nvim.keys("zz")
    nvim.sees("» And these?", "sent")
    said = prompts(client, "writer", 2)[-1][0]["text"]
    assert "text.txt:10-11: And these?" in said
    assert "All three?" not in said
    client.until("writer", "idle")
    nvim.keys("gs")
    said = prompts(client, "writer", 3)[-1][0]["text"]
    assert "text.txt:5-7: All three?" in said
    nvim.command("Athena comments")
    nvim.until(lambda: len(quickfix(nvim)) == 2, "both are listed")
    assert quickfix(nvim)[0].startswith("text.txt:5 [sent] Neovim: All three?")


def test_what_is_accepted_is_put_into_the_project(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE\nedit text.txt: line 25 -> LATER"
    spawn(client, project, steps, name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim = open_nvim("nvim-0.12", "text.txt")
    nvim.command("Athena changes editor")
    nvim.sees("2 open")
    nvim.keys("ga")
    nvim.sees("1 accepted · 1 open")
    nvim.keys("gP")
    nvim.sees("done", "1 file")
    # A file that is open gets it in its buffer, to be looked at, undone or written.
    nvim.keys("q")
    nvim.until(lambda: nvim.lua("return vim.bo.buftype") == "", "the file is in view")
    nvim.sees("FIVE")
    assert "FIVE" not in (project / "text.txt").read_text()
    nvim.command("write")
    nvim.sees("written")
    text = (project / "text.txt").read_text()
    assert "FIVE" in text and "LATER" not in text


def test_what_is_accepted_goes_to_the_disk_where_no_buffer_has_it(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = "edit text.txt: line 5 -> FIVE"
    spawn(client, project, steps, name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim = open_nvim("nvim-0.12")
    nvim.command("Athena changes editor")
    nvim.sees("1 open")
    nvim.keys("ga")
    nvim.sees("1 accepted")
    nvim.keys("gP")
    nvim.sees("done", "1 file")
    assert "FIVE" in (project / "text.txt").read_text()


def test_work_is_published_to_a_remote(
    athena: Athena, client: Client, project: Path, tmp_path: Path, open_nvim: Open
) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    spawn(client, project, "edit text.txt: line 5 -> FIVE", name="editor", workspace=NEW)
    client.until("editor", "idle")
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("editor", "idle")
    nvim.keys("gp")
    nvim.sees("published: origin/athena/editor")
    assert "FIVE" in git(tmp_path / "remote.git", "show", "athena/editor:text.txt")

    git(project, "remote", "remove", "origin")
    nvim.command("Athena publish editor")
    nvim.sees("Athena:", "remote", "origin")
    nvim.keys("j")
    nvim.sees_not("Athena:")


def test_a_conflict_is_foretold_and_handed_to_the_agent(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    steps = """
        edit text.txt: line 5 -> FIVE
        turn 2:
            say I resolve it.
            run sed -i -e '/^<<<<<<</d' -e '/^|||||||/,/^=======/d' -e '/^>>>>>>>/d' text.txt
            say It is resolved.
    """
    spawn(client, project, steps, name="rival", workspace=NEW)
    client.until("rival", "idle")
    (project / "text.txt").write_text((project / "text.txt").read_text().replace("line 5\n", "V\n"))
    git(project, "commit", "-qam", "mine")
    nvim = open_nvim()
    nvim.command("Athena merge rival")
    nvim.sees("rival does not fit: 1 conflict", "1: Let the agent resolve them")
    assert [line.split(" ")[0] for line in quickfix(nvim)] == ["text.txt:5"]
    nvim.keys("1<CR>")
    nvim.sees("rival was asked to resolve the conflicts")
    nvim.command("Athena transcript rival")
    nvim.sees("It is resolved.", "○ idle")
    assert "line 5" not in (project / "text.txt").read_text()

    nvim.keys("gm")
    nvim.sees("Merge Work: rival into main", "1: Merge")
    nvim.keys("1<CR>")
    nvim.sees("merged")
    merged = (project / "text.txt").read_text()
    assert "FIVE\nV\n" in merged and "<<<<" not in merged


def test_work_is_committed_and_its_workspace_removed_and_recovered(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    agent = spawn(client, project, "write new.txt: kept", name="maker", workspace=NEW)
    client.until("maker", "idle")
    place = Path(client.agent("maker")["workspace"]["path"])
    nvim = open_nvim()
    nvim.command("Athena commit maker message=Make it")
    nvim.sees("done, 1 file")
    assert git(place, "log", "-1", "--format=%s") == "Make it"
    (place / "loose.txt").write_text("loose\n")
    client.call("athena/agent/stop", agent=agent["id"])
    client.until_status("maker", "done")
    until_sync(lambda: not client.agent("maker").get("runId"))

    nvim.command("Athena remove maker")
    nvim.sees("Remove Worktree: maker?", "1: Remove Worktree")
    nvim.keys("1<CR>")
    nvim.sees("1: Go on in spite of it")
    nvim.keys("1<CR>")
    nvim.sees(":Athena recover brings it back")
    assert not place.exists()
    nvim.command("Athena recover")
    nvim.sees("Recover Captured Work: Captured work")
    nvim.keys("1<CR>")
    nvim.sees("the work is back in")
    assert (place / "loose.txt").read_text() == "loose\n"


def says(nvim: Nvim, text: str) -> None:
    """Wait for words that may be broken into lines anywhere, as those after a path."""
    wanted = "".join(text.split())
    nvim.until(lambda: wanted in "".join(nvim.screen().split()), text)


def test_what_helps_after_an_error_is_said_as_it_is_typed_here(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    spawn(client, project, "write new.txt: kept", name="maker", workspace=NEW)
    client.until("maker", "idle")
    place = Path(client.agent("maker")["workspace"]["path"])
    shutil.rmtree(place)
    nvim = open_nvim()
    nvim.command("Athena commit maker")
    says(nvim, "is gone. `:Athena recover maker` brings it back.")
    nvim.keys("<CR>")
    nvim.command("Athena recover maker")
    nvim.sees("the work is back in")
    assert (place / "new.txt").read_text() == "kept\n"
    spawn(client, project, f"gate {project.parent}/gate", name="busy", workspace=NEW)
    until_sync(lambda: client.agent("busy").get("turnId"))
    nvim.keys("<CR>")
    nvim.command("Athena commit busy")
    says(nvim, "wait for the end of its turn, or interrupt it. `:Athena interrupt busy`")
    told = [
        {
            "command": "athena.workspace.trust",
            "arguments": {"project": "/a b"},
            "commandLine": "athena workspace trust --project '/a b'",
        },
        {"command": "athena.newer", "arguments": {}, "commandLine": "athena newer"},
    ]
    words = "Type `athena workspace trust --project '/a b'` or `athena newer`."
    translate = "return require('athena.remedies').translate(...)"
    assert nvim.lua(translate, words, told) == (
        r"Type `:Athena trust project=/a\ b` or `athena newer`."
    )


def test_what_helps_in_a_notice_and_a_note_is_said_as_it_is_typed_here(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    (project / "athena.toml").write_text("[defaults]\nmode = 'auto'\n")
    git(project, "add", "athena.toml")
    git(project, "commit", "-qm", "settings")
    spawn(client, project, "write new.txt: new\nwrite bad.txt: bad", name="maker", workspace=NEW)
    client.until("maker", "idle")
    client.call("athena/review/verdict", agent="maker", path="bad.txt", verdict="rejected")
    nvim = open_nvim()
    nvim.command("Athena transcript maker")
    says(nvim, f"To let it: :Athena trust project={project}")
    nvim.command("Athena commit maker")
    says(nvim, "1 rejected change was taken out first. Back: `:Athena undo maker ref=refs/athena/")


def test_a_file_that_two_agents_changed_is_compared(
    athena: Athena, client: Client, project: Path, open_nvim: Open
) -> None:
    for name, word, test in (("left", "FIVE", "--help"), ("right", "CINQ", "nothing_here")):
        run = f"run : ; python3 -m unittest {test}"
        steps = f"edit text.txt: line 5 -> {word}\n{run}\nsay Done."
        spawn(client, project, steps, name=name, workspace=NEW)
        client.until(name, "idle")
    nvim = open_nvim()
    nvim.command("Athena compare left right")
    screen = nvim.sees("1 file +1 -1", "both     text.txt")
    assert re.search("tests +passed +failed", screen), screen
    nvim.keys("<C-w>kd")
    nvim.until(lambda: nvim.lua("return vim.wo.diff"), "they are in diff mode")
    nvim.sees(" left text.txt", " right text.txt", "\n  FIVE", "│  CINQ")
    nvim.keys("q")
    nvim.sees("both     text.txt")
    nvim.keys("q")
    nvim.sees_not("both     text.txt")
