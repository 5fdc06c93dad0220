"""What the plugin costs, what it promises by name, and what it says when something is missing."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from athena.protocol.commands import COMMANDS
from tests.nvim.conftest import PLUGIN, Open
from tests.nvim.screen import Nvim
from tests.support.athena import Athena
from tests.support.wait import until_sync


def test_nothing_is_loaded_before_it_is_used(open_nvim: Open) -> None:
    nvim = open_nvim()
    loaded = "return vim.tbl_filter(function(n) return n:find('^athena') end, vim.tbl_keys(package.loaded))"
    nvim.lua("vim.o.statusline = \"%{v:lua.require'athena'.statusline()}\"")
    assert nvim.lua(loaded) in ([], ["athena"])
    nvim.command("Athena")
    nvim.sees("No agents yet")
    assert "athena.ui.agents" in nvim.lua(loaded)


def test_health_says_what_is_well(nvim: Nvim, athena: Athena) -> None:
    nvim.command("Athena")
    nvim.sees("No agents yet")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")
    nvim.command("Athena doctor")
    nvim.sees("athena:", timeout=60)
    said = "\n".join(nvim.call("nvim_buf_get_lines", 0, 0, -1, True))
    for words in ("OK Neovim 0.1", "OK The Markdown parser is here", "OK Connected: version"):
        assert words in said, said
    assert f"pid {athena.pid}" in said and "ERROR" not in said


def test_every_tag_of_the_help_is_found_and_every_command_is_in_it(
    open_nvim: Open, tmp_path: Path
) -> None:
    text = (PLUGIN / "doc" / "athena.txt").read_text()
    (tmp_path / "doc").mkdir()
    (tmp_path / "doc" / "athena.txt").write_text(text)
    nvim = open_nvim()
    nvim.lua("vim.cmd.helptags(...)", str(tmp_path / "doc"))
    tags = {line.split("\t")[0] for line in (tmp_path / "doc" / "tags").read_text().splitlines()}
    for link in re.findall(r"\|((?:athena|:Athena)[^|\s]*)\|", text):
        assert link in tags, link
    for command in COMMANDS:
        assert re.search(rf"\b{re.escape(command.word)}\b", text), command.word


def test_a_missing_program_is_told_with_what_to_do(open_nvim: Open) -> None:
    nvim = open_nvim(options={"command": ["/nowhere/athena"]})
    nvim.command("Athena")
    nvim.sees("the program `athena` is not found")
    nvim.command("checkhealth athena")
    nvim.sees("is not on Neovim's PATH", "uv tool install")


def test_athena_that_was_stopped_is_not_started_unasked(open_nvim: Open, athena: Athena) -> None:
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("No agents yet")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")
    pid = athena.pid
    athena.run("daemon", "stop")
    nvim.sees("Athena was stopped")
    assert pid is not None
    until_sync(lambda: not psutil.pid_exists(pid))
    assert athena.pid == pid
    nvim.command("Athena restart")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")


def test_options_that_do_not_exist_are_told(open_nvim: Open) -> None:
    nvim = open_nvim(options={"colour": "red"})
    nvim.command("Athena")
    nvim.sees("no such option: colour")
