"""What the plugin costs, what it promises by name, and what it says when something is missing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psutil

from athena.protocol.commands import COMMANDS
from tests.nvim.conftest import PLUGIN, Open
from tests.nvim.screen import Nvim
from tests.support.athena import Athena
from tests.support.wait import until_sync

OPTIONS = """
    local names = vim.tbl_keys(require("athena.config").get())
    return vim.list_extend(names, { "command", "prefix" })
"""


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


def test_the_help_has_a_tag_for_all_that_has_a_name(nvim: Nvim, tmp_path: Path) -> None:
    shutil.copytree(PLUGIN / "doc", tmp_path / "doc")
    nvim.lua("vim.cmd.helptags(...)", str(tmp_path / "doc"))
    # What is committed is what Neovim makes, so that nobody has to.
    made = (tmp_path / "doc" / "tags").read_text()
    assert made == (PLUGIN / "doc" / "tags").read_text()
    tags = {line.split("\t")[0] for line in made.splitlines()}
    for page in (PLUGIN / "doc").glob("*.txt"):
        for link in re.findall(r"\|((?:athena|:Athena|Athena)[^|\s]*)\|", page.read_text()):
            assert link in tags, link
    named = {f":Athena-{word}" for word in nvim.lua("return require('athena.commands').words()")}
    assert {f":Athena-{command.word}" for command in COMMANDS} < named
    named |= {f"athena-option-{name}" for name in nvim.lua(OPTIONS)}
    named |= set(nvim.lua("return vim.fn.getcompletion('Athena', 'highlight')"))
    kinds = nvim.lua("return vim.tbl_keys(require('athena.generated').event_versions)")
    named |= {f"AthenaEvent{kind[0].upper()}{kind[1:]}" for kind in kinds}
    assert named <= tags, named - tags


def test_the_help_is_there_without_any_further_step(nvim: Nvim) -> None:
    nvim.command("help :Athena-merge")
    nvim.sees(":Athena merge [{agent}]", "how=", "merge, squash, rebase")
    nvim.command("help athena")
    nvim.sees("This plugin shows them in")


def test_a_missing_program_is_told_with_what_to_do(open_nvim: Open) -> None:
    nvim = open_nvim(options={"command": ["/nowhere/athena"]})
    nvim.command("Athena")
    nvim.sees("the program `athena` is not found")
    nvim.command("checkhealth athena")
    nvim.sees("is not on Neovim's PATH", "uv tool install")


def test_why_it_does_not_start_is_said_with_what_to_do(open_nvim: Open, athena: Athena) -> None:
    athena.state.mkdir(mode=0o755)
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("is open to other users", "chmod 700", ":Athena restart", "tries", "again;")
    nvim.keys("j")
    nvim.sees_not("again;")
    athena.state.chmod(0o700)
    nvim.command("Athena restart")
    nvim.sees("No agents yet")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")


def test_athena_that_was_stopped_is_not_started_unasked(open_nvim: Open, athena: Athena) -> None:
    nvim = open_nvim()
    nvim.command("Athena")
    nvim.sees("No agents yet")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")
    pid = athena.pid
    athena.run("daemon", "stop")
    nvim.sees("Athena: The Athena daemon was stopped. Agents go on working. :Athena restart")
    assert pid is not None
    until_sync(lambda: not psutil.pid_exists(pid))
    assert athena.pid == pid
    nvim.command("Athena restart")
    nvim.until(lambda: nvim.lua("return require('athena.client').state") == "running", "running")


def test_options_that_do_not_exist_are_told(open_nvim: Open) -> None:
    nvim = open_nvim(options={"colour": "red"})
    nvim.command("Athena")
    nvim.sees("no such option: colour")
