"""From `:Athena spawn` to a merged change, as a person does it, in each version of Neovim."""

from __future__ import annotations

from pathlib import Path

from tests.nvim.screen import Nvim
from tests.support.athena import Athena, Client
from tests.support.wait import until_sync

WORK = """\
say I begin.
edit text.txt: line 5 -> LINE FIVE
edit text.txt: line 25 -> LINE TWENTY-FIVE
permit run touch allowed
say Before the end of the daemon.
mark begun
gate go
say After it.
turn 2:
    say You said: ${prompt}
"""


def transcript(nvim: Nvim) -> list[str]:
    """The text of the transcript, without the times of its turns."""
    name = "vim.fn.bufnr('^athena://transcript/')"
    lines = nvim.lua(f"return vim.api.nvim_buf_get_lines({name}, 0, -1, true)")
    return [line.split(" · ")[0] for line in lines]


def test_from_spawn_to_a_merged_change(
    nvim: Nvim, client: Client, athena: Athena, project: Path
) -> None:
    # A prompt of several lines, written in a buffer.
    nvim.command("Athena spawn harness=scripted name=worker")
    nvim.sees("new agent", "<C-s> send")
    nvim.keys("```scenario\n".replace("\n", "<CR>"))
    nvim.call("nvim_put", [*WORK.splitlines(), "```"], "c", True, True)
    nvim.keys("<C-s>")

    # It asks for a permission; its transcript is open, and one key answers.
    nvim.sees("worker", "needs permission", "I begin.", "! touch allowed", "a allow   d reject")
    nvim.keys("a")
    nvim.sees("✓ execute: touch allowed", "Before the end of the daemon.")
    place = Path(client.until_workspace("worker"))
    until_sync((place / "begun").exists)
    assert (place / "allowed").exists()

    # The daemon dies in the middle; the agent goes on, and so does the transcript.
    athena.kill()
    (place / "go").touch()
    nvim.sees("After it.", "○ idle", timeout=20)
    with athena.client() as again:
        review_and_merge(nvim, again, project)


def review_and_merge(nvim: Nvim, client: Client, project: Path) -> None:
    client.until("worker", "idle")
    live = transcript(nvim)
    assert [live.count(said) for said in ("I begin.", "After it.")] == [1, 1]

    nvim.keys("c")
    nvim.sees("before", "worker", "allowed", "4 files, +2 -2")
    # Three files were made empty; the fourth is the one that was edited.
    nvim.keys("3]f")
    nvim.sees("5 line 5", "5 LINE FIVE", "2 open")
    nvim.keys("gg]cga")
    nvim.sees("LINE FIVE  accepted", "1 accepted · 1 open")
    nvim.keys("]cgr")
    nvim.sees("LINE TWENTY-FIVE  rejected", "1 accepted · 1 rejected")

    nvim.keys("gcc")
    nvim.sees("Comment on text.txt:25:")
    nvim.keys("Why capitals?<CR>")
    nvim.sees("» Why capitals?", "pending")
    nvim.keys("gs")
    nvim.sees("» Why capitals?", "sent")
    client.until("worker", "idle")
    nvim.keys("q")
    nvim.sees("You said:", "text.txt:25: Why capitals?")

    nvim.keys("gm")
    nvim.sees("Merge Work: worker into main", "2: Squash into one commit")
    nvim.keys("2<CR>")
    nvim.sees("merged")
    text = (project / "text.txt").read_text()
    assert "LINE FIVE" in text and "LINE TWENTY-FIVE" not in text

    # What was followed live, over the death of the daemon, is what is read anew.
    before = transcript(nvim)
    nvim.keys(":bwipeout<CR>")
    nvim.command("Athena transcript worker")
    nvim.until(lambda: len(transcript(nvim)) > 1, "the transcript is read anew")
    nvim.sees("You said:", "○ idle")
    assert transcript(nvim) == before
